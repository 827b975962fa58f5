import DenseNetArchitecture
import DenseNetModel
import Randomness
import Strategies
import Torch
import Training

/// Trains each child from fresh weights.
public struct ScratchEvaluator: NamedEvaluator {
    public static let name = "scratch"
    public static let help = "fresh weights, trained shortly"
    let architecture: Architecture
    let data: ChildData
    let settings: EvaluatorSettings
    let device: Device
    let kernels: KernelChoice

    /// An evaluator of children of an architecture.
    public init(
        _ architecture: Architecture, _ data: ChildData, _ settings: EvaluatorSettings, device: Device,
        kernels: KernelChoice
    ) {
        self.architecture = architecture
        self.data = data
        self.settings = settings
        self.device = device
        self.kernels = kernels
    }

    public init(_ context: EvaluationContext) throws {
        let plan = context.plan
        self.init(
            plan.space.architecture, context.children, plan.settings, device: try Device(named: plan.machine.device),
            kernels: plan.machine.kernels)
    }

    public func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation {
        let generator = try Generator(seed: SeededGenerator(seed: seed, stream: 0xC40).state)
        let net = try DenseNet(
            Network(architecture, connectivity), generator: generator, initialization: Recipe.oneCycle.initialization,
            device: device)
        net.kernels = kernels
        let images = try settings.train(net, data, seed: seed, length: length)
        let validation = try net.evaluate(data.maker, data.validation)
        return ChildEvaluation(accuracy: validation.accuracy, loss: validation.loss, images: images)
    }
}
