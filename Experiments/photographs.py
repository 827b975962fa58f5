"""Photographs of one's own: a DenseNet-121 trained on them, parts of it found, tuned, tested once and timed."""
import hashlib
import json

from compress import Compression
from out import read, write
from paired import plural
from pieces import BACKWARD, TRAINING_IMAGES, Answer, Piece
from settings import Refusal

# torchvision's smallest, which most start from.
NETWORK = "densenet121"
# Folders of what is not trained on, and what images are called: as ads has it.
OTHERS = ("val", "validation", "valid", "test")
ENDINGS = (".jpg", ".jpeg", ".jpe", ".jfif", ".png")
# Images a step: a DenseNet-121 with 128 pixels then takes under a gigabyte, and a few thousand images are a hundred steps.
BATCH = 32


class Clock(Answer):
    """What a network takes beside the dense one, on one thread, as the aims are."""

    def call(self, out, settings, threads):
        return super().call(out, settings, 1)


class Photographs(Compression):
    """What is done with a network that is trained here first."""

    def __init__(self, settings, network, data):
        super().__init__(settings, "photographs", network, data, None, stage="photographs")
        self.epochs, self.seeds = (settings.of("all", name) for name in ("epochs", "seeds"))
        self.images = self.listed(settings.photographs) if data == "folder" else []

    @staticmethod
    def listed(root):
        """Path and size of every image, in order; hidden ones are none."""
        files = (path for path in root.rglob("*") if path.suffix.lower() in ENDINGS)
        return sorted(
            (path.relative_to(root).as_posix(), path.stat().st_size) for path in files
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts))

    def prepare(self, out):
        """Writes the architecture, for so many classes and images so large, once; refuses what OUT was not begun with."""
        root = self.s.photographs
        above = root / "train" if (root / "train").is_dir() else root
        if above == root and any((root / name).is_dir() for name in OTHERS):
            raise Refusal(f"{root} has no folder 'train' beside what is validated or tested on")
        classes = sorted(path.name for path in above.iterdir() if path.is_dir() and not path.name.startswith("."))
        if len(classes) < 2:
            raise Refusal(f"{above} has {plural(len(classes), 'class folder')}; two are the least")
        size = self.s.options.image_size
        images = hashlib.sha256("".join(f"{path} {length}\n" for path, length in self.images).encode()).hexdigest()
        # The commands of pieces name no folder.
        begun, own = out / "photographs-begun.json", {"image_size": size, "classes": classes, "images": images}
        if begun.exists() and read(begun) != own:
            raise Refusal(f"{out.path} was begun with other images, or another --image-size; choose another --out", 64)
        told = out.ask("inspect", "--arch", NETWORK, "--image-size", str(size), "--json")
        write(out / self.network, json.dumps({**json.loads(told)["architecture"], "classes": len(classes)}))
        write(begun, json.dumps(own))

    def training_images(self):
        if self.data != "folder":
            return TRAINING_IMAGES[self.data]
        # Of class folders alone a tenth is held out to test on, which makes no difference to the time left.
        trained = [path for path, _ in self.images if path.startswith("train/")]
        return len(trained or self.images)

    def dense(self, seed):
        return f"{self.group}/trained-{seed}"

    def trained(self, seed):
        """The dense network from fresh weights, tested once."""
        words = [
            "train", "--data", self.data, "--arch", self.network, "--epochs", self.epochs, "--batch-size", BATCH, "--seed", seed,
            "--split", "test", "--label", "dense"]
        return Piece(
            self.dense(seed), self.about("trained", seed, strategy="dense"), lambda out: words,
            lambda out: self.epochs * self.training_images() * BACKWARD * self.macs(out))

    def tune_words(self):
        return super().tune_words() + ["--batch-size", BATCH]

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
