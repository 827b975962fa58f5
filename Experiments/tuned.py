"""Tables of compress: what was found in a trained network and tuned, and what its children were worth."""
from statistics import mean

import figures
from compress import slug
from out import read
from paired import between, differences, error, interval, pairs_table, percent, plural, points, table, unsigned, usual_pairs
from reading import brief, children, configuration, dense_macs, places

HEAD = ["network", "accuracy, test", "standard error", "by seed", "MACs, of dense", "parameters", "seeds"]
# Children a point of the learning curves, and at a search's end.
EACH, LAST = 20, 40
LONGER = ("longer", "longer, distilled")


def by_seed(records):
    return {r.about["seed"]: r.result["accuracy"] for r in records}


def row(name, records, dense):
    """A network's line: a record of each seed. The network as given is one, whatever the seed."""
    records = sorted(records, key=lambda r: r.about["seed"])
    if records[0].about["role"] == "given":
        records = records[:1]
    accuracies = [r.result["accuracy"] for r in records]
    return [
        name, percent(accuracies), unsigned(error(accuracies)), ", ".join(f"{100 * a:.2f}%" for a in accuracies),
        f"{mean(r.result['macs'] for r in records) / dense:.3f}", f"{mean(r.result['parameters'] for r in records):,.0f}",
        "one network" if records[0].about["role"] == "given" else ", ".join(str(r.about["seed"]) for r in records),
    ]


def epochs(records):
    """For how long they were tuned, in words."""
    return plural(", ".join(map(str, sorted({r.result["epochs"] for r in records}))), "epoch")


def section(results, group, figure):
    """Everything of one trained network; `figure` writes a figure and gives its Markdown."""
    given = results.of(group=group)[0].about
    parts = [f"## {given['network']} on {given['data']}, parts of a trained network"]
    for target in results.values("target", group=group, role="search"):
        own = [tested(results, group, target), curves(results, group, target, figure), scores(results, group, target)]
        own = [part for part in own if part]
        if own:
            parts += [f"### {places(target)}"] + own
    parts.append(longer(results, group))
    return "\n\n".join(part for part in parts if part) + f"\n\n{results.commands(group)}"


def tested(results, group, target):
    """Accuracies of what was found at a target and tuned, then their differences."""
    rows = {
        "dense, as given": results.of(group=group, role="given"),
        "dense": results.of(group=group, role="tuned", strategy="dense"),
        "log": results.of(group=group, role="tuned", strategy="log"),
    }
    found = results.values("strategy", group=group, role="tuned", target=target)
    for strategy in found:
        rows[strategy] = results.of(group=group, role="tuned", target=target, strategy=strategy)
        rows[f"{strategy}, distilled"] = results.of(group=group, role="tuned, distilled", target=target, strategy=strategy)
    rows = {name: records for name, records in rows.items() if records}
    if not found:
        return ""
    dense, own = dense_macs(results, group), [r for name, records in rows.items() if name != "dense, as given" for r in records]
    pairs = usual_pairs(found + ["log", "dense", "dense, as given"]) + [(f"{name}, distilled", name) for name in found]
    known = {name: by_seed(records) for name, records in rows.items()}
    return "\n\n".join(part for part in (
        f"Tuned for {epochs(own)}, tested once; ± is the deviation over seeds.",
        table(HEAD, [row(name, records, dense) for name, records in rows.items()]),
        pairs_table([(a, b, known.get(a, {}), known.get(b, {})) for a, b in pairs])) if part)


# Scores of children.

def means(values, each):
    """The mean of every so many."""
    return [mean(values[n - each:n]) for n in range(each, len(values) + 1, each)]


def scored(results, group, target):
    """Accuracies of a target's children, by strategy and seed; searches of one child are none."""
    out = {}
    for record in results.of(group=group, role="search", target=target):
        own = [child["accuracy"] for child in children(record)]
        if len(own) > 1:
            out.setdefault(record.about["strategy"], {})[record.about["seed"]] = own
    return out


