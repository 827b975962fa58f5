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

    /// Adds pixels.
    @inline(__always)
    mutating func add(_ x: UnsafePointer<Float>, count n: Int) { copy(x, nil, count: n, measured: true) }

    /// Copies pixels and, where the moments are asked for, adds them.
    @inline(__always)
    mutating func copy(
        _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>?, count n: Int, measured: Bool
    ) {
        if !measured, let to {
            copyPixels(from, to, count: n)
            return
        }
        var sums = MomentSums(origin: from[0])
        var q = 0
        while q &+ 16 <= n {
            let v = load(from + q)
            if let to { store(v, to + q) }
            sums.add(v)
            q &+= 16
        }
        while q < n {
            if let to { to[q] = from[q] }
            sums.add(from[q])
            q &+= 1
        }
        add(sums.moments(count: n))
    }

    fileprivate init(count: Double, sum: Double, squares: Double) {
        self.count = count
        self.sum = sum
        self.squares = squares
    }

    init() {}
}

/// Sums of distances from a value near the others: moments in one pass, and no digits lost unless that value is far
/// out.
struct MomentSums {
    private let origin: Float
    private var first = Vector.zero
    private var second = Vector.zero
    private var firstRest: Float = 0
    private var secondRest: Float = 0

    init(origin: Float) { self.origin = origin }

    @inline(__always) mutating func add(_ v: Vector) {
        let d = v - origin
        first += d
        accumulate(&second, d, d)
    }

    @inline(__always) mutating func add(_ x: Float) {
        let d = x - origin
        firstRest += d
        secondRest += d * d
    }

    /// The moments of the `count` values that were added.
    @inline(__always) func moments(count: Int) -> Moments {
        let (total, squares) = (Double(laneSum(first) + firstRest), Double(laneSum(second) + secondRest))
        let own = squares - total * total / Double(count)
        return Moments(count: Double(count), sum: total + Double(count) * Double(origin), squares: own < 0 ? 0 : own)
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
    mutating func add(
        _ d: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ g: UnsafeMutablePointer<Float>, count: Int
    ) {
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
