"""What Experiments/run left in a folder, as the tables read it."""
import json
import shlex
from collections import namedtuple

from out import read
from recipes import Recipes
from settings import ABLATIONS, STRATEGIES, Refusal

# A finished piece: its name, who it is, what it ended with, its folder, the seconds it took, and whether they are all known.
Record = namedtuple("Record", "name about result folder seconds whole")

# What stands for a path in the commands beneath tables.
PLACES = {
    "--out": "OUT", "--weights": "WEIGHTS.safetensors", "--bc-cifar10": "BC-CIFAR10.safetensors",
    "--bc-cifar100": "BC-CIFAR100.safetensors", "--data-dir": "DATA", "--photographs": "PHOTOGRAPHS",
}
# Which stages make the pieces of a group.
MAKERS = {
    "compress": ("compress", "headline", "found"), "scratch": ("scratch", "transfer"), "transfer": ("transfer",), "photographs": ("photographs",),
}


class Results:
    """Every finished piece of a folder, or of several in which other seeds of the same experiment were made."""

    def __init__(self, *outs):
        self.outs = outs
        self.records, recipes, known = [], Recipes(), {}
        self.begun_alike()
        for out in outs:
            for name, note in out.notes().items():
                folder = out / name
                file = folder / "result.json" if folder.is_dir() else out / f"{name}.json"
                # Of an import the command is all that is asked: whose weights they are.
                if note["kind"] == "import" or file.exists():
                    recipes.add(name, note["about"], note["command"], out)
                if note["kind"] == "import" or not file.exists():
                    continue
                if name in known:
                    # What only asks whether the data are there, and the teacher of --quick, ended at other times.
                    if read(file) != known[name] and note["about"]["role"] not in ("check", "teacher"):
                        raise Refusal(f"{name} ended otherwise in another folder than in {out.path}; give one of the two")
                    continue
                known[name] = read(file)
                # A kill that nobody could note left an attempt of unknown length.
                seconds = [attempt["seconds"] for attempt in note["attempts"]]
                whole = all(second is not None for second in seconds)
                self.records.append(Record(name, note["about"], known[name], folder, sum(s or 0 for s in seconds), whole))
        self.records.sort(key=order)

    def begun_alike(self):
        """Refuses folders of other photographs, and those that chose another strategy to tune for longer."""
        for pattern, what in (("photographs-begun.json", "was begun with other photographs"), ("*/best-*.json", "tuned another strategy for longer")):
            first = {}
            for out in self.outs:
                for path in sorted(out.path.glob(pattern)):
                    own = read(path)
                    there, before = first.setdefault(path.relative_to(out.path), (own, out))
                    if own.get("strategy") != there.get("strategy") or own.get("images") != there.get("images"):
                        raise Refusal(f"{out.path} {what} than {before.path}: {path.relative_to(out.path)} differs")

    def starts(self):
        """Every start, the earliest first."""
        return sorted((start for out in self.outs for start in out.starts()), key=lambda start: start["date"])

    def find(self, name):
        """A file of the folders: of the first that has it."""
        return next((out / name for out in self.outs if (out / name).exists()), self.outs[0] / name)

    def of(self, **about):
        """The records about which all this is so."""
        return [r for r in self.records if all(r.about.get(key) == value for key, value in about.items())]

    def values(self, key, **about):
        """What there is of a key, each once."""
        return list(dict.fromkeys(r.about[key] for r in self.of(**about) if key in r.about))

    def commands(self, group):
        """What was typed to make a group's pieces, without the paths of this machine."""
        family = "compress" if group.startswith("compress") else group
        lines = [typed(start["typed"]) for start in self.starts() if set(start["stages"]) & set(MAKERS[family])]
        return "\n".join(f"    {line}" for line in dict.fromkeys(lines))

    def conditions(self):
        """The machine and the dates, in a sentence."""
        starts = self.starts()
        if not starts:
            return ""
        machines = dict.fromkeys(f"{s['processor']}, {s['cores']} cores" for s in starts)
        versions = dict.fromkeys(
            f"ads {s['ads']} " + (f"of commit {s['commit']}" if s["commit"] else f"(SHA-256 {s['executable']}…)") for s in starts)
        builds = len({s["executable"] for s in starts})
        dates = sorted(s["date"][:10] for s in starts)
        began = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
        load = max(s["load"] for s in starts)
        return (
            f"{'; '.join(machines)}. {'; '.join(versions)}{f', {builds} different builds' if builds > 1 else ''}. "
            f"{began}, {len(starts)} start{'s' if len(starts) > 1 else ''}; load of the machine before a start at most {load:.1f}.")


def order(record):
    """The dearest target first, strategies as they are named in helps, seeds ascending."""
    strategy, target, seed = (record.about.get(key) for key in ("strategy", "target", "seed"))
    known = [*STRATEGIES, *ABLATIONS]
    return (
        (-float(target.rstrip("e")), target) if target else (0, ""),
        known.index(strategy) if strategy in known else len(known), -1 if seed is None else seed)


def typed(words):
    """A command line with names for its paths."""
    out, place = [], None
    for word in words:
        option, _, value = word.partition("=")
        if place:
            out.append(place)
            place = None
        elif option in PLACES:
            out += [option] + ([PLACES[option]] if value else [])
            place = None if value else PLACES[option]
        else:
            out.append(shlex.quote(word))
    return "Experiments/run " + " ".join(out)


def children(record, repeats=False):
    """What a search evaluated, in order; what failed is left out, and so are repeats where they are not asked for."""
    lines = (record.folder / "metrics.jsonl").read_text().splitlines()
    own = [json.loads(line) for line in lines]
    return [child for child in own if child["state"] != "FAILED" and (repeats or child.get("repeat_of") is None)]


def configuration(record):
    return read(record.folder / "config.json")


def places(target):
    """A target in words."""
    return f"{100 * float(target.rstrip('e')):g}% of the MACs" + (", the blocks' ends searched, too" if target.endswith("e") else "")


def brief(target):
    """The same in a table's line."""
    return f"{100 * float(target.rstrip('e')):g}%" + (" with the ends" if target.endswith("e") else "")


def dense_macs(results, group):
    """The MACs of a group's dense network: as it was tested, else as ads counted them before."""
    for record in results.of(group=group):
        if record.about["role"] == "given" or (record.about["role"], record.about.get("strategy")) == ("trained", "dense"):
            return record.result["macs"]
    return results.outs[0].inspect(results.of(group=group)[0].about["network"])["macs"]
