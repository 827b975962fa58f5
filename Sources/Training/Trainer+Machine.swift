import Files
import Torch

extension Trainer {
    /// Says that a training goes on which was begun by what comes to other bits.
    func tellOfAnotherMachine() throws {
        let machine = configuration.machine
        let here = Machine.current(device: try Device(named: machine.device), kernels: machine.kernels)
        guard let (what, its, own) = here.difference(from: machine) else { return }
        observer(
            .note(
                "\(folder.path) was begun with another \(what) (\(its.inSentence), here \(own)): it goes on, to other bits than there"
            ))
    }
}
