"""Tables and figures of found: which connections the searches' results keep, beside coin flips at the same target."""
from statistics import mean, stdev

import figures
from compress import slug
from connections import Space
from out import read
from paired import between, interval, points, table
from reading import children, configuration, places
from settings import ABLATIONS, Refusal

# Strategies whose results are no searches' that learn, or agents that lack a part.
OTHERS = ("random", "magnitude", *ABLATIONS)


class Kept:
    """What the searches of a target keep."""

    def __init__(self, results, group, target):
        records = results.of(group=group, role="search", target=target)
        configs = [configuration(record) for record in records]
        config = configs[0]
        if any(c.get("keeps_predecessor", True) != config.get("keeps_predecessor", True) for c in configs):
            raise Refusal(f"searches of {group} at {target} decide different connections, as builds before them did; take another --out")
        self.space = Space(
            config["architecture"], bool(config.get("searches_block_ends")), config.get("keeps_predecessor", True))
        # Of each strategy and seed what its result keeps; of coin flips what every child keeps.
        self.results, self.flips = {}, []
        for record in records:
            kept = self.space.surviving(read(record.folder / "connectivity.json"))
            self.results.setdefault(record.about["strategy"], {})[record.about["seed"]] = kept
            if record.about["strategy"] == "random":
                self.flips += [self.space.surviving(child["connectivity"]) for child in children(record, repeats=True)]
        self.searches = [strategy for strategy in self.results if strategy not in OTHERS]

    def of_searches(self, places):
        """The share of connections kept by the searches of each seed: the mean of its strategies."""
        own = {}
        for strategy in self.searches:
            for seed, kept in self.results[strategy].items():
                own.setdefault(seed, []).append(share(kept, places))
        return [mean(values) for _, values in sorted(own.items())]

    def frequency(self, networks):
        """How many of some networks keep each connection, as shares."""
        return [mean(kept[place] for kept in networks) for place in range(len(self.space.connections))]

    def all_searches(self):
        return [kept for strategy in self.searches for kept in self.results[strategy].values()]


def share(kept, places):
    return mean(kept[place] for place in places)


def spread(values):
    return f"{mean(values):.2f}" + (f" ± {stdev(values):.2f}" if len(values) > 1 else "") if values else ""


def section(results, figure):
    """Of every target of every network whose searches are there."""
    parts = []
    for group in sorted({r.about["group"] for r in results.of(role="search")}):
        for target in results.values("target", group=group, role="search"):
            parts += part(results, group, target, figure)
    if not parts:
        return ""
    about = (
        "The share of connections that are in the network which is built, of those a search decides: kept, and of a layer that "
        "something reads. Coin flips: all their children, ± the deviation of one child. Strategies: the results of their "
        "searches, ± the deviation over seeds. The difference is of the mean of ads, evolution and surrogate, where they are "
        "there, by seed, from the mean of the coin flips.")
    groups = dict.fromkeys(r.about["group"] for r in results.of(role="search"))
    commands = dict.fromkeys(line for group in groups for line in results.commands(group).splitlines())
    return "\n\n".join(["## What is kept", about] + parts) + "\n\n" + "\n".join(commands)


def part(results, group, target, figure):
    kept = Kept(results, group, target)
    if not kept.searches:
        return []
    network = results.of(group=group)[0].about
    strategies = kept.searches + [name for name in OTHERS if name in kept.results]
    head = ["connections", "number", "coin flips", *(
        f"{name}{'’s best' if name == 'random' else ''} ({len(kept.results[name])})" for name in strategies),
        "searches less coin flips, points", "95% interval (t)", "seeds"]
    lines = []
    for heading, groups in kept.space.groups().items():
        for label, where in groups.items():
            flips = [share(child, where) for child in kept.flips]
            more = [value - mean(flips) for value in kept.of_searches(where)] if flips else []
            lines.append([
                f"{heading}: {label}", len(where), spread(flips),
                *(spread([share(k, where) for k in kept.results[name].values()]) for name in strategies),
                points(mean(more)) if more else "–", between(interval(more)), len(kept.of_searches(where))])
    text = [f"### {group}: {network['network']} on {network['data']}, {places(target)}", table(head, lines)]
    rows, name = {"searches": kept.all_searches(), "coin flips": kept.flips}, f"{group}-{slug(target)}"
    rows = {label: networks for label, networks in rows.items() if networks}
    counted = [f"{label}: the share of {len(networks)} networks that keep each" for label, networks in rows.items()]
    drawn = [kept.space.matrices(kept.frequency(networks)) for networks in rows.values()]
    text.append(figure(f"found-{name}", figures.matrices(list(zip(counted, drawn))), "Connections that are kept"))
    lines = {label: by_distance(kept.space, networks) for label, networks in rows.items()}
    if all(len(own) > 1 for own in lines.values()):
        text.append(figure(
            f"distance-{name}", figures.curves(lines, "layers back"), "The share of layers' connections kept, by distance"))
    return text


def by_distance(space, networks):
    """The share kept of the connections between layers, by how far back they read."""
    own = [(label, where) for label, where in space.groups()["layers, by distance"].items() if label.endswith(" back")]
    return [(int(label.split()[0]), mean(share(kept, where) for kept in networks)) for label, where in own]
