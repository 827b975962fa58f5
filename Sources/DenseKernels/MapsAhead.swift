import CProcessor

/// Maps that are read soon, asked for a few lines at a time while something else is computed: those of a batch are
/// larger than any cache, and asked for all at once they would be waited for.
struct MapsAhead {
    private var runs: [(first: UnsafePointer<Float>, lines: Int)] = []
    private var run = 0
    private var line = 0
    private var all = 0
    private var share = 0

    /// Adds some channels' pixels of a panel; nothing of one whose pixels do not lie in one run.
    mutating func add(
        _ maps: UnsafePointer<Float>, _ shape: MapShape, _ channels: ArraySlice<Int>, _ panel: Panel, _ grid: Grid
    ) {
        let pixels = grid.pixels(of: panel)
        guard pixels.runs == 1 else { return }
        let own = (pixels.count + 15) / 16
        for channel in channels {
            for image in panel.image..<panel.image + panel.images {
                runs.append((maps + image * shape.elements + channel * shape.pixels + pixels.first, own))
            }
        }
        all += own * channels.count * panel.images
    }

    /// Gets ready to ask for all in `parts` parts.
    mutating func divide(by parts: Int) { share = (all + parts - 1) / parts }

    /// Asks for a part.
    mutating func ask() {
        var left = share
        while left > 0, run < runs.count {
            let (first, lines) = runs[run]
            let end = min(lines, line &+ left)
            left &-= end &- line
            while line < end {
                ads_prefetch(first + 16 &* line)
                line &+= 1
            }
            if line == lines { (run, line) = (run &+ 1, 0) }
        }
    }
}
