import CKernels
import Runtime

/// `x` with each number dropped, set to 0, with the given probability and the others divided by
/// 1 − probability, so that the mean stays (Srivastava et al., 2014). For training; in evaluation do not
/// call it.
///
/// The layer `Dropout` holds the probability and does nothing while it is switched off.
public func dropout(_ x: Tensor, probability: Double, using random: inout PCG64) -> Tensor {
  if !(probability >= 0 && probability <= 1) {
    fail("dropout", "\(probability) is not a probability")
  }
  if probability == 0 { return x }
  let kept = Tensor(uninitialized: x.shape, type: .uint8)
  let bytes = kept.bytes.assumingMemoryBound(to: UInt8.self)
  // A draw of 64 bits decides two numbers: the mask's cost is that of the generator.
  let bound = UInt64((probability * 0x1p32).rounded())
  var local = random
  var i = 0
  while i < x.count {
    let bits = local.next()
    bytes[i] = bits & 0xffff_ffff >= bound ? 1 : 0
    if i + 1 < x.count { bytes[i + 1] = bits >> 32 >= bound ? 1 : 0 }
    i += 2
  }
  random = local
  return x.dropped(keeping: kept, scale: probability == 1 ? 0 : Float(1 / (1 - probability)))
}

extension Tensor {
  /// `scale` times the numbers where the byte of `kept` is not 0, and 0 elsewhere.
  fileprivate func dropped(keeping kept: Tensor, scale: Float) -> Tensor {
    let x = float32.contiguous()
    let y = Tensor(uninitialized: shape)
    let mask = kept.bytes.assumingMemoryBound(to: UInt8.self)
    elementwise(count) { part in
      let start = part.lowerBound
      kernels.drop(part.count, x.pointer + start, mask + start, scale, y.pointer + start)
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "dropout",
        pointwise: { record, d in d.dropped(keeping: record.x, scale: record.low) }, a: self,
        x: kept, low: scale))
  }
}
