"""What a search decides, connection by connection, and what of it survives in a network."""
from collections import namedtuple

# A connection that is decided: its block from 0, the layer that reads (one more than there are for the block's end), the node
# read (0 is the block's input), and the multiply-adds it takes where both ends are there.
Connection = namedtuple("Connection", "block layer source cost")


class Space:
    """The free connections of an architecture (SearchSpace): all but each row's predecessor, or but the ends' alone.

    Layers may go where the ends are searched; in searches of older builds each kept its predecessor there, too.
    """

    def __init__(self, architecture, ends, keeps_predecessor=None):
        self.layers, self.ends = architecture["blocks"], ends
        self.keeps_predecessor = keeps_predecessor = not ends if keeps_predecessor is None else keeps_predecessor
        growth, bottleneck = architecture["growth_rate"], architecture["bottleneck"]
        self.inputs, channels = [], architecture["stem"]["channels"]
        for layers in self.layers:
            self.inputs.append(channels)
            channels = int((channels + layers * growth) * architecture["compression"])
        self.connections = []
        # What all layers but each block's first cost, and that one's and the end's of what the cheapest network does without.
        self.spared = 0
        size = architecture["image_size"]
        for block, layers in enumerate(self.layers):
            pixels = size * size
            second = growth * growth * 4 * 9 * pixels if bottleneck else 0
            for layer in range(2, layers + 1 + ends):
                # A plain layer's 3×3, a bottleneck's 1×1, a transition's 1×1, or the classifier.
                each = growth * (4 if bottleneck else 9) * pixels
                if layer > layers:
                    last = block + 1 == len(self.layers)
                    each = architecture["classes"] if last else self.inputs[block + 1] * pixels
                    self.spared += each * (self.inputs[block] + (layers - 1) * growth)
                else:
                    self.spared += each * (self.inputs[block] + (layer - 1) * growth) + second
                for source in range(layer - 1 if keeps_predecessor or layer > layers else layer):
                    read = self.inputs[block] if source == 0 else growth
                    self.connections.append(Connection(block, layer, source, read * each))
            size //= 2

    def least(self, macs):
        """The multiply-adds of the cheapest network, given the dense one's: all free pruned, or one layer a block."""
        return macs - (sum(c.cost for c in self.connections) if self.keeps_predecessor else self.spared)

    def is_end(self, connection):
        """Whether the block's end reads, not a layer."""
        return connection.layer > self.layers[connection.block]

    def surviving(self, matrices):
        """Whether each connection is in the network that is built: kept, and of a layer that something reads."""
        lives = [self.living(rows, layers) for rows, layers in zip(matrices, self.layers)]
        return [
            bool(matrices[c.block][c.layer - 1][c.source]) and (self.is_end(c) or lives[c.block][c.layer])
            for c in self.connections]

    @staticmethod
    def living(rows, layers):
        """Whether the end of a block reads each of its nodes, by itself or through layers; without a row it reads all."""
        lives = [bool(x) for x in rows[layers]] if len(rows) > layers else [True] * (layers + 1)
        for layer in range(layers, 0, -1):
            if lives[layer]:
                for source, reads in enumerate(rows[layer - 1]):
                    lives[source] = lives[source] or bool(reads)
        return lives

    def groups(self):
        """Connections by block, distance and cost, and the ends': {heading: {label: their places}}, in order."""
        out = {"layers, by block": {}, "layers, by distance": {}, "layers, by cost": {}}
        if self.ends:
            out.update({"ends, by block": {}, "ends, by distance": {}})
        for place, c in enumerate(self.connections):
            kind = "ends" if self.is_end(c) else "layers"
            keys = {"block": (c.block, f"block {c.block + 1}"), "distance": self.distance(c)}
            if kind == "layers":
                keys["cost"] = (c.cost, f"{c.cost / 1e6:.3f} M MACs")
            for what, key in keys.items():
                out[f"{kind}, by {what}"].setdefault(key, []).append(place)
        return {
            heading: {key[1]: places for key, places in sorted(own.items())} for heading, own in out.items() if own}

    @staticmethod
    def distance(c):
        """How far back is read; a block's input is no layer's output, has other channels, and comes last."""
        return (1 << 20, "the block's input") if c.source == 0 else (c.layer - c.source, f"{c.layer - c.source} back")

    def matrices(self, shares):
        """Shares of connections as matrices for a figure; what is never decided is None."""
        known = {(c.block, c.layer, c.source): share for c, share in zip(self.connections, shares)}
        return [
            [[known.get((b, i, j)) for j in range(i)] for i in range(1, layers + 1 + self.ends)]
            for b, layers in enumerate(self.layers)]
