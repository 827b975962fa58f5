import FuzzDriver
import FuzzedReaders
import FuzzedRunReaders

fuzz("fuzz-runs", FuzzedReader.runs)
