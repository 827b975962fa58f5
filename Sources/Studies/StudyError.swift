/// Why a study refuses a search.
public enum StudyError: Error, Equatable, CustomStringConvertible {
    /// Another search owns the study.
    case isSearched(study: String, owner: WorkerIdentity)
    /// The caller does not own the study any more; `owner` does, where anybody does.
    case ownershipLost(study: String, owner: WorkerIdentity?)
    /// An update's place holds another trial than the one that is added.
    case placeIsTaken(study: String, trial: Int)
    /// There is no such study.
    case missing(study: String, place: String)
    /// An update that does not follow the last one.
    case outOfOrder(study: String, update: Int, last: Int)

    /// One sentence: what is wrong, where, what to do.
    public var description: String {
        switch self {
        case .isSearched(let study, let owner):
            "\(study) is being searched by \(owner); wait for it, stop it, or choose another folder"
        case .ownershipLost(let study, let owner?):
            "\(study) was taken over by \(owner) while this search was silent; this one ends, what it finished is kept"
        case .ownershipLost(let study, nil):
            "\(study) was taken over by another search, which has ended, while this one was silent; continue it with --resume"
        case .placeIsTaken(let study, let trial):
            "\(study) was made by a program that proposes other children: child \(trial) differs"
        case .missing(let study, let place): "there is no study '\(study)' in \(place)"
        case .outOfOrder(let study, let update, let last):
            "\(study) cannot record update \(update): its last one is \(last)"
        }
    }
}
