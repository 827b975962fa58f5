/// An array while a model is computed by definition: floats, row-major.
package struct Maps: Equatable {
    /// The sizes of the dimensions; images are `[N, C, H, W]`.
    package var shape: [Int]
    /// The elements.
    package var values: [Float]

    /// An array from its parts.
    package init(_ shape: [Int], _ values: [Float]) {
        self.shape = shape
        self.values = values
    }
}
