import Foundation
import Swirl

// Loading, encoding and decoding by SmolLM2's tokenizer, or by that of the model given, over the lines of the
// text given, or of the project's own documentation. Figures are medians, on one thread.
let arguments = CommandLine.arguments
let model = try ModelStore.path(of: arguments.count > 1 ? arguments[1] : "smollm2-135m")
var text: [UInt8] = []
if arguments.count > 2 {
  text = [UInt8](try Data(contentsOf: URL(filePath: arguments[2])))
} else {
  let docs = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs")
  for name in try FileManager.default.contentsOfDirectory(atPath: docs.path).sorted()
  where name.hasSuffix(".md") {
    text += try Data(contentsOf: docs.appending(path: name))
  }
  while text.count < 4_000_000 { text += text }
}

func median(_ rounds: Int, _ body: () throws -> Void) rethrows -> Double {
  let seconds = try (0..<rounds).map { _ in
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1)
  }
  return seconds.sorted()[rounds / 2]
}

let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
  .map { Array($0) }
var tokenizer = try Tokenizer(model: model)
var tokens = lines.map { tokenizer.encode($0, parsingSpecials: true) }
let load = try median(5) { tokenizer = try Tokenizer(model: model) }
let encode = median(5) { tokens = lines.map { tokenizer.encode($0, parsingSpecials: true) } }
var back: [[UInt8]] = []
let decode = median(5) { back = tokens.map { tokenizer.bytes(of: $0) } }
let megabytes = Double(text.count) / 1e6
print("tokenizer_load: \(String(format: "%.3f", load)) s")
print("tokenizer_encode: \(String(format: "%.1f", megabytes / encode)) MB/s")
print("tokenizer_decode: \(String(format: "%.1f", megabytes / decode)) MB/s")
let count = tokens.reduce(0) { $0 + $1.count }
print("tokenizer_tokens: \(count), \(back == lines ? "the same" : "not the same") after decoding")
