"""PyTorch's files of one network, written in every way people write them, and what the network answers.

    python3 torch_files.py IN.safetensors FOLDER

IN holds what reference.py reads. Its running statistics become those of some batches, as of a network that was trained. FOLDER
receives a file for each way, named after it, and `logits`: those of the weights as they are (`whole`), and as each narrower type
rounds them (`half`, `bfloat16`). Files that must be refused begin with `refused-`.
"""
import argparse
import json
import sys
import zipfile
from collections import Counter, OrderedDict

import torch

from reference import forward, load, save


def old(name):
    """As torchvision named it before 0.3: norm.1 for norm1."""
    for word in ("norm", "conv"):
        for number in "12":
            name = name.replace(f".{word}{number}.", f".{word}.{number}.") if "denselayer" in name else name
    return name


def kuangliu(state, blocks, growth):
    """kuangliu's names, numbered from 0, and his order: a layer's new maps before the old ones."""
    out = OrderedDict()

    def reordered(value, dim, layers):
        first = value.shape[dim] - layers * growth
        parts = list(torch.split(value, [first] + [growth] * layers, dim))
        return torch.cat(parts[::-1], dim)

    for name, value in state.items():
        parts = name.removeprefix("features.").split(".")
        if parts[0].startswith("denseblock"):
            layer = int(parts[1].removeprefix("denselayer"))
            if parts[2] == "norm1":
                value = reordered(value, 0, layer - 1)
            if parts[2] == "conv1":
                value = reordered(value, 1, layer - 1)
            parts = [f"dense{parts[0][-1]}", str(layer - 1), parts[2].replace("norm", "bn"), parts[3]]
        elif parts[0].startswith("transition"):
            number = int(parts[0][-1])
            value = reordered(value, 0 if parts[1] == "norm" else 1, blocks[number - 1])
            parts = [f"trans{number}", parts[1].replace("norm", "bn"), parts[2]]
        elif parts[0] == "norm5":
            value, parts = reordered(value, 0, blocks[-1]), ["bn", parts[1]]
        elif parts[0] == "classifier":
            value = reordered(value, 1, blocks[-1]) if parts[1] == "weight" else value
            parts = ["linear", parts[1]]
        elif parts[0] == "conv0":
            parts = ["conv1", parts[1]]
        out[".".join(parts)] = value.contiguous()
    return out


def views(state):
    """All weights in one storage, one behind the other, every second one of it transposed."""
    out, at = OrderedDict(), 3
    whole = torch.full([sum(value.numel() for value in state.values()) + 7], float("nan"))
    for number, (name, value) in enumerate(state.items()):
        transposed = number % 2 == 0 and value.dim() > 1
        part = whole[at:at + value.numel()]
        at += value.numel()
        if transposed:
            view = part.view(value.shape[::-1]).permute(*reversed(range(value.dim())))
        else:
            view = part.view(value.shape)
        view.copy_(value)
        out[name] = view
    return out


def main():
    source, folder = sys.argv[1:]
    state, meta = load(source)
    images = state.pop("images")
    state.pop("labels", None)
    net = json.loads(meta["network"])
    architecture = net["architecture"]
    with torch.no_grad():
        for name, value in state.items():
            if "running" in name:
                value.fill_(name.endswith("var"))
        for _ in range(3):
            forward(net, state, images, True)

        def logits(of):
            return forward(net, of, images, False)

        narrow = {kind: {n: v.to(getattr(torch, kind)) for n, v in state.items()} for kind in ("half", "bfloat16")}
        answers = {kind: logits({n: v.float() for n, v in part.items()}) for kind, part in narrow.items()}
        answers["whole"] = logits(state)
    save(f"{folder}/logits", answers)
    # As modules write them: ordered, with metadata beside, and a count for each BN.
    state = OrderedDict(state)
    state._metadata = OrderedDict([("", {"version": 1})])
    for name in [n for n in state if n.endswith("running_mean")]:
        state[name.replace("running_mean", "num_batches_tracked")] = torch.tensor(3)

    def write(name, value, **options):
        torch.save(value, f"{folder}/{name}", **options)

    def legacy(name, value, **options):
        write(name, value, _use_new_zipfile_serialization=False, **options)

    for protocol in (2, 3, 4, 5):
        write(f"zip-{protocol}", state, pickle_protocol=protocol)
        legacy(f"legacy-{protocol}", state, pickle_protocol=protocol)
    last = {n: v.contiguous(memory_format=torch.channels_last) if v.dim() == 4 else v for n, v in state.items()}
    write("channels-last", last)
    legacy("channels-last-legacy", last)
    for kind, part in narrow.items():
        write(kind, part)
    legacy("half-legacy", narrow["half"])
    write("double", {n: v.double() if v.is_floating_point() else v for n, v in state.items()})
    write("parameters", {n: torch.nn.Parameter(v) if v.is_floating_point() else v for n, v in state.items()})
    write("old-names", OrderedDict((old(n), v) for n, v in state.items()))
    legacy("old-names-legacy", OrderedDict((old(n), v) for n, v in state.items()))
    floats = OrderedDict((n, v) for n, v in state.items() if v.is_floating_point())
    write("views", views(floats))
    legacy("views-legacy", views(floats))
    optimizer = torch.optim.SGD([torch.nn.Parameter(v) for v in floats.values()], 0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 4])
    parallel = OrderedDict(("module." + n, v) for n, v in state.items())
    checkpoint = {
        "epoch": 7, "state_dict": parallel, "best": torch.tensor(0.9), "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(), "counter": Counter([1]),
    }
    write("module", checkpoint)
    legacy("module-legacy", checkpoint)
    write("model", {"model": {"_orig_mod.module." + n: v for n, v in state.items()}, "step": 1})
    if architecture["bottleneck"] and architecture["stem"]["kind"] == "cifar":
        own = kuangliu(floats, architecture["blocks"], architecture["growth_rate"])
        write("kuangliu", {"net": {"module." + n: v for n, v in own.items()}, "acc": 94.5, "epoch": 3})

    small = torch.nn.Sequential(torch.nn.Linear(2, 2))
    write("refused-whole", small)
    legacy("refused-whole-legacy", small)
    write("refused-namespace", {"args": argparse.Namespace(lr=0.1), "state_dict": state})
    write("refused-whole-in-a-dictionary", {"model": small}, pickle_protocol=4)
    torch.jit.save(torch.jit.trace(small, torch.zeros(1, 2)), f"{folder}/refused-script")
    write("refused-list", [state])
    with zipfile.ZipFile(f"{folder}/zip-2") as read, zipfile.ZipFile(
        f"{folder}/refused-compressed", "w", zipfile.ZIP_DEFLATED
    ) as written:
        for entry in read.infolist():
            written.writestr(entry.filename, read.read(entry))


main()
