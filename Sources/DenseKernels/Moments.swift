/// The number of some values, their sum and their squared distances from the mean.
struct Moments {
    private(set) var count = 0.0
    private(set) var sum = 0.0
    private(set) var squares = 0.0

    /// Adds others (Chan, Golub and LeVeque, 1979).
    mutating func add(_ other: Moments) {
        guard other.count > 0 else { return }
        if count > 0 {
            let distance = other.sum / other.count - sum / count
            squares += other.squares + distance * distance * count * other.count / (count + other.count)
        } else {
            squares = other.squares
        }
        count += other.count
        sum += other.sum
    }

    /// Copies pixels and adds them. Distances are taken from the first pixel: one pass, and no digits lost unless the
    /// first pixel is far out.
    @inline(__always)
    mutating func copy(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, count n: Int) {
        let origin = from[0]
        var (first, second) = (Vector.zero, Vector.zero)
        var q = 0
        while q &+ 16 <= n {
            let v = load(from + q)
            store(v, to + q)
            let d = v - origin
            first += d
            accumulate(&second, d, d)
            q &+= 16
        }
        if q &+ 8 <= n {
            let v = load8(from + q)
            store8(v, to + q)
            let d = v - origin
            first += widened(d)
            second += widened(d * d)
            q &+= 8
        }
        var (total, totalSquares) = (laneSum(first), laneSum(second))
        while q < n {
            to[q] = from[q]
            let d = from[q] - origin
            total += d
            totalSquares += d * d
            q &+= 1
        }
        var own = Moments()
        own.count = Double(n)
        own.sum = Double(total) + Double(n) * Double(origin)
        own.squares = max(0, Double(totalSquares) - Double(total) * Double(total) / Double(n))
        if totalSquares.isNaN { own.squares = .nan }
        add(own)
    }

    /// Adds pixels.
    @inline(never)
    mutating func add(_ x: UnsafePointer<Float>, count n: Int) {
        let origin = x[0]
        var (first, second) = (Vector.zero, Vector.zero)
        var q = 0
        while q &+ 16 <= n {
            let d = load(x + q) - origin
            first += d
            accumulate(&second, d, d)
            q &+= 16
        }
        var (total, totalSquares) = (laneSum(first), laneSum(second))
        while q < n {
            let d = x[q] - origin
            total += d
            totalSquares += d * d
            q &+= 1
        }
        var own = Moments()
        own.count = Double(n)
        own.sum = Double(total) + Double(n) * Double(origin)
        own.squares = Double(totalSquares) - Double(total) * Double(total) / Double(n)
        if own.squares < 0 { own.squares = 0 }
        add(own)
    }
}

/// Backward through ReLU and, as far as it depends on this image alone, through BN.
struct NormBackward {
    private let a: Activation
    private let mean: Float
    private var first = Vector.zero
    private var second = Vector.zero
    private var firstRest: Float = 0
    private var secondRest: Float = 0

    init(_ a: Activation, mean: Float) {
        self.a = a
        self.mean = mean
    }

    /// With d the gradient behind ReLU: adds `scale · d` to the gradient, `Σ d` and `Σ d · (x − mean)` to the sums.
    @inline(__always)
    mutating func add(_ d: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ g: UnsafeMutablePointer<Float>, count: Int) {
        var q = 0
        while q &+ 16 <= count {
            let v = load(x + q)
            let t = load(d + q).replacing(with: Vector.zero, where: v * a.scale + a.shift .<= Vector.zero)
            first += t
            accumulate(&second, t, v - mean)
            store(load(g + q) + t * a.scale, g + q)
            q &+= 16
        }
        if q &+ 8 <= count {
            let v = load8(x + q)
            let t = load8(d + q).replacing(with: SIMD8<Float>.zero, where: v * a.scale + a.shift .<= SIMD8<Float>.zero)
            first += widened(t)
            second += widened(t * (v - mean))
            store8(load8(g + q) + t * a.scale, g + q)
            q &+= 8
        }
        while q < count {
            let t = x[q] * a.scale + a.shift <= 0 ? 0 : d[q]
            firstRest += t
            secondRest += t * (x[q] - mean)
            g[q] += t * a.scale
            q &+= 1
        }
    }

    /// Adds the two sums to `sums[0]` and `sums[1]`.
    @inline(__always)
    func finish(_ sums: UnsafeMutablePointer<Float>) {
        sums[0] += laneSum(first) + firstRest
        sums[1] += laneSum(second) + secondRest
    }
}
