import Tensors
import Testing

/// Mistakes in a program end the process with a sentence that names the op.
@Suite struct ProgrammingMistakeTests {
  @Test func shapesThatDoNotFitAreNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]) + Tensor.zeros([4, 3])
    }
    expect(result, "+", "[2, 3]", "[4, 3]")
  }

  @Test func productsNameTheirShapes() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).matmul(Tensor.zeros([4, 3]))
    }
    expect(result, "matmul", "[2, 3]", "[4, 3]")
  }

  @Test func reverseModeDoesNotNest() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = valueWithGradient(at: Tensor([1, 2])) { outer in
        valueWithGradient(at: Tensor([3, 4])) { inner in (outer * inner).sum() }.value
      }
    }
    expect(result, "reverse mode does not nest")
  }

  /// The first operand is neither region's, so that every pair has to be looked at.
  @Test func anOpOfManyTensorsDoesNotMixRegions() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = valueWithGradient(at: Tensor([1, 2])) { outer in
        valueWithGradient(at: Tensor([3, 4])) { inner in
          Tensor.concatenated([Tensor([5, 6]), outer, inner]).sum()
        }.value
      }
    }
    expect(result, "reverse mode does not nest")
  }

  private func expect(_ result: ExitTest.Result?, _ parts: String...) {
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.hasPrefix("swirl: "), "\(text.prefix(300))")
    for part in parts { #expect(text.contains(part), "\(text.prefix(300))") }
  }
}
