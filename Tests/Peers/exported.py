"""The peers of exports: what other programs make of the files that `ads export` wrote.

    python3 exported.py onnx 0 MODEL.onnx...          onnx.checker in full and strict shape inference; fails with their sentence
    python3 exported.py onnxruntime N MODEL.onnx...   the logits of N images, a JSON list for each model
    python3 exported.py openvino N MODEL.onnx...      the same, in float32
    python3 exported.py pytorch N FOLDER...           the same by each folder's own loader, with nothing but torch
    python3 exported.py coremltools 0 MODEL.mlpackage...   what coremltools sees, having checked the types of every operation
    python3 exported.py coreml N MODEL.mlpackage...   the logits of N images, by the program that coremltools loaded, a torch call for
                                                      each operation: Core ML itself runs on Apple's systems only
    python3 exported.py differences 4 MODEL.onnx FOLDER MODEL.mlpackage   how far all are from the logits in the folder's config.json

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


def loaded(path):
    """A package's description, and its program with all its weights; coremltools infers every type anew and compares."""
    import logging

    logging.getLogger("coremltools").setLevel(logging.CRITICAL)  # it warns of torch's version and of Linux
    import coremltools
    from coremltools.converters.mil.frontend.milproto import load

    model = coremltools.models.MLModel(path, skip_model_load=True)
    spec = model.get_spec()
    program = load.load(spec, specification_version=spec.specificationVersion, file_weights_dir=model.weights_dir)
    return spec, program.functions["main"]


def coremltools(path):
    spec, function = loaded(path)
    description = spec.description
    given = description.input[0]
    image, array = given.type.imageType, given.type.multiArrayType
    seen = [image.width, image.height, image.ColorSpace.Name(image.colorSpace)] if image.width else list(array.shape)
    classify = next(op for op in function.operations if op.op_type == "classify")
    kinds = [op.op_type for op in function.operations if op.op_type != "const"]
    return [
        spec.specificationVersion, given.name, seen, [output.name for output in description.output],
        description.predictedFeatureName, description.predictedProbabilitiesName, [str(name) for name in classify.classes.val],
        {kind: kinds.count(kind) for kind in kinds}, dict(description.metadata.userDefined), description.metadata.author,
    ]  # fmt: skip


def coreml(path):
    import numpy as np
    import torch
    import torch.nn.functional as F

    spec, function = loaded(path)
    fields = json.loads(spec.description.metadata.userDefined["preprocessing"])
    x = images(fields["input_size"]).astype(np.float32)
    if not fields["input"].endswith("normalised by the model"):
        mean, std = (np.float32(255 * np.float64(fields[key])).reshape(1, -1, 1, 1) for key in ("mean", "std"))
        x = (x - mean) / std

    def square(op, *names):
        """Settings that are the same along both axes."""
        assert op.pad_type.val == "custom" and all(len(set(getattr(op, name).val)) == 1 for name in names), op
        return [int(getattr(op, name).val[0]) for name in names]

    def compute(op, v):
        kind = op.op_type
        if kind == "sub":
            return v["x"] - v["y"]
        if kind == "real_div":
            return v["x"] / v["y"]
        if kind == "conv":
            stride, pad, dilation = square(op, "strides", "pad", "dilations")
            return F.conv2d(v["x"], v["weight"], None, stride, pad, dilation, int(op.groups.val))
        if kind == "batch_norm":
            return F.batch_norm(v["x"], v["mean"], v["variance"], v["gamma"], v["beta"], False, 0, float(op.epsilon.val))
        if kind == "relu":
            return F.relu(v["x"])
        if kind == "concat":
            assert not op.interleave.val
            return torch.cat(v["values"], int(op.axis.val))
        if kind in ("max_pool", "avg_pool"):
            kernel, stride, pad = square(op, "kernel_sizes", "strides", "pad")
            pool = F.max_pool2d if kind == "max_pool" else F.avg_pool2d
            return pool(v["x"], kernel, stride, pad, ceil_mode=bool(op.ceil_mode.val))
        if kind == "reduce_mean":
            return v["x"].mean([int(axis) for axis in op.axes.val], keepdim=bool(op.keep_dims.val))
        if kind == "linear":
            return F.linear(v["x"], v["weight"], v["bias"])
        if kind == "softmax":
            return F.softmax(v["x"], int(op.axis.val))
        sys.exit(f"'{kind}' is not computed here")

    def run(image):
        values = {"image": torch.from_numpy(image)}

        def value(variable):
            if isinstance(variable, (list, tuple)):
                return [value(one) for one in variable]
            if variable.name in values:
                return values[variable.name]
            return torch.from_numpy(np.asarray(variable.val))

        for op in function.operations:
            if op.op_type == "classify":
                given = values[op.probabilities.name].numpy()
                if abs(given.sum() - 1) > 1e-5 or given.argmax() != values["logits"].argmax():
                    sys.exit(f"probabilities {given} of {values['logits']}")
            elif op.op_type != "const":
                used = {name: value(v) for name, v in op.inputs.items() if name in ARRAYS}
                result = compute(op, used)
                if list(result.shape) != list(op.outputs[0].shape):
                    sys.exit(f"{op.name} makes {list(result.shape)}, and is said to make {op.outputs[0].shape}")
                values[op.outputs[0].name] = result
        return values["logits"]

    with torch.no_grad():
        return [float(value) for image in x for value in run(image[None]).reshape(-1)]


ARRAYS = {"x", "y", "values", "weight", "bias", "mean", "variance", "gamma", "beta"}


def differences(model, folder, package):
    with open(folder + "/config.json", encoding="utf-8") as file:
        expected = [value for row in json.load(file)["ads"]["logits"] for value in row]
    print(f"largest logit: {max(map(abs, expected)):.3g}")
    # PyTorch first: its loader must do with nothing else.
    for peer, path in [(pytorch, folder), (onnxruntime, model), (openvino, model), (coreml, package)]:
        found = peer(path)
        print(f"{peer.__name__}: {max(abs(a - b) for a, b in zip(found, expected, strict=True)):.1e}")


if PEER == "differences":
    differences(*PATHS)
    sys.exit()
peers = [onnx, onnxruntime, openvino, pytorch, coremltools, coreml]
print(json.dumps([{peer.__name__: peer for peer in peers}[PEER](path) for path in PATHS]))
