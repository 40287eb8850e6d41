import CKernels
import Synchronization

/// The ops of one differentiated region in the order they ran.
final class Tape {
  // One thread uses a tape, so that exclusive access needs no check at run time; a record is built where
  // it lies, since copying one costs as much as a small op.
  @exclusivity(unchecked) private var id: UInt32 = 0
  @exclusivity(unchecked) private var records: UnsafeMutablePointer<Record>
  /// A gradient a record, nil but while a backward pass runs: made once and used again.
  @exclusivity(unchecked) private var slots: UnsafeMutablePointer<Tensor?>
  @exclusivity(unchecked) private var count = 0
  @exclusivity(unchecked) private var capacity = 256
  /// The tape this one was opened within.
  @exclusivity(unchecked) private var parent: Unmanaged<Tape>?
  @exclusivity(unchecked) private var watch: AnomalyWatch?
  /// How saved tensors are stored; see `withStoragePrecision`.
  @exclusivity(unchecked) var precision: NumberType = .float32
  /// Narrowed copies of results by their marks, so that two ops that save one tensor share its copy.
  @exclusivity(unchecked) var narrowCopies: [Mark: Tensor] = [:]

  private static let nextID = Atomic<UInt32>(1)

  private init() {
    records = .allocate(capacity: capacity)
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: nil, count: capacity)
  }

  deinit {
    records.deinitialize(count: count)
    records.deallocate()
    slots.deinitialize(count: capacity)
    slots.deallocate()
  }

  /// Opens a tape for the calling thread, reusing the arrays of one it has closed.
  static func open() -> Tape {
    let tape: Tape
    if let spare = swirl_spare_tape() {
      swirl_set_spare_tape(nil)
      tape = Unmanaged<Tape>.fromOpaque(spare).takeRetainedValue()
    } else {
      tape = Tape()
    }
    tape.id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
    tape.parent = swirl_current_tape().map { Unmanaged<Tape>.fromOpaque($0) }
    tape.watch = AnomalyWatch.current
    tape.precision = NumberType(rawValue: UInt8(swirl_storage_precision()))!
    swirl_set_current_tape(Unmanaged.passUnretained(tape).toOpaque())
    return tape
  }

  func close() {
    swirl_set_current_tape(parent?.toOpaque())
    parent = nil
    watch = nil
    records.deinitialize(count: count)
    count = 0
    if !narrowCopies.isEmpty { narrowCopies.removeAll(keepingCapacity: true) }
    if swirl_spare_tape() == nil {
      swirl_set_spare_tape(Unmanaged.passRetained(self).toOpaque())
    }
  }

  /// Marks `tensor` as one whose gradient is wanted.
  func track(_ tensor: inout Tensor) {
    let slot = slot()
    slot.initialize(to: Record(leaf: "an input of the region"))
    commit(slot, making: &tensor)
  }

  /// Where the next record goes.
  @inline(__always)
  func slot() -> UnsafeMutablePointer<Record> {
    if count == capacity { grow() }
    return records + count
  }

  /// Takes the record in `slot`, made by the op whose result is `result`, and marks the result.
  @inline(__always)
  func commit(_ slot: UnsafeMutablePointer<Record>, making result: inout Tensor) {
    if slot != records + count {
      fail("\(slot.pointee.name)", "another op ran while its record was made; run it before")
    }
    count += 1
    result.mark = Mark(id) << 32 | Mark(count)
    if let watch { watch.check(result, slot.pointee.name, .forward) }
    if slot.pointee.keepsResult { slot.pointee.z = result }
    if precision != .float32 { narrow(slot) }
    slot.pointee.stripMarks()
  }

  /// Whether an op of this tape made the tensor of this mark: not a constant and not a parameter.
  func isComputed(_ mark: Mark) -> Bool {
    guard mark != 0, mark.region == id else { return false }
    let record = records + mark.position
    return record.pointee.derivative != nil || record.pointee.pointwise != nil
  }

  @inline(never)
  private func grow() {
    let larger = UnsafeMutablePointer<Record>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: records, count: count)
    records.deallocate()
    records = larger
    slots.deinitialize(count: capacity)
    slots.deallocate()
    capacity *= 2
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: nil, count: capacity)
  }

  /// Gives the kept result of a record the tangent that was computed after it was appended.
  func setTangent(_ tangent: Mark, ofResultAt position: Int) {
    if records[position].keepsResult { records[position].z!.tangentMark = tangent }
  }

  /// The open tape that tracks any of the operands, or nil when they are all constants.
  static func search(_ a: UInt32, _ b: UInt32, _ c: UInt32) -> Tape? {
    var next = swirl_current_tape().map { Unmanaged<Tape>.fromOpaque($0) }
    var found: Unmanaged<Tape>?
    while let candidate = next {
      let (id, parent) = candidate._withUnsafeGuaranteedRef { ($0.id, $0.parent) }
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

  /// Runs the records backwards from the outputs and returns the gradient of every node.
  ///
  /// - Parameter isLast: Gives each record's tensors back as soon as its derivative has run, so that the
  ///   peak of memory is that of the forward pass.
  func gradients(from outputs: [(output: Tensor, seed: Tensor)], isLast: Bool) -> Gradients {
    // The records hold the narrowed copies from here on, and give them back one by one.
    if isLast { narrowCopies.removeAll(keepingCapacity: true) }
    var gradients = Gradients(tape: id, slots: slots, watch: watch)
    var last = -1
    for (output, seed) in outputs where gradients.wants(output.mark) {
      gradients.add(seed, to: Operand(output))
      last = max(last, output.mark.position)
    }
    for node in stride(from: last, through: 0, by: -1) {
      guard let gradient = gradients.take(node) else { continue }
      let record = records + node
      if watch != nil { gradients.op = record.pointee.name }
      if let derivative = record.pointee.derivative {
        if record.pointee.isFused && gradient.carriesTangent {
          gradients.addWithTangents(Saved(record: record), gradient, derivative)
        } else {
          derivative(Saved(record: record), gradient, &gradients)
        }
      } else if let pointwise = record.pointee.pointwise {
        gradients.add(pointwise(Saved(record: record), gradient), to: record.pointee.a)
      } else {
        gradients.putBack(gradient, node)
      }
      if isLast { record.pointee.forgetTensors() }
    }
    return gradients
  }
}

/// The gradients that have reached each node of a tape so far.
struct Gradients {
  private let tape: UInt32
  /// The tape's own, which outlives this value.
  private let slots: UnsafeMutablePointer<Tensor?>
  private let watch: AnomalyWatch?
  /// The op whose derivative is running, where anomalies are watched for.
  fileprivate var op: StaticString = "seed"
  /// Where contributions go instead of the slots while a fused derivative is pushed forward.
  private var intercepted: [(node: Int, gradient: Tensor)]?

  fileprivate init(tape: UInt32, slots: UnsafeMutablePointer<Tensor?>, watch: AnomalyWatch?) {
    self.tape = tape
    self.watch = watch
    self.slots = slots
  }

  /// Whether an operand wants a gradient: an op skips the work for those that do not.
  func wants(_ mark: Mark) -> Bool { mark.region == tape && mark != 0 }
  func wants(_ operand: Operand?) -> Bool { operand.map { wants($0.mark) } ?? false }

  /// Adds `gradient` to what `operand` has received.
  @inline(__always)
  mutating func add(_ gradient: @autoclosure () -> Tensor, to operand: Operand?) {
    guard let operand, wants(operand.mark) else { return }
    receive(gradient(), operand.mark.position)
  }

  private mutating func receive(_ gradient: consuming Tensor, _ node: Int) {
    if let watch { watch.check(gradient, op, .backward) }
    if intercepted != nil {
      intercepted!.append((node, gradient))
    } else if slots[node] == nil {
      (slots + node).initialize(to: gradient)
    } else if gradient.tangentMark | slots[node]!.tangentMark != 0 {
      slots[node] = slots[node]! + gradient
    } else {
      slots[node]!.accumulate(gradient)
    }
  }

  /// Runs the derivative of a fused op for a gradient that carries a tangent. It is linear in the
  /// gradient and reads nothing else that moves, so its tangent is itself applied to the tangent.
  fileprivate mutating func addWithTangents(
    _ record: Saved, _ gradient: Tensor, _ derivative: Derivative
  ) {
    let forward = ForwardPass.current!
    let (values, moves) = ForwardPass.suspended { () -> ([(Int, Tensor)], [(Int, Tensor)]) in
      var results: [[(Int, Tensor)]] = []
      for direction in [gradient, forward.tangent(of: gradient)!] {
        intercepted = []
        derivative(record, direction, &self)
        results.append(intercepted!)
        intercepted = nil
      }
      return (results[0], results[1])
    }
    for ((node, value), (_, move)) in zip(values, moves) {
      receive(forward.attach(move, to: value), node)
    }
  }

  mutating func take(_ node: Int) -> Tensor? {
    let gradient = (slots + node).move()
    (slots + node).initialize(to: nil)
    return gradient
  }

  fileprivate mutating func putBack(_ gradient: Tensor, _ node: Int) { slots[node] = gradient }

  mutating func take(_ leaf: Tensor) -> Tensor? { take(leaf.mark.position) }
}

extension Tensor {
  /// Adds another tensor of the same shape in place.
  public mutating func add(_ other: Tensor) {
    if shape != other.shape { fail("add", "shapes \(shape) and \(other.shape) differ") }
    accumulate(other)
  }

  /// Adds `other · scale` in place.
  mutating func accumulate(_ other: Tensor, scale: Float = 1) {
    if other.isDenseFloat {
      mutate { kernels.accumulate($0.count, other.pointer, scale, $0.baseAddress) }
    } else {
      accumulate(other.float32.contiguous(), scale: scale)
    }
  }
}
