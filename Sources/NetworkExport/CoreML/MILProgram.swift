/// A program in Core ML's Model Intermediate Language, as much of it as our networks need
/// (https://apple.github.io/coremltools/docs-guides/source/model-intermediate-language.html).
package struct MILProgram: Equatable {
    /// What it is given.
    package var inputs: [Variable] = []
    /// The set of operations; `CoreML5` is iOS 15's.
    package var opset = ""
    /// The names of what it gives.
    package var outputs: [String] = []
    /// The operations, each after those whose values it reads.
    package var operations: [Operation] = []

    /// The types of elements that occur, by their number in the format.
    package enum Element: Int {
        case bool = 1
        case string = 2
        case float32 = 11
        case float64 = 12
        case int32 = 23
    }

    /// The type of a value.
    package enum Kind: Equatable {
        /// An array of a shape; without dimensions it is one element.
        case tensor(Element, [Int])
        /// A list of so many texts.
        case texts(Int)
        /// A dictionary from and to single elements.
        case dictionary(Element, Element)
    }

    /// A named value.
    package struct Variable: Equatable {
        package var name: String
        package var kind: Kind
    }

    /// What a constant holds.
    package enum Contents: Equatable {
        case floats([Float])
        case ints([Int])
        case bools([Bool])
        case text(String)
        /// A list of texts.
        case texts([String])
        /// The record of an array that begins at a byte of a file; the path begins with `@model_path`.
        case blob(file: String, offset: Int)
    }

    /// A constant with its type.
    package struct Constant: Equatable {
        package var kind: Kind
        package var contents: Contents
    }

    /// What an operation is given for one of its inputs.
    package enum Argument: Equatable {
        case variable(String)
        case constant(Constant)
    }

    /// An operation.
    package struct Operation: Equatable {
        /// Which one, such as `conv`; `const` makes a constant.
        package var type: String
        package var name: String
        package var inputs: [String: [Argument]] = [:]
        package var outputs: [Variable]
        /// The value of a `const`.
        package var value: Constant?
    }
}
