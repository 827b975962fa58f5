"""Compression of a trained network: parts of it searched, tuned, tested once."""
import json

from out import read, write
from pieces import BACKWARD, TEST_IMAGES, TRAINING_IMAGES, Answer, Import, Piece, Search
from settings import ABLATIONS, Refusal

# BN statistics are recomputed over so many images before a masked child is scored, and before another is (EvaluatorSettings).
SCORE_NORM_IMAGES, NORM_IMAGES = 2 * 64, 8 * 64
# Pruning by magnitude tunes between its four steps (MagnitudeStrategy).
MAGNITUDE_EPOCHS = 3


def slug(target):
    """0.3e as names have it: 30e."""
    return f"{100 * float(target.rstrip('e')):g}" + ("e" if target.endswith("e") else "")


def limits(target):
    """A target as ads is told it."""
    return ["--target-macs", target.rstrip("e")] + (["--search-block-end"] if target.endswith("e") else [])


class Compression:
    """What is done with one trained network."""

    def __init__(self, settings, group, network, data, source, mean=None, deviation=None, stage="compress"):
        self.s, self.group, self.network, self.data, self.source = settings, group, network, data, source
        self.mean, self.deviation = mean, deviation
        self.targets, self.strategies = settings.of(stage, "targets"), settings.of(stage, "strategies")
        own = "compress" if stage == "bc" else stage
        self.children, self.validation = (settings.of(own, name) for name in ("children", "validation"))
        self.tune_epochs, self.longer_epochs = (settings.of("all", name) for name in ("tune_epochs", "longer_epochs"))
        self.all_data = settings.options.tune_all_data and stage != "photographs"
        self.distils = settings.options.tune_distil and stage in ("compress", "headline")

    def about(self, role, seed, **more):
        return {"group": self.group, "network": self.network, "data": self.data, "role": role, "seed": seed, **more}

    def dense(self, seed):
        """The run of the dense network that parts are taken of."""
        return f"{self.group}/given-{seed}"

    def training_images(self):
        return TRAINING_IMAGES[self.data]

    def macs(self, out, share=1):
        return out.inspect(self.network)["macs"] * share

    # The pieces.

    def imported(self, seed):
        """The network as given, as a run with this seed."""
        return Import(
            self.dense(seed), self.about("import", seed), self.network, self.data, seed, self.source, self.mean,
            self.deviation)

    def given(self, seed):
        """The network as given, tested."""
        words = ["evaluate", self.dense(seed), "--data", self.data, "--split", "test"]
        return Answer(
            f"{self.group}/given-{seed}-tested", self.about("given", seed), lambda out: words,
            lambda out: TEST_IMAGES[self.data] * self.macs(out))

    def search(self, strategy, target, seed):
        """The best of so many children by a strategy."""
        children = 1 if strategy == "magnitude" else self.children
        share = float(target.rstrip("e"))

        def words(out):
            # In the test three epochs of tuning would take the longest.
            short = ["--child-epochs", 0.1] if strategy == "magnitude" and self.s.options.quick else []
            return self.search_words(strategy, seed, children) + short + limits(target)

        def work(out):
            images = children * (SCORE_NORM_IMAGES + self.validation) * share
            if strategy == "magnitude":
                images += MAGNITUDE_EPOCHS * self.training_images() * BACKWARD * (1 + share) / 2
            return self.macs(out, images)

        return Search(
            f"{self.group}/{strategy}-{slug(target)}-{seed}",
            self.about("search", seed, strategy=strategy, target=target), words, work)

    def pattern(self, name, seed):
        """A pattern as a search of one child, so that it is tuned as what was found: dense, or one cheaper than it."""

        def words(out):
            own = self.search_words("fixed", seed, 1)
            # The first pattern that keeps a target is tried: dense without one, log at its own cost.
            return own if name == "dense" else own + ["--target-macs", out.inspect(self.network, name)["macs"]]

        def check(out):
            found = read(out / f"{self.group}/{name}-{seed}/connectivity.json")
            if found != out.inspect(self.network, name)["connectivity"]:
                raise Refusal(f"{self.group}/{name}-{seed} is not the pattern {name}; ads tries its patterns in another order")

        return Search(
            f"{self.group}/{name}-{seed}", self.about("pattern", seed, strategy=name), words,
            lambda out: self.macs(out, SCORE_NORM_IMAGES + self.validation), check)

    def search_words(self, strategy, seed, children):
        return [
            "search", "--data", self.data, "--arch", self.network, "--strategy",
            "ads" if strategy in ABLATIONS else strategy, "--evaluator", "masked", "--dense", self.dense(seed), "--seed", seed,
            "--children", children, "--limit-validation", self.validation, "--score-images", self.validation, "--reward", self.s.options.reward, "--top", 0,
            *ABLATIONS.get(strategy, []),
        ]

    def tuned(self, name, about, epochs, pattern="dense", role="tuned", of=None, distil=False):
        """A search's network with the weights that remain, tuned and tested once; with `distil` the dense network is its teacher."""
        share = float(about["target"].rstrip("e")) if "target" in about else 1
        # The teacher computes forward alone.
        passes = BACKWARD * share + (1 if distil else 0)

        def words(out):
            return [
                "retrain", of(out) if of else f"{self.group}/{name}", "--inherit", *(["--distil"] if distil else []),
                "--epochs", epochs, *self.tune_words(), "--seed", about["seed"], "--label", about.get("strategy", "best"),
            ]

        return Piece(
            f"{self.group}/{name}-{role}{'-distilled' if distil else ''}",
            {**about, "role": f"{role}, distilled" if distil else role}, words,
            lambda out: epochs * self.tuning_images() * passes * out.inspect(self.network, pattern)["macs"])

    def twice(self, *given, **named):
        """A tuning, and where it is asked for the same with a teacher."""
        return [self.tuned(*given, **named, distil=distil) for distil in ([False, True] if self.distils else [False])]

    def tuning_images(self):
        # A tenth is held out.
        return self.training_images() * (10 / 9 if self.all_data else 1)

    def tune_words(self):
        """How every result is tuned.

        Whoever trained the given weights trained them on the images held out, too: the first epochs of tuning do best on
        those, and their weights would be kept.
        """
        return ["--learning-rate", self.s.options.tune_rate] + (["--all-data"] if self.all_data else [])

    def found(self, strategy, target, seed):
        """A search, and its network tuned."""
        search = self.search(strategy, target, seed)
        return [search, *self.twice(f"{strategy}-{slug(target)}-{seed}", search.about, self.tune_epochs)]

    def seed(self, seed):
        """Everything of one seed; the patterns, which have no target, after the first."""
        plan = [self.imported(seed), self.given(seed)]
        for n, target in enumerate(self.targets):
            for strategy in self.strategies:
                plan += self.found(strategy, target, seed)
            if n == 0:
                for name in ("log", "dense"):
                    pattern = self.pattern(name, seed)
                    plan += [pattern, self.tuned(f"{name}-{seed}", pattern.about, self.tune_epochs, name)]
        return plan

    # The best strategy, tuned for longer.

    def best(self, out, target, seeds):
        """The strategy whose tuned networks are the best on the images held out, decided once; the test set has no say.

        Whoever trained the given weights trained them on those images, too, but alike for all strategies.
        """
        path = out / f"{self.group}/best-{slug(target)}.json"
        if path.exists():
            strategy = read(path)["strategy"]
            if strategy not in self.strategies:
                raise Refusal(
                    f"{path} says that {strategy} is tuned for longer; name it with --strategies, or choose another --out", 64)
            return strategy
        means = {}
        for strategy in self.strategies if len(self.strategies) > 1 else ():
            runs = [out / f"{self.group}/{strategy}-{slug(target)}-{seed}-tuned/result.json" for seed in seeds]
            missing = [str(run.parent.relative_to(out.path)) for run in runs if not run.exists()]
            if missing:
                raise Refusal(f"which strategy is the best at {target} is not known before {missing[0]} is finished")
            means[strategy] = sum(read(run)["validation_accuracy"] for run in runs) / len(runs)
        # The tables read it there, where only one was asked for, too.
        strategy = max(means, key=means.get) if means else self.strategies[0]
        write(path, json.dumps({"strategy": strategy, "seeds": seeds, "validation_accuracy": means}))
        return strategy

    def longer(self, seeds):
        """The best strategy's networks tuned for longer, then the dense network."""
        plan = []
        for seed in seeds:
            for target in self.targets:
                of = lambda out, target=target, seed=seed: (
                    f"{self.group}/{self.best(out, target, seeds)}-{slug(target)}-{seed}")
                about = self.about("longer", seed, target=target)
                plan += self.twice(f"best-{slug(target)}-{seed}", about, self.longer_epochs, role="longer", of=of)
        for seed in seeds:
            about = self.about("longer", seed, strategy="dense")
            plan.append(self.tuned(f"dense-{seed}", about, self.longer_epochs, role="longer"))
        return plan
