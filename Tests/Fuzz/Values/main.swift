import FuzzDriver
import FuzzedReaders

fuzz("fuzz-values", FuzzedReader.values)
