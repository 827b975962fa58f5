import Files
import Foundation
import Training

/// Progress on stderr: one line that renews itself on a terminal, plain lines now and then elsewhere.
public final class Console {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let quiet: Bool
    private var lastShown: ContinuousClock.Instant?
    private var hasOpenLine = false
    /// The picture below the lines, and whether it is on the terminal.
    private var panel: [String] = []
    private var panelIsShown = false

    /// A console; a quiet one prints nothing.
    public init(quiet: Bool = false) { self.quiet = quiet }

    /// Prints a line that stays.
    public func line(_ text: String) {
        guard !quiet else { return }
        clear()
        write(text + "\n")
        draw()
    }

    /// Shows a picture of a few lines below all others, until the next; on a terminal only.
    public func panel(_ lines: [String]) {
        guard !quiet, isTerminal else { return }
        clear()
        panel = lines
        draw()
    }

    private func draw() {
        guard !panel.isEmpty else { return }
        // A line that wraps would take two to clear.
        write(panel.map { $0.prefix(Self.width - 1) + "\n" }.joined())
        panelIsShown = true
    }

    /// Columns of the terminal.
    private static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
        return Int(size.ws_col)
    }

    /// Shows passing progress: at most five times a second on a terminal, every 20 seconds elsewhere.
    public func progress(_ text: @autoclosure () -> String) {
        guard !quiet else { return }
        let now = ContinuousClock.now
        let interval = isTerminal ? 0.2 : 20
        if let lastShown, (now - lastShown).seconds < interval { return }
        // Elsewhere the first seconds pass in silence: short work needs no line.
        if lastShown == nil, !isTerminal {
            lastShown = now
            return
        }
        lastShown = now
        if isTerminal {
            clear()
            write(text().prefix(Self.width - 1) + "")
            hasOpenLine = true
        } else {
            write(text() + "\n")
        }
    }

    /// Takes passing progress away: what comes next is written by somebody else.
    public func settle() { if !quiet { clear() } }

    /// Shows a training's events, each line starting with `prefix`.
    public func show(_ event: TrainingEvent, prefix: String = "") {
        switch event {
        case .step(let epoch, let epochs, let step, let steps, let loss, let accuracy, let speed, let left):
            progress(
                "\(prefix)epoch \(epoch)/\(epochs), step \(step)/\(steps): loss \(fixed(loss, 3)), accuracy \(percent(accuracy)), \(fixed(speed.rounded(.down), 0)) images/s, \(duration(left)) left"
            )
        case .epoch(let m, let epochs, let isBest):
            let validation = m.validationAccuracy.map { ", validation \(percent($0))" } ?? ""
            let waited = m.waitedShare.map { ", waited \(fixed($0 * 100, 1))% for images" } ?? ""
            line(
                "\(prefix)epoch \(m.epoch)/\(epochs): loss \(fixed(m.trainLoss, 3)), accuracy \(percent(m.trainAccuracy))\(validation), \(fixed(m.imagesPerSecond.rounded(.down), 0)) images/s\(waited)\(isBest ? ", best so far" : "")"
            )
        case .note(let text): line(prefix + text)
        }
    }

    private func clear() {
        if hasOpenLine { write("\r\u{1B}[2K") }
        // Up to the picture's first line, and clear from there.
        if panelIsShown { write("\u{1B}[\(panel.count)A\r\u{1B}[J") }
        (hasOpenLine, panelIsShown) = (false, false)
    }

    private func write(_ text: String) { StandardError.write(text) }
}

/// A number with a fixed count of decimals.
public func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

/// A share as percent with two decimals.
public func percent(_ share: Double) -> String { fixed(share * 100, 2) + "%" }

/// Seconds as people say them: "45 s", "3 min 20 s", "2 h 05 min".
public func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e9 else { return "unknown time" }
    let s = Int(seconds.rounded())
    if s < 60 { return "\(s) s" }
    if s < 3600 { return "\(s / 60) min \(s % 60) s" }
    return "\(s / 3600) h \(String(format: "%02d", s % 3600 / 60)) min"
}

/// A whole number with commas between thousands.
public func grouped(_ number: Int) -> String {
    var digits = String(number.magnitude)
    var out = ""
    while digits.count > 3 {
        out = "," + digits.suffix(3) + out
        digits = String(digits.dropLast(3))
    }
    return (number < 0 ? "-" : "") + digits + out
}

/// "1 worker", "2 workers".
public func plural(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
