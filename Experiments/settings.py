"""What Experiments/run is asked for: its options, each checked before anything is computed."""
import argparse
import os
import re
from pathlib import Path

STAGES = ("compress", "scratch", "transfer", "photographs", "headline", "found")
STRATEGIES = ("ads", "evolution", "surrogate", "random", "magnitude")
# The agent without one of its parts each, and with a lag, for found, which tunes nothing: as what name, and what ads is told. At
# a rate of next to nothing its weights stay as they began.
ABLATIONS = {
    "ads-no-critic": ["--critic-steps", 0],
    "ads-one-step": ["--critic-steps", 1],
    "ads-cold-start": ["--warm-start", 0],
    "ads-no-terms": ["--connection-rate", 1e-9, "--warm-start", 0],
    "ads-no-recurrence": ["--agent-rate", 1e-9],
    "ads-lag-1": ["--lag", 1],
    "ads-lag-4": ["--lag", 4],
}

# What an option is where it is not typed, by stage. headline and found are parts of compress.
DEFAULTS = {
    "compress": {"targets": ["0.65", "0.45", "0.3e"], "strategies": list(STRATEGIES), "children": 400, "validation": 500},
    "scratch": {"targets": ["0.45e", "0.3e", "0.65"], "strategies": list(STRATEGIES[:4]), "children": 200, "validation": 2500},
    "bc": {"targets": ["0.75"], "strategies": ["ads", "random"]},
    "wide": {"strategies": ["ads", "random"]},
    "transfer": {"strategies": ["ads", "random"]},
    "photographs": {"targets": ["0.8", "0.6e"], "strategies": ["ads"], "children": 100, "validation": 300},
    "all": {"seeds": [0, 1, 2], "tune_epochs": 5, "longer_epochs": 20, "epochs": 20, "limit_train": 5000},
}
# The same for --quick: every path of the program in the least time, no result that means anything.
QUICK = {
    "compress": {"targets": ["0.5e"], "strategies": ["ads", "random", "magnitude"], "children": 10, "validation": 100},
    "scratch": {"targets": ["0.5e"], "strategies": ["ads", "random"], "children": 5, "validation": 100},
    "bc": {"targets": ["0.9e"], "strategies": ["ads", "random"]},
    "wide": {"strategies": ["ads"]},
    "transfer": {"strategies": ["ads", "random"]},
    "photographs": {"targets": ["0.5e"], "strategies": ["ads"], "children": 5, "validation": 100},
    "all": {"seeds": [0, 1], "tune_epochs": 1, "longer_epochs": 2, "epochs": 1, "limit_train": 256},
}

# Options that not every stage has, and who has them.
OPTIONS = {
    **dict.fromkeys(("--weights", "--mean", "--deviation"), ("compress", "headline", "found")),
    **dict.fromkeys(("--bc-cifar10", "--bc-cifar100", "--bc-mean", "--bc-deviation", "--bc-targets"), ("compress",)),
    **dict.fromkeys(("--tune-epochs", "--tune-rate"), ("compress", "photographs", "headline")),
    "--longer-epochs": ("compress",),
    **dict.fromkeys(("--tune-all-data", "--tune-distil"), ("compress", "headline")),
    **dict.fromkeys(("--limit-train", "--evaluator", "--trainings", "--dense-epochs"), ("scratch", "transfer")),
    "--epochs": ("scratch", "transfer", "photographs"),
    **dict.fromkeys(("--photographs", "--image-size"), ("photographs",)),
}


class Refusal(Exception):
    """One sentence for who typed the command, and the exit code: 64 for what was typed, 1 for what is missing."""

    def __init__(self, sentence, code=1):
        super().__init__(sentence)
        self.code = code


def listed(names):
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


class Parser(argparse.ArgumentParser):
    """Refuses in one sentence, as ads does."""

    def error(self, message):
        raise Refusal(f"{message}; see {self.prog} --help", 64)


