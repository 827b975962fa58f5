/// The Python file beside exported weights.
enum PyTorchLoader {
    static let fileName = "densenet_ads.py"
    static let text = #"""
        """A DenseNet that `ads export --format safetensors` wrote, in PyTorch; needs torch and nothing else.

            from densenet_ads import from_folder
            model = from_folder("FOLDER")                  # the folder with config.json; evaluation mode
            logits = model(model.normalize(images))        # images: uint8 [N, C, H, W]; logits: [N, classes]
            print(model.label_names[logits[0].argmax()])

        `python3 densenet_ads.py` computes the logits that ads computed before it wrote this folder, and compares.
        """
        import json
        import math
        import pathlib
        import sys

        import torch
        import torch.nn.functional as F
        from torch import nn


        def convolution(inputs, outputs, kernel, stride=1):
            return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


        class DenseLayer(nn.Module):
            def __init__(self, inputs, growth, bottleneck):
                super().__init__()
                self.norm1 = nn.BatchNorm2d(inputs)
                self.conv1 = convolution(inputs, 4 * growth, 1) if bottleneck else convolution(inputs, growth, 3)
                if bottleneck:
                    self.norm2 = nn.BatchNorm2d(4 * growth)
                    self.conv2 = convolution(4 * growth, growth, 3)
                self.bottleneck = bottleneck

            def forward(self, x):
                x = self.conv1(F.relu(self.norm1(x)))
                return self.conv2(F.relu(self.norm2(x))) if self.bottleneck else x


        class DenseBlock(nn.Module):
            """Row i of the matrix says what layer i reads: 0 the block's input, j layer j; a row more is the end's."""

            def __init__(self, inputs, layers, growth, bottleneck, rows):
                super().__init__()
                reads = [[j for j, is_read in enumerate(row) if is_read] for row in rows]
                end = reads[layers] if len(rows) > layers else list(range(layers + 1))
                living = set(end)
                for i in range(layers, 0, -1):  # a layer that nothing reads is left out
                    if i in living:
                        living |= set(reads[i - 1])

                def channels(nodes):
                    return sum(growth if node else inputs for node in nodes)

                self.reads = [(i, reads[i - 1]) for i in range(1, layers + 1) if i in living]
                self.end, self.channels = end, channels(end)
                for i, nodes in self.reads:
                    self.add_module(f"denselayer{i}", DenseLayer(channels(nodes), growth, bottleneck))

            def forward(self, x):
                maps = {0: x}
                for i, nodes in self.reads:
                    maps[i] = getattr(self, f"denselayer{i}")(torch.cat([maps[j] for j in nodes], 1))
                return torch.cat([maps[j] for j in self.end], 1)


        class Transition(nn.Module):
            def __init__(self, inputs, outputs):
                super().__init__()
                self.norm = nn.BatchNorm2d(inputs)
                self.conv = convolution(inputs, outputs, 1)

            def forward(self, x):
                # As ads computes it: pooling first is a quarter of the work, and the same.
                return self.conv(F.avg_pool2d(F.relu(self.norm(x)), 2))


        class DenseNet(nn.Module):
            """Normalised float images [N, C, H, W] to logits [N, classes]; the weights have torchvision's names."""

            def __init__(self, architecture, connectivity):
                super().__init__()
                a, stem = architecture, architecture["stem"]
                self.features = nn.Sequential()
                if stem["kind"] == "imagenet":
                    self.features.add_module("conv0", convolution(a["input_channels"], stem["channels"], 7, 2))
                    self.features.add_module("norm0", nn.BatchNorm2d(stem["channels"]))
                    self.features.add_module("relu0", nn.ReLU())
                    self.features.add_module("pool0", nn.MaxPool2d(3, 2, 1))
                else:
                    self.features.add_module("conv0", convolution(a["input_channels"], stem["channels"], 3))
                channels, growth = stem["channels"], a["growth_rate"]
                for b, (layers, rows) in enumerate(zip(a["blocks"], connectivity), 1):
                    block = DenseBlock(channels, layers, growth, a["bottleneck"], rows)
                    self.features.add_module(f"denseblock{b}", block)
                    if b < len(a["blocks"]):
                        # What a transition makes does not depend on what it reads.
                        channels = int((channels + layers * growth) * a["compression"])
                        self.features.add_module(f"transition{b}", Transition(block.channels, channels))
                self.features.add_module("norm5", nn.BatchNorm2d(block.channels))
                self.classifier = nn.Linear(block.channels, a["classes"])

            def forward(self, x):
                return self.classifier(F.relu(self.features(x)).mean((2, 3)))

            def normalize(self, images):
                """Images of 0 to 255 as the network takes them."""
                mean, std = (torch.tensor(v, dtype=torch.float64, device=images.device) for v in (self.mean, self.std))
                shape = (1, -1, 1, 1)
                return (images.float() - (255 * mean).float().view(shape)) / (255 * std).float().view(shape)


        def read_safetensors(path):
            data = bytearray(pathlib.Path(path).read_bytes())
            start = 8 + int.from_bytes(data[:8], "little")
            tensors = {}
            for name, entry in json.loads(data[8:start]).items():
                if name != "__metadata__":
                    shape, offset = entry["shape"], start + entry["data_offsets"][0]
                    flat = torch.frombuffer(data, dtype=torch.float32, count=math.prod(shape), offset=offset)
                    tensors[name] = flat.reshape(shape).clone()
            return tensors


        def from_folder(folder):
            """The network of a folder, in evaluation mode; it has label_names, mean, std and input_size, too."""
            folder = pathlib.Path(folder)
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            model = DenseNet(**config["ads"]["network"])
            model.load_state_dict(read_safetensors(folder / "model.safetensors"))
            model.label_names = config["label_names"]
            model.mean, model.std = config["pretrained_cfg"]["mean"], config["pretrained_cfg"]["std"]
            model.input_size = config["pretrained_cfg"]["input_size"]
            return model.eval()


        def main():
            folder = pathlib.Path(__file__).parent
            model = from_folder(folder)
            expected = torch.tensor(json.loads((folder / "config.json").read_text(encoding="utf-8"))["ads"]["logits"])
            k = torch.arange(len(expected) * math.prod(model.input_size))
            images = ((k * k + 7 * k) % 65521 % 256).view(-1, *model.input_size)
            with torch.no_grad():
                logits = model(model.normalize(images))
            difference = (logits - expected).abs().max().item()
            agree = difference <= 1e-4 * max(0.01, expected.abs().max().item())
            verdict = "" if agree else "; too large"
            print(f"{len(expected)} images: largest difference of logits from ads's {difference:.1e}{verdict}")
            sys.exit(not agree)


        if __name__ == "__main__":
            main()

        """#
}
