"""Whether pieces may stand in one table: whether they were made alike."""
import re

from pieces import difference
from settings import Refusal

# What has to be the same of all pieces of a role, whatever their strategy: a search's children, a tuning, a training.
SETTINGS = (
    "--evaluator", "--reward", "--children", "--limit-train", "--limit-validation", "--score-images", "--epochs", "--learning-rate",
    "--all-data", "--batch-size",
)


class Recipes:
    """The commands of the pieces of a folder, or of several in which other seeds were made."""

    def __init__(self):
        self.kinds, self.roles = {}, {}

    def add(self, name, about, command, out):
        """Takes a piece in.

        - Raises: Refusal where its command differs in more than the seeds from one of its kind, or in a setting from one of
          its role and target.
        """
        where = f"{name} in {out.path}"
        kind = tuple(about.get(key) for key in ("group", "network", "data", "role", "strategy", "target"))
        recipe = seedless(about, command)
        there, first = self.kinds.setdefault(kind, (recipe, name))
        if there != recipe:
            raise Refusal(f"{where} was made by another command than {first}: {difference(there, recipe)}")
        own = settings(about, command)
        others = self.roles.setdefault((about["group"], about["role"]), [])
        for target, there, first in others:
            # What has no target, such as the dense network, stands beside all of them.
            if about.get("target") not in (None, target) and target is not None:
                continue
            for option in own.keys() | there.keys():
                a, b = there.get(option, "not given"), own.get(option, "not given")
                if a != b and ANY not in (a, b):
                    raise Refusal(f"{where} and {first} cannot stand in one table: {option} is {b or 'given'} in the one, {a or 'given'} in the other")
        others.append((about.get("target"), own, name))


# Stands for a setting that is a strategy's own.
ANY = object()


def settings(about, command):
    """What decides how a piece can be compared."""
    out = {}
    for n, word in enumerate(command):
        if word in SETTINGS:
            value = command[n + 1] if n + 1 < len(command) else "--"
            out[word] = "" if value.startswith("--") else value
    # Its one child comes with tunings of its own, which the tables count.
    if about.get("strategy") == "magnitude":
        out["--children"] = ANY
    return out


def seedless(about, command):
    """A command without its seeds, and without the strategy that each folder chose to tune for longer."""
    before, recipe = None, []
    seeds = "|".join({str(about[key]) for key in ("seed", "trained") if about.get(key) is not None})
    longer = about["role"].startswith("longer") and about.get("strategy") is None
    for n, word in enumerate(command):
        # Names of pieces have their seed at the end, or before what was made of it: compress/ads-65-0, compress/ads-65-0-tuned.
        named = re.sub(rf"-({seeds})(?=-(?:trained|tuned|wide|longer)|/|$)", "-N", word) if seeds and "/" in word else word
        recipe.append("N" if before == "--seed" else "BEST" if longer and n == 1 else named)
        before = word
    return recipe
