import Tensors

/// Solves A x = b for a symmetric positive definite A that is known by its products alone (Hestenes and
/// Stiefel, 1952).
///
/// - Parameters:
///   - b: `[P]`
///   - steps: The most products to take; P of them solve exactly but for rounding.
///   - tolerance: Where to stop: |A x − b|² below this.
///   - product: A v of a v, `[P]`.
/// - Returns: x and |A x − b|², which says how good it is.
public func conjugateGradient(
  _ b: Tensor, steps: Int, tolerance: Double = 1e-10, product: (Tensor) throws -> Tensor
) rethrows -> (solution: Tensor, residual: Double) {
  var x = Tensor.zeros(b.shape)
  var (r, p) = (b, b)
  var residual = dot(r, r)
  for _ in 0..<steps where residual > tolerance {
    let image = try product(p)
    let curvature = dot(p, image)
    // Only rounding makes a curvature of a positive definite matrix vanish; further steps would be noise.
    if !(curvature > 0) { break }
    let length = Float(residual / curvature)
    x = x + p * length
    r = r - image * length
    let next = dot(r, r)
    p = r + p * Float(next / residual)
    residual = next
  }
  return (x, residual)
}

/// Σ aᵢ bᵢ in double precision, in order.
func dot(_ a: Tensor, _ b: Tensor) -> Double {
  a.withUnsafeBuffer { a in
    b.withUnsafeBuffer { b in
      var sums = (0.0, 0.0, 0.0, 0.0)
      var i = 0
      // Four sums, so that an addition need not wait for the one before it.
      while i + 4 <= a.count {
        sums.0 += Double(a[i]) * Double(b[i])
        sums.1 += Double(a[i + 1]) * Double(b[i + 1])
        sums.2 += Double(a[i + 2]) * Double(b[i + 2])
        sums.3 += Double(a[i + 3]) * Double(b[i + 3])
        i += 4
      }
      while i < a.count {
        sums.0 += Double(a[i]) * Double(b[i])
        i += 1
      }
      return (sums.0 + sums.1) + (sums.2 + sums.3)
    }
  }
}