def whole(least):
    def parse(text):
        if not re.fullmatch(r"\d{1,12}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"'{text}' is no whole number from {least}")
        return int(text)

    return parse


def rate(text):
    if not re.fullmatch(r"\d*\.?\d+", text) or not 0 < float(text) <= 10:
        raise argparse.ArgumentTypeError(f"'{text}' is no learning rate over 0, up to 10")
    return f"{float(text):g}"


def target(text):
    if not re.fullmatch(r"0?\.\d{1,4}e?", text) or float(text.rstrip("e")) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no share of the MACs such as 0.65, or 0.3e with the blocks' ends")
    return f"{float(text.rstrip('e')):g}" + text[len(text.rstrip("e")):]


def parser():
    p = Parser(
        prog="Experiments/run", allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs experiments with ads, one small piece after the other. Kill it any time: the same command goes on,\n"
        "and a piece that is finished is never done again. Experiments/tables DIR makes tables and figures of what is there.",
        epilog="Experiments/README.md says what each stage does. ADS names the executable, .build/release/ads without it.")
    add = p.add_argument
    add("stages", nargs="+", metavar="STAGE", help=", ".join(STAGES) + ", or all")
    add("--out", required=True, metavar="DIR", help="the folder of everything that is made")
    add("--weights", metavar="FILE", help="a trained DenseNet-40-12 for CIFAR-10: safetensors, or a run's folder")
    add("--mean", nargs=3, type=float, default=[0.53129727, 0.5259391, 0.52069134], metavar="M",
        help="what its images were normalised with, in pixels over 255")
    add("--deviation", nargs=3, type=float, default=[0.28938246, 0.28505746, 0.27971658], metavar="D")
    add("--bc-cifar10", metavar="FILE", help="a trained DenseNet-BC-100-12 for CIFAR-10; left out without it")
    add("--bc-cifar100", metavar="FILE", help="the same for CIFAR-100")
    add("--bc-mean", nargs=3, type=float, default=[0.4914, 0.4822, 0.4465], metavar="M", help="the same of both BC networks")
    add("--bc-deviation", nargs=3, type=float, default=[0.2023, 0.1994, 0.2010], metavar="D")
    add("--data-dir", metavar="DIR", help="where CIFAR lies, as for ads")
    add("--photographs", metavar="DIR", help="images in class folders, as for ads train --data folder")
    add("--image-size", type=whole(32), default=128, metavar="N", help="photographs: height and width the network sees (128)")
    add("--seeds", nargs="+", type=whole(0), metavar="N", help="0 1 2 without it")
    add("--targets", nargs="+", type=target, metavar="T", help="shares of the MACs; 0.3e prunes the blocks' ends, too")
    add("--bc-targets", nargs="+", type=target, metavar="T", help="the same of the BC networks")
    add("--strategies", nargs="+", metavar="NAME",
        help=", ".join(STRATEGIES) + "; found alone: the agent without a part of it, or with a lag, " + ", ".join(ABLATIONS))
    add("--children", type=whole(1), metavar="N", help="children a search: compress 400, scratch 200, photographs 100")
    add("--limit-validation", type=whole(1), dest="validation", metavar="N", help="images a child is scored on: 500, scratch 2500, photographs 300")
    add("--limit-train", type=whole(1), metavar="N", help="scratch: images a child is tuned on (5000)")
    add("--dense-epochs", type=whole(1), metavar="N", help="scratch, transfer: epochs of the dense network that searches start from, or of shared weights (--epochs)")
    add("--evaluator", choices=["inherit", "masked", "shared"], default="inherit", help="scratch: of its searches (inherit)")
    add("--reward", choices=["accuracy", "loss"], default="accuracy", help="what rewards a child (accuracy)")
    add("--tune-epochs", type=whole(1), metavar="N", help="compress, photographs: epochs every result is tuned for (5)")
    add("--longer-epochs", type=whole(1), metavar="N", help="compress: and the best strategy's (20)")
    add("--tune-rate", type=rate, default="0.025", metavar="R", help="the highest learning rate of tuning (0.025)")
    add("--tune-all-data", action="store_true", help="compress, headline: tune on the images held out, too, and keep the last weights")
    add("--tune-distil", action="store_true", help="compress, headline: tune what was found a second time, with the dense network as its teacher")
    add("--epochs", type=whole(1), metavar="N", help="scratch, transfer, photographs: epochs of every training (20)")
    add("--trainings", type=whole(1), default=1, metavar="N", help="scratch, transfer: trainings of each search's result (1)")
    add("--threads", type=whole(1), default=os.cpu_count(), metavar="N", help="all cores without it")
    add("--only", metavar="GLOB", help="only the pieces whose names match, such as 'compress/*-65-*'")
    add("--list", action="store_true", help="print the pieces in their order, and which are finished; do nothing")
    add("--quick", action="store_true", help="everything tiny, on generated images: tries the program, means nothing")
    return p


class Settings:
    """The options; `of` gives one as a stage has it."""

    def __init__(self, typed):
        self.typed = list(typed)
        self.options = parser().parse_args(typed)
        o = self.options
        unknown = [stage for stage in o.stages if stage not in STAGES + ("all",)]
        if unknown:
            raise Refusal(f"unknown stage '{unknown[0]}'; known are {', '.join(STAGES)}, and all", 64)
        # What needs images of one's own is left out of all where there are none.
        every = [stage for stage in STAGES if o.photographs or o.quick or stage != "photographs"]
        asked = o.stages + every if "all" in o.stages else o.stages
        self.stages = [stage for stage in STAGES if stage in asked]
        for option, stages in OPTIONS.items():
            if any(word.partition("=")[0] == option for word in self.typed) and not set(stages) & set(self.stages):
                raise Refusal(f"{option} is for {listed(stages)} alone", 64)
        for name in ("seeds", "targets", "bc_targets", "strategies"):
            value = getattr(o, name) or []
            if len(set(value)) < len(value):
                raise Refusal(f"--{name.replace('_', '-')} names one twice", 64)
        known = STRATEGIES + (tuple(ABLATIONS) if self.stages == ["found"] else ())
        for name in o.strategies or []:
            if name not in known:
                raise Refusal(f"unknown strategy '{name}'; known are {', '.join(known)}", 64)
        if any(not 0 < d < 10 for d in o.deviation + o.bc_deviation) or any(not -10 < m < 10 for m in o.mean + o.bc_mean):
            raise Refusal("means and deviations are in pixels over 255, deviations over 0", 64)
        if o.trainings > len(self.of("all", "seeds")):
            raise Refusal(f"--trainings {o.trainings} needs as many --seeds", 64)
        if o.evaluator == "shared" and "magnitude" in (o.strategies or []):
            raise Refusal("magnitude is found in a dense network, which --evaluator shared has not; leave one out", 64)
        if o.evaluator == "shared" and o.limit_train:
            raise Refusal("--limit-train is for children that are tuned, which those of --evaluator shared are not; leave one out", 64)
        if o.tune_all_data and "compress" in self.stages and len(self.of("compress", "strategies")) > 1:
            raise Refusal(
                "--tune-all-data holds no images out that could say which strategy is tuned for longer; name one with --strategies", 64)
        self.data_dir = str(Path(o.data_dir).absolute()) if o.data_dir else None
        self.photographs = self.folder(o.photographs)
        self.weights = self.source(o.weights)
        self.bc = {data: self.source(getattr(o, f"bc_{data}")) for data in ("cifar10", "cifar100")}
        if not self.weights and not o.quick and {"compress", "headline", "found"} & set(self.stages):
            raise Refusal("compress, headline and found start from trained weights; give them with --weights", 64)
        if not self.photographs and not o.quick and "photographs" in self.stages:
            raise Refusal("photographs needs images in class folders; give them with --photographs", 64)

    def of(self, stage, name):
        """An option: as typed, else the stage's own default."""
        typed = getattr(self.options, name, None)
        if stage == "bc" and name == "targets":
            typed = self.options.bc_targets
        own = (QUICK if self.options.quick else DEFAULTS)[stage].get(name)
        if stage in ("bc", "wide") and name == "strategies" and typed:
            return [strategy for strategy in typed if strategy in own]
        return own if typed is None else typed

    @staticmethod
    def folder(path):
        """Where images lie, from anywhere; refused where there is no folder."""
        if path is None:
            return None
        if not Path(path).is_dir():
            raise Refusal(f"there is no folder {path}; name one with a folder for every class, or train, validation and test")
        return Path(path).absolute()

    @staticmethod
    def source(path):
        """Where weights lie, from anywhere; refused where there are none."""
        if path is None:
            return None
        file = Path(path) / "weights.safetensors" if Path(path).is_dir() else Path(path)
        if not file.is_file():
            raise Refusal(f"there are no weights in {path}; name a file of safetensors or a run's folder")
        return Path(path).absolute()
