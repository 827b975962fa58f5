// What is done to whole feature maps between the convolutions.

/// Writes `relu(scale · x + shift)` of a compact plane into a padded one; NaN stays NaN, as in PyTorch.
@inline(never)
func normalizeAndPad(
    _ x: UnsafePointer<Float>, scale: Float, shift: Float, _ padded: UnsafeMutablePointer<Float>, _ geometry: PlaneGeometry
) {
    let width = geometry.width
    let a = Vector(repeating: scale)
    let b = Vector(repeating: shift)
    for row in 0..<geometry.height {
        let from = x + row &* width
        let to = padded + geometry.origin + row &* geometry.rowStride
        var q = 0
        while q &+ 16 <= width {
            let v = (load(from + q) * a) + b
            store(v.replacing(with: Vector.zero, where: v .< Vector.zero), to + q)
            q &+= 16
        }
        while q < width {
            let v = from[q] * scale + shift
            to[q] = v < 0 ? 0 : v
            q &+= 1
        }
    }
}

/// Copies flat convolution output to a compact plane, dropping garbage columns.
@inline(never)
func compact(_ flat: UnsafePointer<Float>, _ plane: UnsafeMutablePointer<Float>, _ geometry: PlaneGeometry) {
    for row in 0..<geometry.height {
        (plane + row &* geometry.width).update(from: flat + row &* geometry.rowStride, count: geometry.width)
    }
}

/// Writes `gradient − (constant + slope · x)` of a compact plane into a padded one.
@inline(never)
func correctAndPad(
    _ gradient: UnsafePointer<Float>, _ x: UnsafePointer<Float>, constant: Float, slope: Float,
    _ padded: UnsafeMutablePointer<Float>, _ geometry: PlaneGeometry
) {
    let width = geometry.width
    for row in 0..<geometry.height {
        let g = gradient + row &* width
        let v = x + row &* width
        let to = padded + geometry.origin + row &* geometry.rowStride
        var q = 0
        while q &+ 16 <= width {
            store(load(g + q) - (load(v + q) * slope + constant), to + q)
            q &+= 16
        }
        while q < width {
            to[q] = g[q] - (v[q] * slope + constant)
            q &+= 1
        }
    }
}

/// The last of a layer's backward pass for one input plane: through ReLU, into BN's two sums, and on to the plane's
/// gradient as far as it depends on this image alone.
///
/// - Parameters:
///   - flat: gradient of the convolution's input, at flat positions.
///   - activated: the convolution's input, padded; positive where ReLU let through.
///   - x: the plane before BN; `mean` its batch mean, `scale` BN's scale over its deviation.
///   - gradient: the plane's gradient, added to.
///   - sums: receives `Σ d` and `Σ d · (x − mean)`, where d is the gradient behind ReLU; 16 lanes each.
@inline(never)
func backwardThroughNorm(
    _ flat: UnsafePointer<Float>, activated: UnsafePointer<Float>, x: UnsafePointer<Float>, mean: Float, scale: Float,
    gradient: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>, _ geometry: PlaneGeometry
) {
    let width = geometry.width
    var first = Vector.zero
    var second = Vector.zero
    let a = Vector(repeating: scale)
    for row in 0..<geometry.height {
        let d = flat + row &* geometry.rowStride
        let z = activated + geometry.origin + row &* geometry.rowStride
        let v = x + row &* width
        let g = gradient + row &* width
        var q = 0
        while q &+ 16 <= width {
            let t = load(d + q).replacing(with: Vector.zero, where: load(z + q) .<= Vector.zero)
            first += t
            second += t * (load(v + q) - mean)
            store(load(g + q) + t * a, g + q)
            q &+= 16
        }
        while q &+ 8 <= width {
            let t8 = load8(d + q).replacing(with: SIMD8<Float>.zero, where: load8(z + q) .<= SIMD8<Float>.zero)
            first.lowHalf += t8
            second.lowHalf += t8 * (load8(v + q) - mean)
            UnsafeMutableRawPointer(g + q).storeBytes(of: load8(g + q) + t8 * scale, as: SIMD8<Float>.self)
            q &+= 8
        }
        while q < width {
            let t: Float = z[q] <= 0 ? 0 : d[q]
            sums[32] += t
            sums[33] += t * (v[q] - mean)
            g[q] += t * scale
            q &+= 1
        }
    }
    store(first, sums)
    store(second, sums + 16)
}

@inline(__always) private func load8(_ p: UnsafePointer<Float>) -> SIMD8<Float> {
    UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self)
}

/// The sum of a plane, and the sum of the squared distances from its mean.
@inline(never)
func planeMoments(_ x: UnsafePointer<Float>, _ count: Int) -> (sum: Double, squares: Double) {
    var total = Vector.zero
    var i = 0
    while i &+ 16 <= count {
        total += load(x + i)
        i &+= 16
    }
    var sum = Double(laneSum(total))
    for j in i..<count { sum += Double(x[j]) }
    let mean = Float(sum / Double(count))
    var squared = Vector.zero
    i = 0
    while i &+ 16 <= count {
        let d = load(x + i) - mean
        squared += d * d
        i &+= 16
    }
    var squares = Double(laneSum(squared))
    for j in i..<count { squares += Double((x[j] - mean) * (x[j] - mean)) }
    // What rounding the mean moved: Σ(x−m)² = Σ(x−µ)² + n(µ−m)².
    let exact = sum / Double(count)
    return (sum, squares - Double(count) * (exact - Double(mean)) * (exact - Double(mean)))
}

/// Kept apart from the loops: see addWeightGradient6.
@inline(never) func laneSum(_ v: Vector) -> Float { v.sum() }
