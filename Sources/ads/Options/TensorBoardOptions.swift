import ArgumentParser

struct TensorBoardOptions: ParsableArguments {
    @Flag(
        help:
            "Write the curves for TensorBoard, too, into the run's folder; a run that has them keeps them up with --resume."
    )
    var tensorboard = false
}
