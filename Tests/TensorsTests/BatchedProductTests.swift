import Runtime
import Tensors
import Testing

/// Leading axes that broadcast, on either side, against the same product of whole copies.
@Test(
  arguments: [
    ([2, 3, 4, 5], [3, 5, 2], [2, 3]), ([3, 4, 5], [2, 3, 5, 2], [2, 3]),
    ([4, 5], [3, 5, 2], [3]),
    ([1, 4, 5], [3, 5, 2], [3]), ([2, 1, 4, 5], [3, 5, 2], [2, 3]), ([0, 4, 5], [1, 5, 2], [0]),
    ([2, 1, 4, 5], [1, 3, 5, 2], [2, 3]), ([9, 1, 5], [9, 5, 1], [9]),
  ]) func leadingAxesOfAProductBroadcast(_ left: [Int], _ right: [Int], _ whole: [Int])
{
  var random = PCG64(seed: 3)
  let a = Tensor.normal(Shape(left), using: &random)
  let b = Tensor.normal(Shape(right), using: &random)
  func matrix(_ x: Tensor) -> [Int] { Array(x.shape.suffix(2)) }
  let expected = a.broadcast(to: Shape(whole + matrix(a))).contiguous()
    .matmul(b.broadcast(to: Shape(whole + matrix(b))).contiguous())
  let product = a.matmul(b)
  #expect(product.shape == Shape(whole + [left[left.count - 2], right.last!]))
  #expect(product.scalars == expected.scalars)
  let transposed = a.transposed().contiguous().transposed()
  #expect(transposed.matmul(b).scalars == expected.scalars)
  if product.count > 0 {
    #expect(checkGradient(at: [a, b]) { $0[0].matmul($0[1]) }.isEmpty)
    #expect(checkTangent(at: [a, b]) { $0[0].matmul($0[1]) }.isEmpty)
  }
}

@Test func batchesOfProductsHaveTheSameBitsOnAnyThread() {
  var random = PCG64(seed: 4)
  let a = Tensor.normal([40, 33, 70], using: &random)
  let b = Tensor.normal([40, 70, 45], using: &random)
  let alone = a.matmul(b)
  for threads in [2, 3] {
    let shared = withWorkers(WorkerPool(threads: threads)) { a.matmul(b) }
    #expect(shared.scalars == alone.scalars)
  }
  let one = a.sliced(17..<18).matmul(b.sliced(17..<18))
  #expect(one.scalars == alone.sliced(17..<18).scalars)
}
