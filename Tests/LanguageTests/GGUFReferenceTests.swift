import Foundation
import Language
import Tensors
import Testing

/// Against the file that `References/make_gguf.py` writes with the gguf package of llama.cpp.
@Suite struct GGUFReferenceTests {
  private struct Golden: Decodable {
    let shape: [Int]
    let first: [Float]
    let last: [Float]
    let sum: Double
  }

  @Test func numbersAreThoseOfItsWriter() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "References")
    let golden = try JSONDecoder().decode(
      [String: Golden].self, from: Data(contentsOf: folder.appending(path: "gguf.json")))
    let file = try GGUFFile(folder.appending(path: "tiny.gguf").path)
    #expect(Set(file.names) == Set(golden.keys))
    #expect(!file.configuration.tiesHead)
    for (name, wanted) in golden {
      let tensor = try file.tensor(name)
      #expect(Array(tensor.shape) == wanted.shape, "\(name)")
      let numbers = tensor.contiguous().withUnsafeBuffer { Array($0) }
      #expect(Array(numbers.prefix(40)) == wanted.first, "\(name)")
      #expect(Array(numbers.suffix(8)) == wanted.last, "\(name)")
      #expect(abs(numbers.reduce(0) { $0 + Double($1) } - wanted.sum) < 1e-6, "\(name)")
    }
    let tokenizer = try file.tokenizer()
    #expect(tokenizer.preTokenizer == .llama3 && tokenizer.ignoresMerges)
    #expect(tokenizer.encode("!!!\"") == [36, 37])
  }
}