def curves(results, group, target, figure):
    """The means of every 20 children, one line a strategy: the mean of its seeds, as far as all of them went."""
    known = scored(results, group, target)
    if not known:
        return ""
    shortest = min(len(own) for runs in known.values() for own in runs.values())
    each = EACH if shortest >= 2 * EACH else max(1, shortest // 5)
    lines = {}
    for strategy, runs in known.items():
        own = [means(values, each) for values in runs.values()]
        count = min(map(len, own))
        lines[strategy] = [(each * (n + 1), mean(line[n] for line in own)) for n in range(count)]
    seeds = "; ".join(f"{strategy} {plural(len(runs), 'seed')}" for strategy, runs in known.items())
    return figure(
        f"{group}-curves-{slug(target)}", figures.curves(lines, "child"),
        f"Validated accuracy of children, means of {each}: {seeds}")


# How children of an evaluator come by their weights, where they are not tuned.
HOW = {"masked": "not tuned", "shared": "parts of shared weights, in whose search's minutes their training is"}


def scores(results, group, target):
    """What children were worth, and what they took."""
    known, lines, last = scored(results, group, target), [], {}
    shortest = min((len(own) for runs in known.values() for own in runs.values()), default=1)
    first, end = min(EACH, shortest), min(LAST, shortest)
    for strategy, runs in known.items():
        last[strategy] = {seed: mean(own[-end:]) for seed, own in runs.items()}
    for strategy in results.values("strategy", group=group, role="search", target=target):
        records = results.of(group=group, role="search", target=target, strategy=strategy)
        own, more = known.get(strategy, {}), []
        if strategy in last and strategy != "random":
            more = differences(last[strategy], last.get("random", {}))
        lines.append([
            strategy,
            percent([mean(values[:first]) for values in own.values()]) if own else "",
            percent(list(last[strategy].values())) if own else "",
            ", ".join(f"{100 * value:.2f}%" for _, value in sorted(last[strategy].items())) if own else "",
            unsigned(error(list(last[strategy].values()))) if own else "",
            f"{points(mean(more))} ({between(interval(more))})" if more else "",
            percent([max(child["accuracy"] for child in children(r)) for r in records]),
            "; ".join(dict.fromkeys(f"{r.result['children']:,}" for r in records)),
            f"{mean(r.result['images'] - configuration(r)['images_before'] for r in records):,.0f}",
            minutes(records), ", ".join(str(r.about["seed"]) for r in sorted(records, key=lambda r: r.about["seed"])),
        ])
    head = [
        "strategy", f"first {first}", f"last {end}", "by seed", "standard error", "last less random's, points (95% interval, t)", "best child",
        "children", "training images seen", "minutes", "seeds"]
    reward = ", ".join(dict.fromkeys(
        configuration(r)["evaluator"].get("reward", "accuracy") for r in results.of(group=group, role="search", target=target)))
    kinds = {configuration(r)["evaluator"].get("kind", "masked") for r in results.of(group=group, role="search", target=target)}
    tuning = HOW.get(*kinds, "tuned as searches do") if len(kinds) == 1 else "tuned as searches do"
    # What the agent is worth beside those that learn otherwise, or without a part of it.
    pairs = [("ads", name, last.get("ads", {}), last[name]) for name in last if name not in ("ads", "random")]
    return "\n\n".join(part for part in (
        f"Children, {tuning}, by validated accuracy (rewarded by {reward}):\n\n{table(head, lines)}" if lines else "",
        pairs_table(pairs, f"paired by seed, last {end}")) if part)


def minutes(records):
    """How long pieces took; at least, where one was killed before it could note it."""
    text = f"{mean(r.seconds for r in records) / 60:.1f}"
    return text if all(r.whole for r in records) else f"at least {text}"


def longer(results, group):
    """The best strategy's networks and the dense one, tuned for longer, beside what they were."""
    # With a teacher or without; the dense network, which is tuned for longer, too, has no target.
    targets = dict.fromkeys(target for role in LONGER for target in results.values("target", group=group, role=role))
    if not targets and not results.of(group=group, role="longer"):
        return ""
    dense, rows, chosen = dense_macs(results, group), {"dense, as given": results.of(group=group, role="given")}, False
    for target in targets:
        best = read(results.find(f"{group}/best-{slug(target)}.json"))
        strategy, chosen = best["strategy"], chosen or len(best["validation_accuracy"]) > 1
        for role, own in (("tuned", {"strategy": strategy}), ("longer", {})):
            for distilled in ("", ", distilled"):
                records = results.of(group=group, role=role + distilled, target=target, **own)
                if records:
                    rows[f"{strategy} at {brief(target)}, {epochs(records)}{distilled}"] = records
    for role in ("tuned", "longer"):
        records = results.of(group=group, role=role, strategy="dense")
        if records:
            rows[f"dense, {epochs(records)}"] = records
    rows = {name: records for name, records in rows.items() if records}
    known, names = {name: by_seed(records) for name, records in rows.items()}, list(rows)
    against = [name for name in names if rows[name][0].about["role"] in ("given", "longer") and name.startswith("dense")]
    pairs = [(a, b, known[a], known[b]) for b in against for a in names if names.index(a) != names.index(b) and a not in against]
    return "\n\n".join(part for part in (
        "### Tuned for longer",
        "The strategy whose tuned networks were the best on the images held out, by the mean of its seeds." if chosen else "",
        table(HEAD, [row(name, records, dense) for name, records in rows.items()]), pairs_table(pairs)) if part)
