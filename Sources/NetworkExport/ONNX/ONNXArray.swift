/// A value while a model is computed: its elements, row-major, bytes as numbers.
package struct ONNXArray: Equatable {
    /// The type that the elements have in the model.
    package var element: ONNXModel.Element
    /// The sizes of the dimensions.
    package var shape: [Int]
    /// The elements.
    package var values: [Float]

    /// Images `[N, C, H, W]` or whatever else.
    package init(_ element: ONNXModel.Element, _ shape: [Int], _ values: [Float]) {
        self.element = element
        self.shape = shape
        self.values = values
    }
}
