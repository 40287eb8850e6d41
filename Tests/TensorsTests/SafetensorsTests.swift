import Foundation
import Runtime
import Tensors
import Testing

private func references(_ name: String) throws -> Data {
  try Data(
    contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/\(name)"))
}

@Test func aFileReadsBackBitForBit() throws {
  let tensors: [(name: String, value: Tensor)] = [
    (
      "layers.0.weight",
      Tensor([1.5, -0.0, .infinity, .leastNonzeroMagnitude, 3, 4], shape: [2, 3])
    ),
    ("scalar", Tensor(7)), ("empty", Tensor([], shape: [0, 4])),
    ("view", Tensor([1, 2, 3, 4], shape: [2, 2]).transposed()),
  ]
  let data = Safetensors.encode(tensors, metadata: ["format": "pt", "note": "a \"quoted\" word"])
  let (read, metadata) = try Safetensors.decode(data, file: "x")
  #expect(metadata == ["format": "pt", "note": "a \"quoted\" word"])
  for (name, value) in tensors {
    #expect(read[name]?.shape == value.shape)
    #expect(read[name]?.scalars.map(\.bitPattern) == value.scalars.map(\.bitPattern))
  }
}

@Test func aFileOfThePythonLibraryReads() throws {
  let (tensors, metadata) = try Safetensors.decode(
    try references("python.safetensors"), file: "python.safetensors")
  #expect(metadata == ["origin": "python"])
  #expect(tensors["a"]?.scalars == [0, 1, 2, 3, 4, 5])
  #expect(tensors["a"]?.shape == [2, 3])
  #expect(tensors["b"]?.scalars == [-1.5])
}

private func file(header: String, payload: Int = 0) -> Data {
  var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
  data.append(Data(header.utf8))
  data.append(Data(count: payload))
  return data
}

@Test(arguments: [
  (Data([1, 2, 3]), "fewer than its 8-byte length"),
  (Data([255, 255, 255, 255, 255, 255, 255, 255]), "its header says"),
  (file(header: "[1]"), "does not start with {"),
  (file(header: "{\"a\":"), "not a JSON object"),
  (file(header: "{\"a\":" + String(repeating: "[", count: 50_000)), "nested too deeply"),
  (file(header: "{\"a\":3}"), "lacks a dtype"),
  (
    file(header: #"{"a":{"dtype":"Q64","shape":[1],"data_offsets":[0,8]}}"#, payload: 8),
    "has the type Q64"
  ),
  (
    file(header: #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, payload: 4),
    "has the shape"
  ),
  (
    file(
      header:
        #"{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,4]}}"#,
      payload: 4),
    "more than memory can hold"
  ),
  (
    file(
      header: #"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#, payload: 4),
    "has the shape"
  ),
  (
    file(header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, payload: 4),
    "outside the file"
  ),
  (
    file(header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, payload: 4),
    "outside the file"
  ),
  (
    file(header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, payload: 4),
    "outside the file"
  ),
  (
    file(header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, payload: 4),
    "needs 8 bytes"
  ),
  (
    file(header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, payload: 8),
    "use 4 of 8"
  ),
  (
    file(
      header:
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      payload: 4), "starts at byte 0"
  ),
])
func aBrokenFileGivesASentence(_ data: Data, _ sentence: String) {
  let error = #expect(throws: SafetensorsError.self) {
    try Safetensors.decode(data, file: "m.safetensors")
  }
  #expect(error?.description.hasPrefix("m.safetensors") == true)
  #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
}

/// Every truncation and a thousand random changes either read or throw; none ends the process.
@Test func mutatedFilesNeverCrash() {
  let good = Safetensors.encode([("a", Tensor([1, 2, 3])), ("b", Tensor([4], shape: [1, 1]))])
  for length in 0..<good.count {
    #expect(throws: SafetensorsError.self) {
      try Safetensors.decode(good.prefix(length), file: "x")
    }
  }
  var random = PCG64(seed: 9)
  for _ in 0..<1000 {
    var bytes = good
    for _ in 0..<1 + random.integers(0..<4) {
      bytes[random.integers(0..<bytes.count)] = UInt8(random.integers(0..<256))
    }
    _ = try? Safetensors.decode(bytes, file: "x")
  }
}

@Test func loadingNamesWhatDoesNotFit() throws {
  var random = PCG64(seed: 1)
  var model = MultilayerPerceptron(sizes: [2, 3, 1], using: &random)
  var tensors = Dictionary(uniqueKeysWithValues: model.parameters.map { ($0.name, $0.value) })
  try model.load(tensors, file: "m")
  tensors["layers.9.weight"] = Tensor([1])
  #expect(throws: SafetensorsError.self) { try model.load(tensors, file: "m") }
  tensors["layers.9.weight"] = nil
  tensors["layers.1.weight"] = Tensor([1])
  let shape = #expect(throws: SafetensorsError.self) { try model.load(tensors, file: "m") }
  #expect(shape?.description.contains("layers.1.weight") == true)
  tensors["layers.1.weight"] = nil
  let missing = #expect(throws: SafetensorsError.self) { try model.load(tensors, file: "m") }
  #expect(missing?.description == "m lacks the parameter layers.1.weight")
}
