"""The peers of exports: what other programs make of the files that `ads export` wrote.

    python3 exported.py onnx 0 MODEL.onnx...          onnx.checker in full and strict shape inference; fails with their sentence
    python3 exported.py onnxruntime N MODEL.onnx...   the logits of N images, a JSON list for each model
    python3 exported.py openvino N MODEL.onnx...      the same, in float32
    python3 exported.py pytorch N FOLDER...           the same by each folder's own loader, with nothing but torch
    python3 exported.py differences 4 MODEL.onnx FOLDER   how far the three are from the logits in the folder's config.json

The images are those of `ReferenceLogits.pixels`, the first one by itself and all N as a batch, which must say the same. A model
that takes floats is given them normalised by its metadata.
"""
import importlib.util
import json
import sys

PEER, COUNT, PATHS = sys.argv[1], int(sys.argv[2]), sys.argv[3:]


def images(shape):
    import numpy as np

    k = np.arange(COUNT * int(np.prod(shape)), dtype=np.int64)
    return ((k * k + 7 * k) % 65521 % 256).astype(np.uint8).reshape(-1, *shape)


def given(session_type, metadata):
    """The images as the model takes them."""
    import numpy as np

    fields = json.loads(metadata["preprocessing"])
    x = images(fields["input_size"])
    if "uint8" in session_type:
        return x
    mean, std = (np.float32(255 * np.float64(fields[key])).reshape(1, -1, 1, 1) for key in ("mean", "std"))
    return (x.astype(np.float32) - mean) / std


def logits(compute, x):
    """The logits of all images, of which the first gives the same by itself."""
    one, many = compute(x[:1]), compute(x)
    if abs(one - many[:1]).max() > 1e-5 * max(1, abs(many).max()):
        sys.exit(f"one image gives {one}, and in a batch {many[:1]}")
    return [float(value) for value in many.reshape(-1)]


def onnx(path):
    import onnx

    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    shapes = {v.name: [d.dim_value or d.dim_param for d in v.type.tensor_type.shape.dim] for v in inferred.graph.value_info}
    unknown = [n.output[0] for n in model.graph.node if n.output[0] not in shapes and n.output[0] != "logits"]
    if unknown or any(shape[0] != "batch" for shape in shapes.values()):
        sys.exit(f"no shape was inferred for {unknown}, or another batch: {shapes}")
    return [model.ir_version, model.opset_import[0].version] + sorted({n.op_type for n in model.graph.node})


def onnxruntime(path):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given_to = session.get_inputs()[0]
    x = given(given_to.type, session.get_modelmeta().custom_metadata_map)
    return logits(lambda x: session.run(None, {given_to.name: x})[0], x)


def openvino(path):
    import onnx
    import openvino

    # Its own default may be bfloat16.
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    element = "uint8" if compiled.input(0).get_element_type() == openvino.Type.u8 else "float"
    x = given(element, {p.key: p.value for p in onnx.load(path).metadata_props})
    return logits(lambda x: next(iter(compiled(x).values())).copy(), x)


def pytorch(path):
    spec = importlib.util.spec_from_file_location("densenet_ads", path + "/densenet_ads.py")
    loader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loader)
    import torch

    others = {"onnx", "onnxruntime", "openvino", "torchvision", "timm", "safetensors"} & set(sys.modules)
    model = loader.from_folder(path)
    if others or model.training:
        sys.exit(f"it imported {others}, or is in training mode")
    with torch.no_grad():
        return logits(lambda x: model(model.normalize(torch.from_numpy(x))).numpy(), images(model.input_size))


def differences(model, folder):
    with open(folder + "/config.json", encoding="utf-8") as file:
        expected = [value for row in json.load(file)["ads"]["logits"] for value in row]
    print(f"largest logit: {max(map(abs, expected)):.3g}")
    # PyTorch first: its loader must do with nothing else.
    for name, found in [("pytorch", pytorch(folder)), ("onnxruntime", onnxruntime(model)), ("openvino", openvino(model))]:
        print(f"{name}: {max(abs(a - b) for a, b in zip(found, expected, strict=True)):.1e}")


if PEER == "differences":
    differences(*PATHS)
    sys.exit()
print(json.dumps([{"onnx": onnx, "onnxruntime": onnxruntime, "openvino": openvino, "pytorch": pytorch}[PEER](p) for p in PATHS]))
