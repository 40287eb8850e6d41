import Foundation
import Tensors
import Testing

@Test func symlogAndItsInverseAgreeWithDifferences() {
  let x = Tensor([-2.5, -1e-6, 0, 0.3, 1, 4], shape: [2, 3])
  // numpy: sign(x) * log1p(abs(x)) in float64
  let expected: [Float] = [-1.252762968, -9.999995e-07, 0, 0.262364264, 0.693147181, 1.609437912]
  #expect(distance(x.symlog().scalars, expected) < 1e-7)
  #expect(distance(x.symlog().symexp().scalars, x.scalars) < 1e-6)
  #expect(x.transposed().symlog().scalars == x.symlog().transposed().scalars)
  #expect(Tensor.zeros([0, 3]).symlog().shape == [0, 3])
  let away = Tensor([-2.5, -0.7, 0.3, 1, 3], shape: [5])
  for body in [{ $0[0].symlog() }, { $0[0].symexp() }] as [@Sendable ([Tensor]) -> Tensor] {
    #expect(checkGradient(at: [away], body).isEmpty)
    #expect(checkTangent(at: [away], body).isEmpty)
  }
}

/// Every block of Swift on the page that names a file must stand in that file as it is.
@Test func theEnginesPageQuotesTheCode() throws {
  let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  let page = try String(contentsOf: root.appending(path: "docs/engine.md"), encoding: .utf8)
  var quoted = 0
  for part in page.components(separatedBy: "```swift\n").dropFirst() {
    let code = part.components(separatedBy: "```")[0]
    var lines = code.components(separatedBy: "\n")
    guard lines[0].hasPrefix("// "), lines[0].hasSuffix(".swift") else { continue }
    let path = String(lines.removeFirst().dropFirst(3))
    let file = try String(contentsOf: root.appending(path: path), encoding: .utf8)
    let wanted = lines.joined(separator: "\n").trimmingCharacters(in: .newlines)
    #expect(file.contains(wanted), "\(path) does not hold what docs/engine.md quotes from it")
    quoted += 1
  }
  #expect(quoted >= 4)
}
