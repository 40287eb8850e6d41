/// What is wrong with a number of a state that was read from a file: a part of a sentence, or nil.
func fault<Number: BinaryInteger>(
  _ name: String, _ number: Number, in range: ClosedRange<Number>
) -> String? {
  range.contains(number)
    ? nil : "\(name) is \(number); it must be from \(range.lowerBound) to \(range.upperBound)"
}

/// The same of a number with a fraction, which NaN is none of.
func fault(_ name: String, _ number: Double, in range: ClosedRange<Double>) -> String? {
  range.contains(number)
    ? nil : "\(name) is \(number); it must be from \(range.lowerBound) to \(range.upperBound)"
}

/// The same of how many of something there are.
func fault(_ name: String, count: Int, for expected: Int) -> String? {
  count == expected ? nil : "there are \(count) \(name); there must be \(expected)"
}

/// Steps and other counts, which must be able to grow.
let countRange = 0...(1 << 53)

/// The first of several things that may be wrong.
func firstFault(_ faults: String?...) -> String? { faults.lazy.compactMap { $0 }.first }
