"""One piece of an experiment: a command of ads that leaves one thing which was not there before."""
import json
import os
import shutil

from out import digest, now, read, write
from settings import Refusal

# Training images once the tenth held out is gone.
TRAINING_IMAGES = {"cifar10": 45_000, "cifar100": 45_000, "shapes": 5_400}
TEST_IMAGES = {"cifar10": 10_000, "cifar100": 10_000, "shapes": 2_000}
# A training step computes forward, and backward to weights and inputs.
BACKWARD = 3


class Piece:
    """A run of ads in a folder of its own, finished once its result is there.

    - name: its folder in OUT.
    - about: who it is to the tables.
    - words(out): the command, once everything before it is finished.
    - work(out): images times MACs, about, for the time left.
    """

    kind = "training"

    def __init__(self, name, about, words, work, finished=None):
        self.name, self.about, self.words, self.work = name, about, words, work
        self.check = finished

    @property
    def marker(self):
        """What is there once it is finished."""
        return f"{self.name}/result.json"

    def command(self, out):
        """What decides the result: the command without where and how fast it computes."""
        return [str(word) for word in self.words(out)]

    def prepare(self, out):
        """Before ads is called."""

    def call(self, out, settings, threads):
        """All words ads is called with."""
        own = ["--out", self.name, "--threads", str(threads), "--resume"]
        return self.command(out) + own + located(settings, self.about)

    def finish(self, out, output):
        """After ads ended well, with what it printed."""
        if self.check:
            self.check(out)


class Search(Piece):
    """A search."""

    kind = "search"

    def call(self, out, settings, threads):
        # In the test a second process would generate the images once more.
        return super().call(out, settings, threads) + (["--workers", "1"] if settings.options.quick else [])


class Answer(Piece):
    """A command that prints one JSON object, which is kept."""

    kind = "search"

    @property
    def marker(self):
        return f"{self.name}.json"

    def call(self, out, settings, threads):
        return self.command(out) + ["--threads", str(threads), "--json", "--quiet"] + located(settings, self.about)

    def finish(self, out, output):
        write(out / self.marker, output)


class Import(Piece):
    """Weights of others as a run: a training of one step, its weights and normalisation replaced.

    Its seed decides which images are held out, so that every seed needs one. The weights may have been trained on them.
    """

    kind = "import"

    def __init__(self, name, about, network, data, seed, source, mean, deviation):
        super().__init__(name, about, self.training, lambda out: 0)
        self.network, self.data, self.seed, self.source = network, data, seed, source
        self.mean, self.deviation = mean, deviation

    def training(self, out):
        # The digest makes other weights another command.
        words = ["train", "--data", self.data, "--arch", self.network, "--epochs", 1, "--limit-train", 64, "--batch-size", 64]
        normalization = self.normalization(out)
        words += ["--seed", self.seed, "--label", "dense"]
        return words + ["--weights", digest(self.weights(out)), normalization["mean"], normalization["deviation"]]

    def weights(self, out):
        source = out / self.source
        return source / "weights.safetensors" if source.is_dir() else source

    def normalization(self, out):
        source = out / self.source
        if source.is_dir():
            return read(source / "config.json")["normalization"]
        return {"mean": [255 * x for x in self.mean], "deviation": [255 * x for x in self.deviation]}

    @property
    def marker(self):
        return f"{self.name}/imported.json"

    def prepare(self, out):
        # What an earlier try left is no run to go on with.
        for leftover in (self.name, self.name + ".part"):
            shutil.rmtree(out / leftover, ignore_errors=True)

    def call(self, out, settings, threads):
        words = self.command(out)[:-4]
        return words + ["--out", self.name + ".part", "--threads", str(threads), "--quiet"] + located(settings, self.about)

    def finish(self, out, output):
        part = out / (self.name + ".part")
        config = read(part / "config.json")
        config["normalization"] = self.normalization(out)
        # The images held out are those of the whole set.
        config.pop("limit_train")
        shutil.copyfile(self.weights(out), part / "weights.safetensors")
        # They are those of the one step.
        for other in ("result.json", "metrics.jsonl"):
            os.remove(part / other)
        shutil.rmtree(part / "checkpoints")
        write(part / "config.json", json.dumps(config, indent=2))
        write(part / "imported.json", json.dumps({"sha256": digest(part / "weights.safetensors"), "date": now()}))
        os.rename(part, out / self.name)


def located(settings, about):
    """Where the data lie, where it was said."""
    place = settings.photographs if about["data"] == "folder" else settings.data_dir
    return ["--data-dir", str(place)] if place else []


def difference(there, here):
    """The first word in which two commands differ, in words."""
    for n, (a, b) in enumerate(zip(there, here)):
        if a != b:
            option = next((word for word in reversed(here[:n]) if word.startswith("--")), here[0])
            return f"{option} is {a} there and {b} here"
    longer, where = (there, "there") if len(there) > len(here) else (here, "here")
    return f"{longer[min(len(there), len(here))]} is {where} only"


def same(piece, note, command):
    """Refuses a piece of the same name that another command made."""
    if note["command"] != command:
        raise Refusal(
            f"{piece.name} was made by another command: {difference(note['command'], command)}; "
            "type the same options, or choose another --out", 64)
