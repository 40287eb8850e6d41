import CKernels
import Synchronization

/// How an op's gradient reaches its operands: adds to `gradients` what each tracked operand receives
/// when the op's result receives `gradient`. A function without captures, so that it costs no object.
typealias Derivative =
  @Sendable (_ record: Saved, _ gradient: Tensor, _ gradients: inout Gradients)
  -> Void

/// Which tape tracks a tensor and as what: the tape's number and the record's, or 0 for a constant.
typealias Mark = UInt64

/// An operand as the tape knows it: where its gradient goes, and the shape the gradient must have.
struct Operand: Sendable {
  let mark: Mark
  let shape: Shape

  init(_ tensor: Tensor) {
    mark = tensor.mark
    shape = tensor.shape
  }
}

/// One op as the tape remembers it: a plain struct, no closure. It saves the tensors its derivative
/// reads and no others; what is saved is constant.
struct Record: Sendable {
  /// Null for a leaf: a tensor whose gradient was asked for.
  var derivative: Derivative?
  var a: Operand?
  var b: Operand?
  var c: Operand?
  var x: Tensor?
  var y: Tensor?
  var z: Tensor?
  var indices: Indices?
  var shape = Shape()
  var integer = 0
  var low: Float = 0
  var high: Float = 0
}

/// A record where it lies on the tape, so that a derivative reads it without copying it.
struct Saved {
  fileprivate let record: UnsafePointer<Record>

  var a: Operand { record.pointee.a! }
  var b: Operand { record.pointee.b! }
  var c: Operand? { record.pointee.c }
  /// The saved tensors, as the op chose them.
  var x: Tensor { record.pointee.x! }
  var y: Tensor { record.pointee.y! }
  var z: Tensor { record.pointee.z! }
  var indices: Indices { record.pointee.indices! }
  var shape: Shape { record.pointee.shape }
  var integer: Int { record.pointee.integer }
  var low: Float { record.pointee.low }
  var high: Float { record.pointee.high }
}

/// The ops of one differentiated region in the order they ran.
final class Tape {
  private var id: UInt32 = 0
  private var records: [Record] = []
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
    tensor.mark = append(Record(derivative: nil))
  }

  func append(_ record: consuming Record) -> Mark {
    records.append(record)
    return Mark(id) << 32 | Mark(records.count)
  }

  /// The open tape that tracks any of the operands, or nil when they are all constants.
  @inline(__always)
  static func tracking(_ a: Mark, _ b: Mark = 0, _ c: Mark = 0) -> Tape? {
    a | b | c == 0 ? nil : search(a >> 32, b >> 32, c >> 32)
  }

  @inline(never)
  private static func search(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> Tape? {
    var next = swirl_current_tape().map { Unmanaged<Tape>.fromOpaque($0) }
    var found: Unmanaged<Tape>?
    while let candidate = next {
      let (id, parent) = candidate._withUnsafeGuaranteedRef { (UInt64($0.id), $0.parent) }
      if a == id || b == id || c == id {
        if found != nil {
          fail(
            "valueWithGradient",
            "an op mixes tensors of an inner and an outer differentiated region; "
              + "reverse mode does not nest: take the inner gradient of detached tensors")
        }
        found = candidate
      }
      next = parent
    }
    return found?.takeUnretainedValue()
  }

  /// Runs the records backwards from `output` and returns the gradient of every node.
  func gradients(from output: Tensor, seed: Tensor) -> Gradients {
    var gradients = Gradients(tape: id, count: records.count)
    guard gradients.wants(output.mark) else { return gradients }
    gradients.add(seed, to: Operand(output))
    records.withUnsafeBufferPointer { records in
      for node in stride(from: Int(UInt32(truncatingIfNeeded: output.mark)) - 1, through: 0, by: -1)
      {
        guard let derivative = records[node].derivative, let gradient = gradients.take(node) else {
          continue
        }
        derivative(Saved(record: records.baseAddress! + node), gradient, &gradients)
      }
    }
    return gradients
  }
}

/// The gradients that have reached each node of a tape so far.
struct Gradients {
  private let tape: UInt32
  private var slots: [Tensor?]

  init(tape: UInt32, count: Int) {
    self.tape = tape
    slots = [Tensor?](repeating: nil, count: count)
  }

  /// Whether an operand wants a gradient: an op skips the work for those that do not.
  func wants(_ mark: Mark) -> Bool { UInt32(truncatingIfNeeded: mark >> 32) == tape && mark != 0 }
  func wants(_ operand: Operand?) -> Bool { operand.map { wants($0.mark) } ?? false }

  /// Adds `gradient` to what `operand` has received.
  @inline(__always)
  mutating func add(_ gradient: @autoclosure () -> Tensor, to operand: Operand?) {
    guard let operand, wants(operand.mark) else { return }
    receive(gradient(), Int(UInt32(truncatingIfNeeded: operand.mark)) - 1)
  }

  private mutating func receive(_ gradient: consuming Tensor, _ node: Int) {
    if slots[node] == nil {
      slots[node] = gradient
    } else {
      slots[node]!.accumulate(gradient)
    }
  }

  mutating func take(_ node: Int) -> Tensor? {
    var gradient: Tensor?
    swap(&gradient, &slots[node])
    return gradient
  }

  mutating func take(_ leaf: Tensor) -> Tensor? {
    take(Int(UInt32(truncatingIfNeeded: leaf.mark)) - 1)
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
  consuming func recorded(on tape: Tape, _ record: consuming Record) -> Tensor {
    mark = tape.append(record)
    return self
  }
}
