import Runs

// The files that only searches and calibrations have.
extension RunFolder {
    /// The study of a search.
    public var study: String { path + "/study.sqlite" }
    /// A search's result: the matrices alone, for --connectivity.
    public var connectivity: String { path + "/connectivity.json" }
    /// What a calibration came to.
    public var calibration: String { path + "/calibration.json" }
    /// A calibration's masked scores with several numbers of images, a line of JSON per connectivity.
    var readings: String { path + "/readings.jsonl" }
}
