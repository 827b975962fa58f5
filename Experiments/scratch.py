"""Connectivities trained from scratch: what searches found, log and dense; at a higher growth rate; on another data set."""
import json

from compress import NORM_IMAGES, SCORE_NORM_IMAGES, limits, slug
from out import read, write
from pieces import BACKWARD, TRAINING_IMAGES, Piece, Search


class Scratch:
    """What is done with one architecture that starts from fresh weights."""

    def __init__(self, settings, network, data, other_network, other_data):
        self.s, self.network, self.data = settings, network, data
        self.other_network, self.other_data = other_network, other_data
        self.seeds, self.epochs, self.limit_train = (settings.of("all", n) for n in ("seeds", "epochs", "limit_train"))
        self.dense_epochs = settings.options.dense_epochs or self.epochs
        self.targets, self.strategies, self.children, self.validation = (
            settings.of("scratch", name) for name in ("targets", "strategies", "children", "validation"))

    def about(self, role, seed, group="scratch", **more):
        network, data = (self.network, self.data) if group == "scratch" else (self.other_network, self.other_data)
        return {"group": group, "network": network, "data": data, "role": role, "seed": seed, **more}

    def rounds(self):
        """Search seeds with the seed each result is trained with: all once, then all with the next seed, and so on.

        A training seed of one search is another's, too, so that dense and log need no more trainings than there are seeds.
        """
        count = len(self.seeds)
        return [
            (seed, self.seeds[(n + r) % count]) for r in range(self.s.options.trainings) for n, seed in enumerate(self.seeds)]

    def training(self, words, name, about, share, pattern="dense", epochs=None):
        """A training from scratch, tested once. A result's share of the dense network's MACs is its target's."""
        network, data, epochs = about["network"], about["data"], epochs or self.epochs
        common = ["--epochs", epochs, "--seed", about["trained"], "--label", about["strategy"]]
        return Piece(
            name, about, lambda out: words(out) + common,
            lambda out: epochs * TRAINING_IMAGES[data] * BACKWARD * share * out.inspect(network, pattern)["macs"])

    def pattern(self, pattern, trained, group="scratch"):
        """A pattern, trained."""
        about = self.about("trained", None, group, strategy=pattern, trained=trained)
        words = ["train", "--data", about["data"], "--arch", about["network"], "--connectivity", pattern, "--split", "test"]
        return self.training(lambda out: words, f"{group}/{pattern}-{trained}", about, 1, pattern)

    def dense(self, seed):
        """The dense network that a search's children are parts of: what dense is compared by, or one trained for less."""
        if self.dense_epochs == self.epochs:
            return self.pattern("dense", seed)
        about = self.about("parent", None, strategy="dense", trained=seed)
        words = ["train", "--data", self.data, "--arch", self.network, "--connectivity", "dense"]
        return self.training(lambda out: words, f"scratch/parent-{seed}", about, 1, epochs=self.dense_epochs)

    def parents(self, seed):
        """What has to be trained before a seed's searches: shared weights are trained by the first of them."""
        return [] if self.s.options.evaluator == "shared" else [self.dense(seed)]

    def search(self, strategy, target, seed):
        """A search whose children are parts of the dense network of its seed, or of the shared weights of its seed and target."""
        evaluator = self.s.options.evaluator
        isShared, first = evaluator == "shared", self.strategies[0]
        words = ["search", "--data", self.data, "--arch", self.network, "--strategy", strategy, "--evaluator", evaluator]
        words += [] if isShared else ["--dense", self.dense(seed).name]
        words += ["--seed", seed, "--children", 1 if strategy == "magnitude" else self.children]
        words += [] if isShared else ["--limit-train", self.limit_train]
        words += ["--limit-validation", self.validation, "--reward", self.s.options.reward] + limits(target)
        if isShared:
            words += ["--shared-epochs", self.dense_epochs, "--top", 0]
            words += [] if strategy == first else ["--shared", f"scratch/{first}-{slug(target)}-{seed}"]
        if evaluator == "masked":
            words += ["--score-images", self.validation]
        statistics = SCORE_NORM_IMAGES if evaluator == "masked" else NORM_IMAGES
        images = (statistics + self.validation + (evaluator == "inherit") * BACKWARD * self.limit_train) * self.children
        whole = self.dense_epochs * TRAINING_IMAGES[self.data] * BACKWARD if isShared and strategy == first else 0
        return Search(
            f"scratch/{strategy}-{slug(target)}-{seed}", self.about("search", seed, strategy=strategy, target=target),
            lambda out: words, lambda out: (whole + images * float(target.rstrip("e"))) * out.inspect(self.network)["macs"])

    def found(self, strategy, target, seed, trained):
        """What a search found, trained from scratch."""
        name = f"scratch/{strategy}-{slug(target)}-{seed}"
        about = self.about("trained", seed, strategy=strategy, target=target, trained=trained)
        return self.training(
            lambda out: ["retrain", name], f"{name}-trained-{trained}", about, float(target.rstrip("e")))

    def wide(self, strategy, target, seed, trained):
        """The same with the highest growth rate that costs no more than dense: the saved MACs spent."""
        search = f"scratch/{strategy}-{slug(target)}-{seed}"
        about = self.about("wide", seed, strategy=strategy, target=target, trained=trained)

        def words(out):
            return [
                "train", "--data", self.data, "--arch", self.wider(out, search), "--connectivity",
                f"{search}/connectivity.json", "--split", "test",
            ]

        return self.training(words, f"{search}-wide-{trained}", about, 1)

    def wider(self, out, search):
        """The file of the architecture with that growth rate; found once."""
        path = out / f"{search}-wide.json"
        name = str(path.relative_to(out.path))
        if path.exists():
            return name
        dense, connectivity = out.inspect(self.network), f"{search}/connectivity.json"
        architecture = dict(dense["architecture"])
        trial = out / f"{search}-trial.json"
        while True:
            wider = {**architecture, "growth_rate": architecture["growth_rate"] + 1}
            write(trial, json.dumps(wider))
            told = out.ask("inspect", "--arch", str(trial), "--connectivity", connectivity, "--json")
            if json.loads(told)["macs"] > dense["macs"]:
                break
            architecture = wider
        trial.unlink()
        write(path, json.dumps(architecture))
        return name

    def moved(self, strategy, target, seed, trained):
        """What was found on one data set, trained on the other."""
        search = f"{strategy}-{slug(target)}-{seed}"
        about = self.about("trained", seed, "transfer", strategy=strategy, target=target, trained=trained)
        words = [
            "train", "--data", self.other_data, "--arch", self.other_network, "--connectivity",
            f"scratch/{search}/connectivity.json", "--split", "test",
        ]
        return self.training(
            lambda out: words, f"transfer/{search}-trained-{trained}", about, float(target.rstrip("e")))

    # The plans.

    def needed(self, strategies, seed):
        """The dense network of a seed, and the searches from it."""
        return self.parents(seed) + [
            self.search(strategy, target, seed) for target in self.targets for strategy in strategies]

    def plan(self):
        plan = []
        for seed, trained in self.rounds():
            # The dense network of this seed is the one of another round's training.
            plan += self.parents(seed) + [self.pattern("dense", trained), self.pattern("log", trained)]
            for target in self.targets:
                for strategy in self.strategies:
                    plan += [self.search(strategy, target, seed), self.found(strategy, target, seed, trained)]
        for seed, trained in self.rounds():
            for target in self.targets:
                plan += [self.wide(strategy, target, seed, trained) for strategy in self.s.of("wide", "strategies")]
        return plan

    def transfer(self):
        plan, strategies = [], self.s.of("transfer", "strategies")
        for seed, trained in self.rounds():
            plan += self.needed(strategies, seed) + [self.pattern("dense", trained, "transfer")]
            for target in self.targets:
                plan += [self.moved(strategy, target, seed, trained) for strategy in strategies]
        return plan
