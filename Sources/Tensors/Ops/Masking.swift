import CKernels
import Runtime

/// `x` with each number dropped, set to 0, with the given probability and the others divided by
/// 1 − probability, so that the mean stays (Srivastava et al., 2014). For training; in evaluation do not
/// call it.
///
/// The layer `Dropout` holds the probability and does nothing while it is switched off.
public func dropout(_ x: Tensor, probability: Double, using random: inout PCG64) -> Tensor {
  dropout(x, probability) { keep in keep(x.count, &random) }
}

/// The same for stretches of rows that draw from streams of their own: what a row loses does not
/// depend on those beside it.
///
/// - Parameters:
///   - x: `[rows, …]`
///   - streams: One after another, each for so many rows, which add up to those of `x`.
public func dropout(
  _ x: Tensor, probability: Double, streams: [(random: PCG64, rows: Int)]
) -> Tensor {
  let rows = streams.reduce(0) { $0 + $1.rows }
  if x.rank == 0 || rows != x.shape[0] {
    fail("dropout", "streams for \(rows) rows of \(x.shape)")
  }
  return dropout(x, probability) { keep in
    for stream in streams {
      var random = stream.random
      keep(stream.rows * (x.count / rows), &random)
    }
  }
}

/// - Parameter draw: Decides all numbers of `x` in order, so many of them from a stream at a time.
private func dropout(
  _ x: Tensor, _ probability: Double, _ draw: ((Int, inout PCG64) -> Void) -> Void
) -> Tensor {
  if !(probability >= 0 && probability <= 1) {
    fail("dropout", "\(probability) is not a probability")
  }
  if probability == 0 || x.count == 0 { return x }
  let kept = Tensor(uninitialized: x.shape, type: .uint8)
  let bytes = kept.bytes.assumingMemoryBound(to: UInt8.self)
  // A draw of 64 bits decides two numbers: the mask's cost is that of the generator.
  let bound = UInt64((probability * 0x1p32).rounded())
  var start = 0
  draw { count, random in
    var local = random
    var i = 0
    while i < count {
      let bits = local.next()
      bytes[start + i] = bits & 0xffff_ffff >= bound ? 1 : 0
      if i + 1 < count { bytes[start + i + 1] = bits >> 32 >= bound ? 1 : 0 }
      i += 2
    }
    random = local
    start += count
  }
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
