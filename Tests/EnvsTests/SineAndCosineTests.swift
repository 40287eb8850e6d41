import CLibm
import Foundation
import Runtime
import Testing

/// Environments call one function for both, and NumPy one each.
@Test func sineAndCosineTogetherEqualThoseApart() {
  var random = PCG64(seed: 1)
  for index in 0..<1_000_000 {
    let scale = index % 3 == 0 ? 0x1p-12 : index % 3 == 1 ? 0.5 : 40
    let angle = random.uniform(-scale, scale)
    let both = sine_and_cosine(angle)
    if both.sine != sin(angle) || both.cosine != cos(angle) {
      Issue.record("sine_and_cosine(\(angle)) differs from sin and cos")
      return
    }
  }
}
