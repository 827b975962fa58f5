"""Photographs of one's own: a DenseNet-121 trained on them, parts of it found, tuned, tested once and timed."""
import json

from compress import Compression
from out import write
from pieces import BACKWARD, TRAINING_IMAGES, Answer, Piece

# torchvision's smallest, which most start from.
NETWORK = "densenet121"
# What ads takes for images.
ENDINGS = (".jpg", ".jpeg", ".png")


class Clock(Answer):
    """What a network takes beside the dense one, on one thread: others are not everybody's."""

    def call(self, out, settings, threads):
        return super().call(out, settings, 1)


class Photographs(Compression):
    """What is done with a network that is trained here first."""

    def __init__(self, settings, network, data):
        super().__init__(settings, "photographs", network, data, None, stage="photographs")
        self.epochs, self.seeds = (settings.of("all", name) for name in ("epochs", "seeds"))

    def prepare(self, out):
        """Writes the architecture: so many classes, images so large."""
        path = out / self.network
        if path.exists():
            return
        told = out.ask("inspect", "--arch", NETWORK, "--image-size", str(self.s.options.image_size), "--json")
        classes = len(self.classes())
        write(path, json.dumps({**json.loads(told)["architecture"], "classes": classes}))

    def train(self):
        """Where images to train on lie: in train, where it was split before."""
        root = self.s.photographs
        return root / "train" if (root / "train").is_dir() else root

    def classes(self):
        return [path for path in self.train().iterdir() if path.is_dir() and not path.name.startswith(".")]

    def training_images(self):
        if self.data != "folder":
            return TRAINING_IMAGES[self.data]
        return sum(path.suffix.lower() in ENDINGS for folder in self.classes() for path in folder.iterdir())

    def dense(self, seed):
        return f"{self.group}/trained-{seed}"

    def trained(self, seed):
        """The dense network from fresh weights, tested once."""
        words = [
            "train", "--data", self.data, "--arch", self.network, "--epochs", self.epochs, "--batch-size", 32, "--seed", seed,
            "--split", "test", "--label", "dense"]
        return Piece(
            self.dense(seed), self.about("trained", seed, strategy="dense"), lambda out: words,
            lambda out: self.epochs * self.training_images() * BACKWARD * self.macs(out))

    def tuned(self, name, about, epochs, pattern="dense", role="tuned", of=None):
        piece = super().tuned(name, about, epochs, pattern, role, of)
        words = piece.words
        piece.words = lambda out: words(out) + ["--batch-size", 32]
        return piece

    def timed(self, tuned):
        """What a tuned network takes, beside the dense one."""
        words = ["evaluate", tuned.name, "--latency"]
        return Clock(f"{tuned.name}-timed", {**tuned.about, "role": "timed"}, lambda out: words, lambda out: 0)

    def plan(self):
        plan = []
        for seed in self.seeds:
            plan.append(self.trained(seed))
            for target in self.targets:
                for strategy in self.strategies:
                    search, tuned = self.found(strategy, target, seed)
                    plan += [search, tuned, self.timed(tuned)]
            # What is found is tuned; so that it is no longer trained than dense, dense is tuned as long.
            pattern = self.pattern("dense", seed)
            plan += [pattern, self.tuned(f"dense-{seed}", pattern.about, self.tune_epochs)]
        return plan
