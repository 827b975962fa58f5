"""A PyTorch user's loop over pruned children of a dense network: the children, weights and images that `ads bench --children N --out
FOLDER` wrote, for `peers.py`.

A child is a network of really smaller layers that read what is selected (`rebuilt`), or the dense network with zeros for the weights
that are pruned (`masked`); either in either memory layout (WAYS). Its BN statistics are reset and recomputed as the average over the
same batches, then the same images are validated, in float32. Every accuracy and loss must be what ads found, to 1e-3.
"""
import json
import os
import subprocess
import sys
import time

WAYS = [f"{network}-{layout}" for network in ("rebuilt", "masked") for layout in ("nchw", "channels_last")]
TOLERANCE = 1e-3


def load_weights(path):
    """The float32 arrays of a safetensors file, without that package."""
    import torch
    raw = bytearray(open(path, "rb").read())
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + size])
    header.pop("__metadata__", None)
    body = memoryview(raw)[8 + size:]
    return {
        name: torch.frombuffer(body[slice(*entry["data_offsets"])], dtype=torch.float32).reshape(entry["shape"]).clone()
        for name, entry in header.items()
    }


def load(folder):
    """The architecture, the dense weights, what children.json says, and the images, normalised."""
    import torch
    architecture = json.load(open(f"{folder}/dense/architecture.json"))["architecture"]
    if architecture["bottleneck"] or architecture["stem"]["kind"] != "cifar":
        raise SystemExit("children: only plain DenseNets with CIFAR's stem are written here")
    work = json.load(open(f"{folder}/children.json"))
    size = architecture["image_size"]
    pixels = torch.frombuffer(bytearray(open(f"{folder}/images.u8", "rb").read()), dtype=torch.uint8)
    images = pixels.reshape(-1, architecture["input_channels"], size, size).float()
    mean, deviation = (torch.tensor(work[key]).reshape(1, -1, 1, 1) for key in ("mean", "deviation"))
    return architecture, load_weights(f"{folder}/dense/weights.safetensors"), work, (images - mean) / deviation


def build(architecture, matrices):
    """A DenseNet under torchvision's names whose layers read what the matrices say; the blocks' ends read everything."""
    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    class DenseNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.reads = [[[j for j, keeps in enumerate(row) if keeps] for row in rows] for rows in matrices]
            growth, width = architecture["growth_rate"], architecture["stem"]["channels"]
            parts = {"conv0": nn.Conv2d(architecture["input_channels"], width, 3, padding=1, bias=False)}
            for b, rows in enumerate(self.reads, 1):
                layers = {}
                for i, row in enumerate(rows, 1):
                    channels = sum(growth if j else width for j in row)
                    layers[f"denselayer{i}"] = nn.ModuleDict({
                        "norm1": nn.BatchNorm2d(channels), "conv1": nn.Conv2d(channels, growth, 3, padding=1, bias=False)})
                parts[f"denseblock{b}"] = nn.ModuleDict(layers)
                width += len(rows) * growth
                if b < len(self.reads):
                    out = int(width * architecture["compression"])
                    parts[f"transition{b}"] = nn.ModuleDict({
                        "norm": nn.BatchNorm2d(width), "conv": nn.Conv2d(width, out, 1, bias=False)})
                    width = out
            self.features = nn.ModuleDict(parts | {"norm5": nn.BatchNorm2d(width)})
            self.classifier = nn.Linear(width, architecture["classes"])

        def forward(self, x):
            parts = self.features
            x = parts["conv0"](x)
            for b, rows in enumerate(self.reads, 1):
                maps = [x]
                for row, layer in zip(rows, parts[f"denseblock{b}"].values()):
                    read = torch.cat([maps[j] for j in row], 1)
                    maps.append(layer["conv1"](F.relu(layer["norm1"](read), inplace=True)))
                x = torch.cat(maps, 1)
                if b < len(self.reads):
                    end = parts[f"transition{b}"]
                    x = F.avg_pool2d(end["conv"](F.relu(end["norm"](x), inplace=True)), 2)
            return self.classifier(F.relu(parts["norm5"](x), inplace=True).mean((2, 3)))

    return DenseNet()


