"""The peers of `make bench`: the same networks as PyTorch, OpenVINO and ONNX Runtime users run them.

    python3 peers.py PEER ARCH CONNECTIVITY WORK BATCH SIZE REPETITIONS THREADS      one JSON object
    python3 peers.py torch[-{rebuilt,masked}-{nchw,channels_last}] children FOLDER THREADS

PEER is torch-{nchw,channels_last}-{float32,bfloat16}, openvino-{latency,throughput}, or onnxruntime; WORK is training or
inference. FOLDER is what `ads bench --children N --out FOLDER` wrote; without a way to compute children it is the fastest of
peer_children.py. Exit code 3 means that the peer is not installed,
or that the processor has no bfloat16 instructions, without which a step takes minutes.
"""
import json
import os
import resource
import sys
import tempfile
import time


def sources(connectivity, layer):
    """What layer `layer` (from 1) of a block reads, ascending; 0 is the block's input."""
    kind, _, n = connectivity.partition(":")
    if kind == "dense":
        return list(range(layer))
    if kind == "log":
        return sorted(layer - 2 ** e for e in range(12) if 2 ** e <= layer)
    if kind == "nearest":
        return list(range(max(0, layer - int(n or 1)), layer))
    raise SystemExit(f"unknown connectivity {connectivity}")


def build(arch, connectivity):
    import torch
    import torch.nn as nn

    class Layer(nn.Sequential):
        def __init__(self, channels, growth, bottleneck):
            parts = [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
            if bottleneck:
                parts += [nn.Conv2d(channels, 4 * growth, 1, bias=False), nn.BatchNorm2d(4 * growth), nn.ReLU(inplace=True)]
                channels = 4 * growth
            super().__init__(*parts, nn.Conv2d(channels, growth, 3, padding=1, bias=False))

    class Block(nn.Module):
        def __init__(self, channels, layers, growth, bottleneck):
            super().__init__()
            self.reads = [sources(connectivity, i) for i in range(1, layers + 1)]
            self.layers = nn.ModuleList(
                Layer(sum(growth if j else channels for j in reads), growth, bottleneck) for reads in self.reads)

        def forward(self, x):
            maps = [x]
            for layer, reads in zip(self.layers, self.reads):
                maps.append(layer(torch.cat([maps[j] for j in reads], 1)))
            return torch.cat(maps, 1)

    if arch == "densenet121":
        layers, growth, width, bottleneck, compression, classes = [6, 12, 24, 16], 32, 64, True, 0.5, 1000
        parts = [nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    else:
        words = arch.split("-")
        bottleneck = words[1] == "bc"
        depth, growth = int(words[-2]), int(words[-1])
        layers, classes = [(depth - 4) // (6 if bottleneck else 3)] * 3, 10
        width, compression = (2 * growth, 0.5) if bottleneck else (16, 1)
        parts = [nn.Conv2d(3, width, 3, padding=1, bias=False)]
    for b, count in enumerate(layers):
        parts.append(Block(width, count, growth, bottleneck))
        width += count * growth
        parts += [nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        if b + 1 < len(layers):
            parts += [nn.Conv2d(width, int(width * compression), 1, bias=False), nn.AvgPool2d(2)]
            width = int(width * compression)
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(call, repetitions):
    before, times = peak(), []
    for _ in range(repetitions + 2):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return {"milliseconds": sorted(times[2:])[len(times[2:]) // 2], "peak_megabytes": peak() - before}


def run_torch(layout, precision, arch, connectivity, work, batch, size, repetitions, threads):
    import torch
    import torch.nn.functional as F
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    net = build(arch, connectivity).to(memory_format=form)
    x = torch.randn(batch, 3, size, size).to(memory_format=form)
    y = torch.arange(batch) % 10
    half = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")
    if work == "inference":
        net.eval()

        def call():
            with torch.no_grad(), half:
                net(x)
    else:
        optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)

        def call():
            with half:
                loss = F.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return measure(call, repetitions)


def onnx_file(arch, connectivity, size):
    """The network as an ONNX file with a dynamic batch, written once a day."""
    import torch
    path = os.path.join(tempfile.gettempdir(), f"ads-bench-{os.getuid()}-{arch}-{connectivity.replace(':', '')}-{size}.onnx")
    if not os.path.exists(path) or time.time() - os.path.getmtime(path) > 86400:
        torch.manual_seed(0)
        net = build(arch, connectivity).eval()
        torch.onnx.export(
            net, (torch.randn(2, 3, size, size),), path + ".part", dynamo=False, opset_version=17, input_names=["input"],
            output_names=["logits"], dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}})
        os.replace(path + ".part", path)
    return path


def run_onnx(arch, connectivity, batch, size, repetitions, threads):
    import numpy as np
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(onnx_file(arch, connectivity, size), options, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(0).standard_normal((batch, 3, size, size), dtype=np.float32)
    return measure(lambda: session.run(None, {"input": x}), repetitions)


def even_parts(batch, most):
    """The largest number of equal parts that a batch comes to, no more than so many."""
    return max(parts for parts in range(1, min(batch, most) + 1) if batch % parts == 0)


def run_openvino(hint, arch, connectivity, batch, size, repetitions, threads):
    import numpy as np
    import openvino
    net = openvino.Core().read_model(onnx_file(arch, connectivity, size))
    x = np.random.default_rng(0).standard_normal((batch, 3, size, size), dtype=np.float32)
    options = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    if hint == "latency":
        net.reshape([batch, 3, size, size])
        compiled = openvino.Core().compile_model(net, "CPU", options | {"PERFORMANCE_HINT": "LATENCY"})
        return measure(lambda: compiled(x), repetitions)
    # One stream a thread, the batch shared out among them evenly.
    streams = even_parts(batch, threads)
    net.reshape([batch // streams, 3, size, size])
    compiled = openvino.Core().compile_model(net, "CPU", options | {"NUM_STREAMS": streams})
    queue = openvino.AsyncInferQueue(compiled, streams)
    parts = np.split(x, streams)

    def call():
        for part in parts:
            queue.start_async(part)
        queue.wait_all()
    return measure(call, repetitions)


def has_bfloat16():
    """Whether the processor says that it multiplies bfloat16; where it says nothing, it is tried."""
    try:
        return "bf16" in open("/proc/cpuinfo").read()
    except OSError:
        return True


def main():
    if sys.argv[2] == "children":
        from peer_children import run_children
        print(json.dumps(run_children(sys.argv[1].partition("-")[2] or None, sys.argv[3], int(sys.argv[4]))))
        return
    peer, arch, connectivity, work = sys.argv[1:5]
    batch, size, repetitions, threads = map(int, sys.argv[5:9])
    kind, *rest = peer.split("-")
    if rest[-1:] == ["bfloat16"] and not has_bfloat16():
        print(f"{peer}: left out: this processor has no bfloat16 instructions", file=sys.stderr)
        sys.exit(3)
    try:
        if kind == "torch":
            result = run_torch(*rest, arch, connectivity, work, batch, size, repetitions, threads)
        elif kind == "openvino":
            result = run_openvino(rest[0], arch, connectivity, batch, size, repetitions, threads)
        else:
            result = run_onnx(arch, connectivity, batch, size, repetitions, threads)
    except ImportError as error:
        print(f"{peer}: {error}", file=sys.stderr)
        sys.exit(3)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
