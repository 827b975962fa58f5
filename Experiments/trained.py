"""Tables of scratch and transfer: connectivities trained from fresh weights.

A search's result may be trained with several seeds: searches are the units, the mean of a search's trainings is its value.
Patterns are no searches: they are paired with what was trained with the same seed, once. Trained more than once every search
would be compared with the same few trainings of a pattern, whose luck is then no search's: the two are not paired.
"""
from statistics import mean

from out import read
from paired import error, pairs_table, percent, plural, table, unsigned, usual_pairs
from reading import dense_macs, places
from tuned import scores

PATTERNS = ("dense", "log")


def section(results, group):
    """Everything of a group."""
    about = results.of(group=group)[0].about
    what = "connectivities found on another data set," if group == "transfer" else "connectivities"
    parts = [f"## {about['network']} on {about['data']}, {what} trained from scratch"]
    targets = results.values("target", group=group, role="trained")
    if not targets:
        parts.append(tested(results, group, None))
    for target in targets:
        parts += [f"### {places(target)}", tested(results, group, target), scores(results, group, target)]
    return "\n\n".join(part for part in parts if part) + f"\n\n{results.commands(group)}"


def tested(results, group, target):
    """Networks trained at a target, beside dense and log, and their differences."""
    rows = {pattern: results.of(group=group, role="trained", strategy=pattern) for pattern in PATTERNS}
    for role, suffix in (("trained", ""), ("wide", ", wider")):
        for strategy in results.values("strategy", group=group, role=role, target=target) if target else []:
            rows[strategy + suffix] = results.of(group=group, role=role, target=target, strategy=strategy)
    rows = {name: records for name, records in rows.items() if records}
    if not rows:
        return ""
    dense = dense_macs(results, group)
    found = [name for name in rows if name not in PATTERNS]
    wide = [name for name in found if name.endswith(", wider")]
    pairs = usual_pairs([name for name in found if name not in wide] + ["log", "dense"])
    pairs += [(name, "dense") for name in wide] + [("ads, wider", "random, wider")]
    epochs = ", ".join(map(str, sorted({r.result["epochs"] for records in rows.values() for r in records})))
    return "\n\n".join(part for part in (
        f"Trained for {plural(epochs, 'epoch')}, tested once; ± is the deviation over searches, of dense and log over seeds.",
        table(
            ["network", "accuracy, test", "standard error", "by search", "MACs, of dense", "parameters", "searches, or seeds"],
            [line(name, records, dense) for name, records in rows.items()]),
        pairs_table([(a, b, *compared(rows[a], rows[b])) for a, b in pairs if a in rows and b in rows])) if part)


def by_search(records):
    """Accuracies by search and seed of training; of a pattern by the latter alone, its search being None."""
    out = {}
    for r in records:
        out.setdefault(r.about["seed"], {})[r.about["trained"]] = r.result["accuracy"]
    return out


def line(name, records, dense):
    """A network's line."""
    known = by_search(records)
    if None in known:
        own, count = [known[None][seed] for seed in sorted(known[None])], ", ".join(map(str, sorted(known[None])))
    else:
        own, count = [mean(known[seed].values()) for seed in sorted(known)], ", ".join(map(str, sorted(known)))
        trainings = sorted({len(runs) for runs in known.values()})
        if trainings != [1]:
            count += f"; {' or '.join(map(str, trainings))} trainings each"
    if records[0].about["role"] == "wide":
        rates = [read(r.folder / "architecture.json")["architecture"]["growth_rate"] for r in records]
        name += f" (growth rate {', '.join(map(str, sorted(set(rates))))})"
    return [
        name, percent(own), unsigned(error(own)), ", ".join(f"{100 * a:.2f}%" for a in own),
        f"{mean(r.result['macs'] for r in records) / dense:.3f}", f"{mean(r.result['parameters'] for r in records):,.0f}", count,
    ]


def compared(ones, others):
    """The accuracies of two networks by unit, and whether their units have nothing in common."""
    known = [by_search(records) for records in (ones, others)]
    if sum(None in own for own in known) != 1 or not any(len(runs) > 1 for own in known for search, runs in own.items() if search is not None):
        return *common(ones, others), False
    return *(own[None] if None in own else {search: mean(runs.values()) for search, runs in own.items()} for own in known), True


def common(ones, others):
    """The means of two networks by search, over the trainings whose seeds both have."""
    a, b = by_search(ones), by_search(others)
    out = ({}, {})
    for search in (a.keys() | b.keys()) - {None}:
        first, second = a.get(search, a.get(None, {})), b.get(search, b.get(None, {}))
        seeds = first.keys() & second.keys()
        if seeds:
            out[0][search] = mean(first[seed] for seed in seeds)
            out[1][search] = mean(second[seed] for seed in seeds)
    return out