def kept_channels(architecture, matrices):
    """Of each layer's name, which channels of the concatenation of everything before it the layer reads."""
    growth, width = architecture["growth_rate"], architecture["stem"]["channels"]
    for b, rows in enumerate(matrices, 1):
        starts = [0] + [width + i * growth for i in range(len(rows))]
        for i, row in enumerate(rows, 1):
            yield f"features.denseblock{b}.denselayer{i}", [
                c for j, keeps in enumerate(row) if keeps for c in range(starts[j], starts[j] + (growth if j else width))]
        width = int((width + len(rows) * growth) * architecture["compression"])


def rebuilt(architecture, dense, matrices):
    net, state = build(architecture, matrices), dict(dense)
    for layer, channels in kept_channels(architecture, matrices):
        for name in ("weight", "bias", "running_mean", "running_var"):
            state[f"{layer}.norm1.{name}"] = dense[f"{layer}.norm1.{name}"][channels]
        state[f"{layer}.conv1.weight"] = dense[f"{layer}.conv1.weight"][:, channels]
    net.load_state_dict(net.state_dict() | state)
    return net


def masked(architecture, dense, matrices):
    import torch
    net, state = build(architecture, [[[1] * len(row) for row in rows] for rows in matrices]), dict(dense)
    for layer, channels in kept_channels(architecture, matrices):
        weight = torch.zeros_like(dense[f"{layer}.conv1.weight"])
        weight[:, channels] = dense[f"{layer}.conv1.weight"][:, channels]
        state[f"{layer}.conv1.weight"] = weight
    net.load_state_dict(net.state_dict() | state)
    return net


def evaluate(net, statistics, batch, images, labels):
    """Accuracy and loss with BN statistics that are averages over batches; a last batch of one image has none."""
    import torch
    import torch.nn.functional as F
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    correct, loss = 0, 0.0
    with torch.no_grad():
        net.train()
        for i in range(0, len(statistics) - 1, batch):
            net(statistics[i:i + batch])
        net.eval()
        for i in range(0, len(images), 250):
            logits, expected = net(images[i:i + 250]), labels[i:i + 250]
            loss += F.cross_entropy(logits, expected, reduction="sum").item()
            correct += (logits.argmax(1) == expected).sum().item()
    return correct / len(images), loss / len(images)


def run_way(way, folder, threads, count):
    """Times the first `count` children in one way, each once, and compares what they come to."""
    import torch
    from peers import peak
    torch.set_num_threads(threads)
    architecture, dense, work, images = load(folder)
    make, layout = {"rebuilt": rebuilt, "masked": masked}[way.split("-")[0]], way.split("-")[1]
    form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    images = images.contiguous(memory_format=form)
    statistics, validation = images[:work["statistics"]], images[work["statistics"]:]
    labels, batch = torch.tensor(work["labels"]), work["batch_size"]
    before = peak()

    def child(matrices, statistics, validation, labels):
        net = make(architecture, dense, matrices).to(memory_format=form)
        return evaluate(net, statistics, batch, validation, labels)

    child(work["children"][0], statistics[:batch], validation[:250], labels[:250])  # to warm up
    times, largest = [], 0.0
    for number, (matrices, found) in enumerate(zip(work["children"][:count], work["found"]), 1):
        start = time.perf_counter()
        accuracy, loss = child(matrices, statistics, validation, labels)
        times.append((time.perf_counter() - start) * 1e3)
        difference = max(abs(accuracy - found["accuracy"]), abs(loss - found["loss"]))
        largest = max(largest, difference)
        if not difference <= TOLERANCE:
            raise SystemExit(
                f"child {number} has accuracy {accuracy:.4f} and loss {loss:.4f} as PyTorch's {way}, and {found['accuracy']:.4f} and "
                f"{found['loss']:.4f} as ads found them: they are not the same computation")
    return {
        "way": way, "children": len(times), "milliseconds": sum(times) / len(times), "peak_megabytes": peak() - before,
        "largest_difference": largest}


def run_children(way, folder, threads):
    """All children in a way; without a way in the one that is fastest for the first child. One process each."""
    def process(way, count):
        command = [sys.executable, os.path.abspath(__file__), way, folder, str(threads), str(count)]
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if result.returncode:
            sys.exit(result.returncode)
        return json.loads(result.stdout)
    first = {each: process(each, 1)["milliseconds"] for each in (WAYS if way is None else [])}
    return process(way or min(first, key=first.get), 1_000_000) | {"first_child": first}


if __name__ == "__main__":
    try:
        print(json.dumps(run_way(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
    except ImportError as error:
        print(f"torch: {error}", file=sys.stderr)
        sys.exit(3)
