import PickleFiles

extension PickleNames {
    /// What a state dict is written with, and a checkpoint's numbers and schedules.
    private static let torchNames: Set<String> = [
        "torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter",
        "torch Size", "torch device", "collections Counter", "_codecs encode", "numpy dtype",
        "numpy.core.multiarray scalar", "numpy._core.multiarray scalar",
    ]

    /// What torch.save writes of a state dict.
    /// - Parameter file: the file's name, for the line that converts it.
    static func torch(file: String) -> PickleNames {
        PickleNames(
            known: torchNames.union(StateDict.storages.keys), dictionaries: ["collections OrderedDict"]
        ) { key in
            // The legacy container begins an object with the word 'module'.
            let isObject = key == nil || key == "module"
            let held = key.flatMap { ["model", "net", "network"].contains($0) ? "['\($0)'].state_dict()" : nil }
            let what = isObject ? ".state_dict()" : held ?? "['state_dict']"
            return
                "where you trust it, write its weights alone: torch.save(torch.load('\(file)', weights_only=False)\(what), 'weights.pth')"
        }
    }

    /// The same, where it is TorchScript.
    static func script(file: String) -> PickleNames {
        PickleNames(known: torchNames.union(StateDict.storages.keys), dictionaries: ["collections OrderedDict"]) { _ in
            "it is TorchScript, a program; \(scriptAdvice(file))"
        }
    }

    /// What to do about TorchScript.
    static func scriptAdvice(_ file: String) -> String {
        "where you trust it, write its weights alone: torch.save(torch.jit.load('\(file)').state_dict(), 'weights.pth')"
    }
}
