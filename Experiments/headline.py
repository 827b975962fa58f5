"""The table of headline: what the agent's way from a trained network to a tested smaller one takes."""
from statistics import mean, stdev

from paired import percent, plural, table
from reading import places

STEPS = {"search": "the search", "training": "tuning: steps of training", "rest": "tuning: loading, validation, the test"}


def section(results):
    """Of every target whose searches and tunings are there."""
    parts = [at(results, target) for target in results.values("target", group="compress", role="tuned", strategy="ads")]
    parts = [part for part in parts if part]
    return "\n\n".join(parts + [results.commands("compress")]) if parts else ""


def at(results, target):
    searches = {r.about["seed"]: r for r in results.of(group="compress", role="search", strategy="ads", target=target)}
    tuned = {r.about["seed"]: r for r in results.of(group="compress", role="tuned", strategy="ads", target=target)}
    given = results.of(group="compress", role="given")
    seeds = [seed for seed in sorted(tuned) if seed in searches]
    if not seeds:
        return ""
    times = {
        "search": [searches[seed].seconds for seed in seeds],
        "training": [tuned[seed].result["seconds"] for seed in seeds],
        "rest": [tuned[seed].seconds - tuned[seed].result["seconds"] for seed in seeds],
    }
    lines = [[STEPS[step], *minutes(values)] for step, values in times.items()]
    lines.append(["all", *minutes([sum(values) for values in zip(*times.values())])])
    broken = [str(seed) for seed in seeds if not (searches[seed].whole and tuned[seed].whole)]
    note = (
        f" A start was killed while it worked on seed {', '.join(broken)}: its times are too short by an unknown time."
        if broken else "")
    tested = [tuned[seed].result for seed in seeds]
    before = given[0].result if given else None
    accuracy = f"Tested: {percent([r['accuracy'] for r in tested])}" + (
        f", as given {percent([before['accuracy']])}; MACs {mean(r['macs'] for r in tested) / before['macs']:.3f} and parameters "
        f"{mean(r['parameters'] for r in tested) / before['parameters']:.3f} of the given network's" if before else "")
    children = ", ".join(dict.fromkeys(str(searches[seed].result["children"]) for seed in seeds))
    return "\n\n".join([
        f"## From a trained network to a tested one at {places(target)}",
        f"The agent's search of {children} children, then {plural(tested[0]['epochs'], 'epoch')} of tuning; wall time, ± over "
        f"seeds.{note}",
        table(["step", "minutes", "by seed", "seeds"], lines), f"{accuracy}."])


def minutes(seconds):
    own = [second / 60 for second in seconds]
    spread = f" ± {stdev(own):.1f}" if len(own) > 1 else ""
    return [f"{mean(own):.1f}{spread}", ", ".join(f"{value:.1f}" for value in own), len(own)]
