/// Compares the gradient of `body` with central differences, for anyone who writes an op or a loss.
///
/// Every element of every input is moved by ±`step`; the differences are taken of Σ wᵢ yᵢ with fixed
/// weights w that differ from element to element, so that errors cannot cancel.
///
/// - Parameters:
///   - step: Large enough that Float32 differences carry some digits, small against the inputs.
///   - tolerance: Allowed distance, relative to 1 + the larger magnitude of the two.
/// - Returns: A sentence for each element that disagrees; empty when all agree.
public func checkGradient(
  at inputs: [Tensor], step: Float = 1e-2, tolerance: Float = 1e-2, _ body: ([Tensor]) -> Tensor
) -> [String] {
  func weights(_ shape: Shape) -> Tensor {
    Tensor(shape: shape) { for i in $0.indices { $0[i] = 0.5 + Float((i * 7 + 3) % 11) / 11 } }
  }
  func weightedSum(_ inputs: [Tensor]) -> Double {
    let y = body(inputs)
    return zip(y.scalars, weights(y.shape).scalars).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
  }
  let (_, gradients) = vectorJacobianProduct(at: inputs, cotangent: { weights($0.shape) }, body)
  var findings: [String] = []
  for (position, input) in inputs.enumerated() {
    let gradient = gradients[position].scalars
    let base = input.scalars
    for i in base.indices {
      var (up, down) = (base, base)
      up[i] += step
      down[i] -= step
      var (left, right) = (inputs, inputs)
      left[position] = Tensor(down, shape: input.shape)
      right[position] = Tensor(up, shape: input.shape)
      let difference = Float((weightedSum(right) - weightedSum(left)) / Double(up[i] - down[i]))
      let bound = tolerance * (1 + Swift.max(difference.magnitude, gradient[i].magnitude))
      if !((difference - gradient[i]).magnitude <= bound) {
        findings.append(
          "input \(position), element \(i): the gradient is \(gradient[i]), "
            + "but central differences give \(difference)")
      }
    }
  }
  return findings
}

/// Compares the forward-mode derivative of `body` with its reverse-mode gradient: for directions t and
/// cotangents w, ⟨w, J t⟩ must equal ⟨Jᵀ w, t⟩; and, for a Hessian times a vector, forward over reverse
/// with differences of gradients.
///
/// - Returns: A sentence for each product that disagrees; empty when all agree.
public func checkTangent(
  at inputs: [Tensor], step: Float = 1e-2, tolerance: Float = 1e-4, hessianTolerance: Float = 2e-2,
  _ body: ([Tensor]) -> Tensor
) -> [String] {
  func pattern(_ shape: Shape, _ phase: Int) -> Tensor {
    Tensor(shape: shape) { for i in $0.indices { $0[i] = Float((i * 5 + phase) % 7) / 7 - 0.4 } }
  }
  func dot(_ a: Tensor, _ b: Tensor) -> Double {
    zip(a.scalars, b.scalars).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
  }
  let directions = inputs.enumerated().map { pattern($1.shape, $0) }
  let (value, move) = jacobianVectorProduct(at: inputs, tangents: directions, body)
  let weights = pattern(value.shape, 3)
  func gradients(_ inputs: [Tensor]) -> [Tensor] {
    vectorJacobianProduct(at: inputs, cotangent: { _ in weights }, body).gradients
  }
  var findings: [String] = []
  func compare(_ what: String, _ found: Double, _ expected: Double, _ tolerance: Float) {
    let bound = Double(tolerance) * (1 + max(found.magnitude, expected.magnitude))
    if !((found - expected).magnitude <= bound) {
      findings.append("\(what): forward mode gives \(found), but it should be \(expected)")
    }
  }
  let plain = gradients(inputs)
  compare(
    "the Jacobian", dot(weights, move), zip(plain, directions).reduce(0.0) { $0 + dot($1.0, $1.1) },
    tolerance)
  let (_, hessian) = jacobianVectorProducts(at: inputs, tangents: directions, gradients)
  let up = gradients(zip(inputs, directions).map { $0 + $1 * step })
  let down = gradients(zip(inputs, directions).map { $0 - $1 * step })
  for i in inputs.indices {
    let check = pattern(inputs[i].shape, 5)
    compare(
      "the Hessian, input \(i)", dot(hessian[i], check),
      (dot(up[i], check) - dot(down[i], check)) / (2 * Double(step)), hessianTolerance)
  }
  return findings
}
