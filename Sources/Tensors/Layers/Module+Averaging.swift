extension Module {
  /// Moves every parameter a part of the way to another model's: p ← (1 − weight) p + weight q, the averaging of
  /// Polyak that target networks follow by.
  public mutating func average(with other: Self, weight: Float) {
    let others = other.parameters
    var position = 0
    visitParameters { name, parameter in
      let source = others[position].value
      position += 1
      if source.shape != parameter.shape {
        fail(
          "average", "\(name) of shapes \(parameter.shape) and \(source.shape) cannot be averaged")
      }
      source.withUnsafeBuffer { source in
        parameter.mutate { target in
          guard let q = source.baseAddress, let p = target.baseAddress else { return }
          let keep = 1 - weight
          for i in 0..<target.count { p[i] = keep * p[i] + weight * q[i] }
        }
      }
    }
  }
}
