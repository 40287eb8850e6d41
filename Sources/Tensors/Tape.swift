import CKernels
import Synchronization

/// How an op's gradient reaches its operands: adds to `gradients` what each tracked operand receives
/// when the op's result receives `gradient`.
typealias Derivative =
  @Sendable (_ record: Record, _ gradient: Tensor, _ gradients: inout Gradients)
  -> Void

/// One op as the tape remembers it: a plain struct, no closure.
struct Record: Sendable {
  /// Null for a leaf: a tensor whose gradient was asked for.
  var derivative: Derivative?
  var a: Tensor?
  var b: Tensor?
  var c: Tensor?
  /// What the derivative needs of the result.
  var result: Tensor?
  var indices: Indices?
  var shape = Shape()
  var integer = 0
  var low: Float = 0
  var high: Float = 0
}

/// The ops of one differentiated region in the order they ran.
final class Tape {
  private(set) var id: UInt32 = 0
  private(set) var records: [Record] = []
  /// The tape this one was opened within.
  private var parent: Unmanaged<Tape>?

  private static let nextID = Atomic<UInt32>(1)

  /// Opens a tape for the calling thread, reusing the arrays of one it has closed.
  static func open() -> Tape {
    let tape: Tape
    if let spare = swirl_spare_tape() {
      swirl_set_spare_tape(nil)
      tape = Unmanaged<Tape>.fromOpaque(spare).takeRetainedValue()
    } else {
      tape = Tape()
      tape.records.reserveCapacity(256)
    }
    tape.id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
    tape.parent = swirl_current_tape().map { Unmanaged<Tape>.fromOpaque($0) }
    swirl_set_current_tape(Unmanaged.passUnretained(tape).toOpaque())
    return tape
  }

  func close() {
    swirl_set_current_tape(parent?.toOpaque())
    parent = nil
    records.removeAll(keepingCapacity: true)
    if swirl_spare_tape() == nil {
      swirl_set_spare_tape(Unmanaged.passRetained(self).toOpaque())
    }
  }

  /// Marks `tensor` as one whose gradient is wanted.
  func track(_ tensor: inout Tensor) {
    tensor.node = Int32(records.count)
    tensor.tape = id
    records.append(Record(derivative: nil))
  }

  func append(_ record: Record) -> Int32 {
    records.append(record)
    return Int32(records.count - 1)
  }

  /// The open tape that tracks any of the operands, or nil when they are all constants.
  @inline(__always)
  static func tracking(_ a: Tensor, _ b: Tensor? = nil, _ c: Tensor? = nil) -> Tape? {
    if a.node < 0 && (b == nil || b!.node < 0) && (c == nil || c!.node < 0) { return nil }
    return search(a, b, c)
  }

  @inline(never)
  private static func search(_ a: Tensor, _ b: Tensor?, _ c: Tensor?) -> Tape? {
    var next = swirl_current_tape().map { Unmanaged<Tape>.fromOpaque($0) }
    var found: Tape?
    while let candidate = next?.takeUnretainedValue() {
      let tracks =
        (a.node >= 0 && a.tape == candidate.id)
        || (b.map { $0.node >= 0 && $0.tape == candidate.id } ?? false)
        || (c.map { $0.node >= 0 && $0.tape == candidate.id } ?? false)
      if tracks {
        if found != nil {
          fail(
            "valueWithGradient",
            "an op mixes tensors of an inner and an outer differentiated region; "
              + "reverse mode does not nest: take the inner gradient of detached tensors")
        }
        found = candidate
      }
      next = candidate.parent
    }
    return found
  }

  /// Runs the records backwards from `output` and returns the gradient of every node.
  func gradients(from output: Tensor, seed: Tensor) -> Gradients {
    var gradients = Gradients(tape: id, count: records.count)
    guard output.node >= 0 && output.tape == id else { return gradients }
    gradients.add(seed, to: output)
    var node = Int(output.node)
    while node >= 0 {
      if let derivative = records[node].derivative, let gradient = gradients.take(node) {
        derivative(records[node], gradient, &gradients)
      }
      node -= 1
    }
    return gradients
  }
}

/// The gradients that have reached each node of a tape so far.
struct Gradients {
  let tape: UInt32
  private var slots: [Tensor?]

  init(tape: UInt32, count: Int) {
    self.tape = tape
    slots = [Tensor?](repeating: nil, count: count)
  }

  /// Whether `operand` wants a gradient: an op skips the work for those that do not.
  func wants(_ operand: Tensor?) -> Bool {
    guard let operand else { return false }
    return operand.node >= 0 && operand.tape == tape
  }

  /// Adds `gradient` to what `operand` has received.
  mutating func add(_ gradient: @autoclosure () -> Tensor, to operand: Tensor?) {
    guard let operand, wants(operand) else { return }
    let node = Int(operand.node)
    if var sum = slots[node] {
      slots[node] = nil
      sum.accumulate(gradient().contiguous())
      slots[node] = sum
    } else {
      slots[node] = gradient()
    }
  }

  mutating func take(_ node: Int) -> Tensor? {
    let gradient = slots[node]
    slots[node] = nil
    return gradient
  }
}

extension Tensor {
  /// Adds another tensor of the same shape in place.
  public mutating func add(_ other: Tensor) {
    if shape != other.shape { fail("add", "shapes \(shape) and \(other.shape) differ") }
    accumulate(other)
  }

  /// Adds `other · scale` in place.
  mutating func accumulate(_ other: Tensor, scale: Float = 1) {
    let source = other.contiguous()
    mutate { kernels.accumulate($0.count, source.pointer, scale, $0.baseAddress) }
  }

  /// This tensor as the result of an op on `tape`.
  @inline(__always)
  func recorded(on tape: Tape, _ record: Record) -> Tensor {
    var result = self
    result.node = tape.append(record)
    result.tape = tape.id
    return result
  }
}
