"""The peer of the tests: the same network in PyTorch, from the same weights.

    python3 reference.py IN.safetensors (OUT.safetensors TYPE LAYOUT)...

IN holds a state dict under torchvision's names, `images`, `labels`, and in its metadata `network`: the contents of an
architecture.json. TYPE is float32 or float64, LAYOUT nchw or channels_last. OUT receives logits and loss in evaluation
mode (`eval.logits`), logits and loss in training mode, every gradient (`grad.NAME`) and the state after that pass.
Needs torch and numpy. Reads and writes safetensors itself, so that it needs nothing else.
"""
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

DTYPES = {"F32": np.float32, "F64": np.float64, "I64": np.int64}


def load(path):
    raw = open(path, "rb").read()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + size])
    meta = header.pop("__metadata__", {})
    out = {}
    for name, entry in header.items():
        a, b = (8 + size + offset for offset in entry["data_offsets"])
        out[name] = torch.from_numpy(np.frombuffer(raw[a:b], DTYPES[entry["dtype"]]).reshape(entry["shape"]).copy())
    return out, meta


def save(path, tensors):
    header, blobs, at = {}, [], 0
    for name in sorted(tensors):
        array = tensors[name].detach().to(torch.float64).contiguous().numpy()
        header[name] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        blobs.append(array.tobytes())
        at += array.nbytes
    text = json.dumps(header).encode()
    open(path, "wb").write(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def forward(net, state, x, training):
    """The DenseNet of the paper, concatenations and all, by torch.nn.functional."""
    a, matrices = net["architecture"], net["connectivity"]

    def norm(name, x):
        return F.relu(F.batch_norm(
            x, state[name + ".running_mean"], state[name + ".running_var"], state[name + ".weight"], state[name + ".bias"],
            training, 0.1, 1e-5))

    def conv(name, x, **options):
        return F.conv2d(x, state[name + ".weight"], **options)

    if a["stem"]["kind"] == "imagenet":
        x = F.max_pool2d(norm("features.norm0", conv("features.conv0", x, stride=2, padding=3)), 3, 2, 1)
    else:
        x = conv("features.conv0", x, padding=1)
    for b, layers in enumerate(a["blocks"]):
        rows = matrices[b]
        end = rows[layers] if len(rows) > layers else [1] * (layers + 1)
        maps = {0: x}
        for i in range(1, layers + 1):
            name = f"features.denseblock{b + 1}.denselayer{i}"
            if name + ".norm1.weight" not in state:
                continue  # a layer that nothing reads
            y = norm(name + ".norm1", torch.cat([maps[j] for j in range(i) if rows[i - 1][j]], 1))
            if a["bottleneck"]:
                y = conv(name + ".conv2", norm(name + ".norm2", conv(name + ".conv1", y)), padding=1)
            else:
                y = conv(name + ".conv1", y, padding=1)
            maps[i] = y
        x = torch.cat([maps[j] for j in range(layers + 1) if end[j]], 1)
        if b + 1 < len(a["blocks"]):
            x = F.avg_pool2d(conv(f"features.transition{b + 1}.conv", norm(f"features.transition{b + 1}.norm", x)), 2)
    return F.linear(norm("features.norm5", x).mean((2, 3)), state["classifier.weight"], state["classifier.bias"])


def compute(source, target, kind, layout):
    # Read anew each time: a pass changes the running statistics.
    tensors, meta = load(source)
    net = json.loads(meta["network"])
    dtype = getattr(torch, kind)
    images, labels = tensors.pop("images").to(dtype), tensors.pop("labels")
    state = {name: value.to(dtype) for name, value in tensors.items()}
    if layout == "channels_last":
        images = images.contiguous(memory_format=torch.channels_last)
        state = {n: v.contiguous(memory_format=torch.channels_last) if v.dim() == 4 else v for n, v in state.items()}
    with torch.no_grad():
        out = {"eval.logits": forward(net, state, images, False)}
    weights = {n: v for n, v in state.items() if "running" not in n}
    for value in weights.values():
        value.requires_grad_()
    logits = forward(net, state, images, True)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    out |= {"logits": logits, "loss": loss.reshape(1)}
    out |= {"grad." + n: v.grad for n, v in weights.items()}
    out |= {n: v for n, v in state.items() if "running" in n}
    save(target, out)


def main():
    source, *rest = sys.argv[1:]
    for i in range(0, len(rest), 3):
        compute(source, *rest[i:i + 3])


if __name__ == "__main__":
    main()
