import CKernels

/// Who follows an op: the tape that tracks an operand, the forward pass that moves one, or both. Made
/// before a result is returned; nil, and as cheap as a comparison, when nobody differentiates.
///
/// ```swift
/// guard let trace = Trace(x, weight) else { return y }
/// return y.recorded(on: trace, Record("scale", derivative: …, tangent: …, a: x, b: weight))
/// ```
struct Trace {
  let tape: Tape?
  let forward: ForwardPass?

  init(tape: Tape?, forward: ForwardPass?) {
    self.tape = tape
    self.forward = forward
  }

  @inline(__always)
  init?(_ a: Tensor) {
    if a.mark | a.tangentMark == 0 { return nil }
    self.init(tapes: (a.mark, 0, 0), tangents: (a.tangentMark, 0, 0))
  }

  @inline(__always)
  init?(_ a: Tensor, _ b: Tensor) {
    if a.mark | b.mark | a.tangentMark | b.tangentMark == 0 { return nil }
    self.init(tapes: (a.mark, b.mark, 0), tangents: (a.tangentMark, b.tangentMark, 0))
  }

  @inline(__always)
  init?(_ a: Tensor, _ b: Tensor, _ c: Tensor?) {
    let (mark, tangentMark) = (c?.mark ?? 0, c?.tangentMark ?? 0)
    if a.mark | b.mark | mark | a.tangentMark | b.tangentMark | tangentMark == 0 { return nil }
    self.init(
      tapes: (a.mark, b.mark, mark), tangents: (a.tangentMark, b.tangentMark, tangentMark))
  }

  init?(many tensors: [Tensor]) {
    var tape: Tape?
    var tracked: Tensor?
    var forward: ForwardPass?
    for tensor in tensors {
      guard let trace = Trace(tensor) else { continue }
      if let found = trace.tape {
        // The same search for two tapes at once refuses a mixture of regions.
        if let tracked { _ = Trace(tracked, tensor) }
        tape = found
        tracked = tensor
      }
      forward = forward ?? trace.forward
    }
    if tape == nil && forward == nil { return nil }
    self.tape = tape
    self.forward = forward
  }

  @inline(never)
  private init?(tapes: (Mark, Mark, Mark), tangents: (Mark, Mark, Mark)) {
    tape =
      tapes.0 | tapes.1 | tapes.2 == 0
      ? nil : Tape.search(tapes.0.region, tapes.1.region, tapes.2.region)
    forward =
      tangents.0 | tangents.1 | tangents.2 == 0
      ? nil : ForwardPass.search(tangents.0.region, tangents.1.region, tangents.2.region)
    if tape == nil && forward == nil { return nil }
  }

  /// Where the next record goes: onto the tape, or where the forward pass reads it once.
  @inline(__always)
  fileprivate var slot: UnsafeMutablePointer<Record> {
    if let tape { return tape.slot() }
    return forward!.slot
  }

  /// Takes the record in `slot` as that of the op that made `result`. The tape comes first, so that a
  /// tangent rule that reads the result is itself differentiated through it.
  @inline(__always)
  fileprivate func finish(_ result: inout Tensor, _ slot: UnsafeMutablePointer<Record>) {
    if forward != nil { return finishMoving(&result, slot) }
    tape!.commit(slot, making: &result)
  }

  @inline(never)
  private func finishMoving(_ result: inout Tensor, _ slot: UnsafeMutablePointer<Record>) {
    // A tangent rule may be differentiated itself, so that it reads the record before marks are stripped.
    var record = slot.pointee
    if let tape { tape.commit(slot, making: &result) } else { slot.deinitialize(count: 1) }
    if record.keepsResult { record.z = result }
    result.tangentMark = forward!.tangentMark(of: record, result: result)
    tape?.setTangent(result.tangentMark, ofResultAt: result.mark.position)
  }
}

extension Tensor {
  /// This tensor as the result of the op that `record` describes.
  ///
  /// The record is made where it will lie, since moving one costs as much as a small op; an op that runs
  /// while it is made is refused.
  @inline(__always)
  consuming func recorded(on trace: Trace, _ record: @autoclosure () -> Record) -> Tensor {
    let slot = trace.slot
    slot.initialize(to: record())
    trace.finish(&self, slot)
    return self
  }

  /// This tensor without the tape's mark: constant to the tape, still moved by a forward pass.
  func offTape() -> Tensor {
    var copy = self
    copy.mark = 0
    return copy
  }
}
