"""Which pieces each stage has, in their order: seeds outside, strategies inside, so that stopping early leaves balanced data."""
import json
import math

from compress import Compression
from connections import Space
from out import write
from photographs import Photographs
from pieces import Piece
from scratch import Scratch
from settings import Refusal

# Networks of --quick: small enough that a training takes a second.
QUICK = {
    "blocks": [4, 4], "growth_rate": 2, "bottleneck": False, "compression": 1, "stem": {"kind": "cifar", "channels": 4},
    "input_channels": 3, "image_size": 32, "classes": 10,
}
QUICK_BC = {**QUICK, "bottleneck": True, "compression": 0.5}


def prepared(out, settings):
    """Writes what --quick starts from."""
    if settings.options.quick:
        for name, architecture in (("quick.json", QUICK), ("quick-bc.json", QUICK_BC)):
            if not (out / name).exists():
                write(out / name, json.dumps(architecture))
    elif "photographs" in settings.stages:
        photographs(settings).prepare(out)


def teacher(group, network):
    """What --quick has in place of a network trained by somebody else."""
    words = ["train", "--data", "shapes", "--arch", network, "--epochs", 1, "--seed", 7]
    about = {"group": group, "network": network, "data": "shapes", "role": "teacher", "seed": 7}
    return Piece(f"{group}/teacher", about, lambda out: words, lambda out: 5_400 * 3 * out.inspect(network)["macs"])


def data_set(s, data):
    """A training of next to nothing: data that are missing are missed now, not in the middle of a night."""
    words = ["train", "--data", data, "--arch", "densenet-7-2", "--epochs", 1, "--limit-train", 64, "--batch-size", 64]
    if data == "folder":
        # Decoded once, at the size they are needed in.
        words += ["--image-size", s.options.image_size]
    about = {"group": "data", "network": "densenet-7-2", "data": data, "role": "check", "seed": 0}
    return Piece(f"data/{data}", about, lambda out: words, lambda out: 0)


def compression(s):
    """The trained network that compress, headline and found are about, and what is needed before it."""
    o = s.options
    if o.quick and not s.weights:
        return [teacher("compress", "quick.json")], Compression(s, "compress", "quick.json", "shapes", "compress/teacher")
    return [], Compression(s, "compress", "densenet-40-12", "cifar10", s.weights, o.mean, o.deviation)


def bottlenecks(s):
    """The same of the trained DenseNet-BC: one seed each."""
    o = s.options
    if o.quick:
        case = Compression(s, "compress-bc-shapes", "quick-bc.json", "shapes", "compress-bc-shapes/teacher", stage="bc")
        return [([teacher(case.group, case.network)], case)]
    return [
        ([], Compression(s, f"compress-bc-{data}", "densenet-bc-100-12", data, source, o.bc_mean, o.bc_deviation, "bc"))
        for data, source in s.bc.items() if source]


def compress(s):
    plan, main = compression(s)
    seeds = s.of("all", "seeds")
    for seed in seeds:
        plan += main.seed(seed)
    for before, case in bottlenecks(s):
        seed = seeds[0]
        plan += before + [case.imported(seed), case.given(seed)]
        for target in case.targets:
            for strategy in case.strategies:
                plan += case.found(strategy, target, seed)
    return plan + main.longer(seeds)


def headline(s):
    """The agent's way at the first target: its pieces are those of compress."""
    plan, case = compression(s)
    for seed in s.of("all", "seeds"):
        plan += [case.imported(seed), case.given(seed)] + case.found("ads", case.targets[0], seed)
    return plan


def found(s):
    """The searches of compress, nothing tuned."""
    plan, case = compression(s)
    for seed in s.of("all", "seeds"):
        plan.append(case.imported(seed))
        plan += [case.search(strategy, target, seed) for target in case.targets for strategy in case.strategies]
    return plan


def from_scratch(s):
    if s.options.quick:
        return Scratch(s, "quick.json", "shapes", "quick.json", "shapes")
    return Scratch(s, "densenet-22-12", "cifar10", "densenet-22-12", "cifar100")


def photographs(s):
    if s.options.quick:
        return Photographs(s, "quick.json", "shapes")
    return Photographs(s, "photographs.json", "folder")


def plan(s):
    """The pieces of all stages asked for, in the order of STAGES."""
    makers = {
        "compress": compress, "scratch": lambda s: from_scratch(s).plan(), "transfer": lambda s: from_scratch(s).transfer(),
        "photographs": lambda s: photographs(s).plan(), "headline": headline, "found": found,
    }
    own = [piece for stage, make in makers.items() if stage in s.stages for piece in make(s)]
    sets = dict.fromkeys(piece.about["data"] for piece in own)
    return [data_set(s, data) for data in sets if data != "shapes"] + own


def reachable(out, plan):
    """Refuses targets that no network of a search keeps, before hours of others."""
    for network, target in dict.fromkeys(
        (piece.about["network"], piece.about["target"]) for piece in plan if piece.about["role"] == "search"):
        dense = out.inspect(network)
        least = Space(dense["architecture"], target.endswith("e")).least(dense["macs"]) / dense["macs"]
        if float(target.rstrip("e")) < least:
            hint = "" if target.endswith("e") else f"; {target}e prunes what the blocks' ends read, too"
            raise Refusal(f"{target} of the MACs is out of reach for {network}: the least is {math.ceil(1e4 * least) / 1e4:g}{hint}", 64)
