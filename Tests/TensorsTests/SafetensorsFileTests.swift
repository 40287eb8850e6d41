import Foundation
import Runtime
import Tensors
import Testing

private func reference(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().appending(path: "References/\(name)").path
}

/// A directory that lives as long as `body` runs.
private func withDirectory<R>(_ body: (String) throws -> R) throws -> R {
  let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  return try body(directory.path)
}

private func sentence(_ body: () throws -> Void) -> String {
  (#expect(throws: SafetensorsError.self) { try body() })?.description ?? ""
}

@Test func everyNumberTypeOfThePythonLibraryReads() throws {
  let file = try SafetensorsFile(reference("types.safetensors"))
  #expect(file.names.count == 17)
  let floats: [Float] = [-2, -0.5, 0, 1.5, 3, 448]
  for (name, type, values) in [
    ("F64", .float32, floats), ("F32", .float32, floats), ("F16", .float16, floats),
    ("BF16", .bfloat16, floats), ("I64", .int32, [-0x8000_0000, -1, 0, 0x8000_0000]),
    ("I32", .int32, [-0x8000_0000, 7]), ("I16", .int32, [-32768, 32767]),
    ("I8", .int32, [-128, 127]), ("U64", .int32, [0, 9]), ("U32", .int32, [0x8000_0000]),
    ("U16", .int32, [65535]), ("U8", .uint8, [0, 255]), ("BOOL", .uint8, [1, 0, 1]),
    ("none", .float32, []),
  ] as [(String, NumberType, [Float])] {
    let tensor = try file.tensor(name)
    #expect(tensor.type == type && file.type(of: name) == type, "\(name)")
    #expect(tensor.scalars == values, "\(name)")
    #expect(try file.tensor(name, as: .float32).type == .float32)
  }
  #expect(file.shape(of: "F64") == [2, 3])
  #expect(try file.tensor("none").shape == [0, 4])
  let golden = try JSONDecoder().decode(
    [String: [GoldenCase.Number]].self,
    from: Data(contentsOf: URL(filePath: reference("float8.json"))))
  for (name, values) in golden {
    let found = try file.tensor(name).scalars
    #expect(found.count == 256)
    for (x, y) in zip(found, values.map(\.value)) {
      #expect(x == y || (x.isNaN && y.isNaN), "\(name): \(x) for \(y)")
    }
  }
}

@Test func aMappedTensorReadsInPlaceAndOutlivesItsFile() throws {
  try withDirectory { directory in
    let path = directory + "/m.safetensors"
    try SafetensorsFile.write(
      [("a", Tensor([1, 2, 3])), ("b", Tensor([5, 6]).converted(to: .bfloat16))], to: path)
    var a = try SafetensorsFile(path).tensor("a")
    #expect(a.isBorrowed)
    #expect(try SafetensorsFile(path).tensor("b").isBorrowed)
    try FileManager.default.removeItem(atPath: path)
    #expect(a.scalars == [1, 2, 3])
    a[0] = 9  // copies: the mapping cannot be written to
    #expect(a.scalars == [9, 2, 3])
  }
}

@Test func anUnalignedTensorIsCopied() throws {
  try withDirectory { directory in
    let header =
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}"#
    var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    data.append(Data(header.utf8))
    data.append(7)
    for value: Float in [1.5, -2] { withUnsafeBytes(of: value) { data.append(contentsOf: $0) } }
    let path = directory + "/m.safetensors"
    try data.write(to: URL(filePath: path))
    let file = try SafetensorsFile(path)
    #expect(try file.tensor("a").scalars == [7])
    #expect(try file.tensor("b").scalars == [1.5, -2])
  }
}

@Test func whatPythonWroteIsWhatThisWrites() throws {
  let path = reference("python.safetensors")
  let (tensors, metadata) = try Safetensors.decode(
    Data(contentsOf: URL(filePath: path)), file: path)
  let written = Safetensors.encode(
    ["a", "b"].map { ($0, tensors[$0]!) }, metadata: metadata)
  #expect(written == (try Data(contentsOf: URL(filePath: path))))
}

@Test func everyStoredTypeWritesAndReadsBack() throws {
  let numbers = Tensor([0, 1, 2, 200], shape: [2, 2])
  let pairs = NumberType.allCases.map { ("\($0)", numbers.converted(to: $0)) }
  try withDirectory { directory in
    let path = directory + "/m.safetensors"
    try SafetensorsFile.write(pairs, to: path, metadata: ["k": "\u{1}é\"\\"])
    let file = try SafetensorsFile(path)
    #expect(file.metadata == ["k": "\u{1}é\"\\"])
    for (name, value) in pairs {
      let read = try file.tensor(name)
      #expect(read.type == value.type && read.scalars == value.scalars)
      #expect(read.isBorrowed)
    }
    #expect(
      sentence { try SafetensorsFile.write(pairs, to: directory + "/no/m.safetensors") }
        .contains("cannot be written"))
  }
}

@Test func shardsReadAsOneModel() throws {
  for path in ["sharded", "sharded/model.safetensors.index.json"] {
    let file = try SafetensorsFile(reference(path))
    #expect(Set(file.names) == ["embed.weight", "layers.0.weight", "layers.0.bias", "norm.weight"])
    #expect(try file.tensor("embed.weight").scalars == [0, 1, 2, 3, 4, 5])
    #expect(try file.tensor("norm.weight").type == .float16)
    #expect(file.metadata == ["format": "pt"])
  }
  let state = try StateDictionary(contentsOf: reference("sharded"))
  try withDirectory { directory in
    try SafetensorsFile.writeShards(Array(state), toDirectory: directory, maximumBytes: 16)
    #expect(FileManager.default.fileExists(atPath: directory + "/model-00003-of-00003.safetensors"))
    let again = try StateDictionary(contentsOf: directory)
    #expect(Set(again.names) == Set(state.names))
    for (name, value) in state {
      #expect(again[name]?.scalars == value.scalars && again[name]?.type == value.type)
    }
  }
}

@Test(arguments: [
  ("[]", "lacks a weight_map"), ("{", "is not an index"), ("{\"weight_map\": []}", "lacks a"),
  (#"{"weight_map": {"a": 3}}"#, "has no file"),
  (#"{"weight_map": {"a": "../x.safetensors"}}"#, "not a file's name"),
  (#"{"weight_map": {"a": "/etc/passwd"}}"#, "not a file's name"),
  (#"{"weight_map": {"a": ".."}}"#, "not a file's name"),
  (#"{"weight_map": {"a": "x.safetensors", "a": "y.safetensors"}}"#, "stands there twice"),
  (#"{"weight_map": {"a": "x.safetensors"}}"#, "No such file"),
  (#"{"weight_map": {"a": "real.safetensors"}}"#, "lacks the tensor a"),
])
func aBrokenIndexGivesASentence(_ text: String, _ expected: String) throws {
  try withDirectory { directory in
    try SafetensorsFile.write([("b", Tensor(1))], to: directory + "/real.safetensors")
    let path = directory + "/model.safetensors.index.json"
    try Data(text.utf8).write(to: URL(filePath: path))
    let found = sentence { _ = try SafetensorsFile(path) }
    #expect(found.contains(expected), "\(found)")
  }
}

@Test func filesThatAreNoneGiveASentence() throws {
  try withDirectory { directory in
    #expect(sentence { _ = try SafetensorsFile(directory) }.contains("holds neither"))
    #expect(sentence { _ = try SafetensorsFile(directory + "/x") }.contains("No such file"))
    try Data().write(to: URL(filePath: directory + "/empty"))
    #expect(sentence { _ = try SafetensorsFile(directory + "/empty") }.contains("0 bytes"))
    #expect(sentence { _ = try SafetensorsFile("/dev/null") }.contains("not a plain file"))
    let file = try SafetensorsFile(reference("types.safetensors"))
    #expect(sentence { _ = try file.tensor("x") }.contains("there is no tensor x"))
  }
}

@Test func numbersThatCannotBeHeldGiveASentence() throws {
  func bytes(_ type: String, _ payload: [UInt8]) -> Data {
    let header =
      #"{"a":{"dtype":"\#(type)","shape":[1],"data_offsets":[0,\#(payload.count)]}}"#
    return withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
      + Data(header.utf8) + payload
  }
  let large = bytes("I64", [0, 0, 0, 0, 1, 0, 0, 0])
  let found = sentence { _ = try Safetensors.decode(large, file: "m", as: nil) }
  #expect(found.contains("does not fit 32 bits"), "\(found)")
  #expect(try Safetensors.decode(large, file: "m").tensors["a"]?.item == 4_294_967_296)
  let complex = sentence {
    _ = try Safetensors.decode(bytes("C64", [0, 0, 0, 0, 0, 0, 0, 0]), file: "m")
  }
  #expect(complex.contains("C64, which cannot be read"))
  let packed = sentence { _ = try Safetensors.decode(bytes("F4", [0]), file: "m") }
  #expect(packed.contains("does not fill its last byte"))
}

/// Random changes to a file with every type, whose header is long: all read or throw.
@Test func mutatedFilesOfEveryTypeNeverCrash() throws {
  let good = try Data(contentsOf: URL(filePath: reference("types.safetensors")))
  var random = PCG64(seed: 11)
  var thrown = 0
  for _ in 0..<3000 {
    var bytes = good
    for _ in 0..<1 + random.integers(0..<3) {
      // Mostly in the header; digits and brackets break more than random bytes do.
      let position = random.integers(0..<min(bytes.count, 1600))
      let choices = Array("0123456789[]{},:\"-.eFIU\\".utf8)
      bytes[position] =
        random.integers(0..<3) == 0
        ? UInt8(random.integers(0..<256)) : choices[random.integers(0..<choices.count)]
    }
    do { _ = try Safetensors.decode(bytes, file: "x", as: nil) } catch { thrown += 1 }
  }
  #expect(thrown > 2000 && thrown < 3000)
  for hostile in [
    #"{"a":{"dtype":"F32","shape":[0,2147483647,2147483647,2147483647],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"F4","shape":[2147483647,2147483647,0,2147483647],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[0,65536,65536],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}}"#,
    #"{"__metadata__":{"a":1}}"#, #"{"a":{},"a":{}}"#, "{\"\u{0}\":1}", #"{"\ud800":{}}"#,
  ] {
    var data = withUnsafeBytes(of: UInt64(hostile.utf8.count).littleEndian) { Data($0) }
    data.append(Data(hostile.utf8))
    #expect(throws: SafetensorsError.self) { try Safetensors.decode(data, file: "x", as: nil) }
  }
}

@Test func partialLoadingReports() throws {
  var random = PCG64(seed: 1)
  let source = MultilayerPerceptron(sizes: [2, 3, 1], using: &random)
  var model = MultilayerPerceptron(sizes: [2, 3, 1], using: &random)
  let before = model.stateDictionary
  var state = source.stateDictionary
  #expect(state.names == source.parameters.map(\.name))
  state["layers.0.weight"] = Tensor([1])
  state["layers.1.bias"] = nil
  state["other"] = Tensor([1])
  #expect(throws: SafetensorsError.self) { try model.load(state) }
  #expect(model.parameters.map(\.value.scalars) == before.map(\.value.scalars))
  let report = try model.load(state, strictly: false)
  #expect(report.loaded == ["layers.0.bias", "layers.1.weight"])
  #expect(report.missing == ["layers.1.bias"] && report.unexpected == ["other"])
  let mismatch = try #require(report.mismatched.first)
  #expect(mismatch.name == "layers.0.weight" && mismatch.found == [1])
  #expect(mismatch.expected == [2, 3] && report.mismatched.count == 1)
  #expect(report.description.contains("missing: layers.1.bias"))
  #expect(
    model.stateDictionary["layers.1.weight"]?.scalars
      == source.stateDictionary["layers.1.weight"]?.scalars)
  #expect(
    model.stateDictionary["layers.0.weight"]?.scalars == before["layers.0.weight"]?.scalars)
}

@Test func namesCanBeChangedAndTypesFollowTheModel() throws {
  var random = PCG64(seed: 2)
  let source = MultilayerPerceptron(sizes: [2, 3, 1], using: &random)
  var state = StateDictionary()
  for (name, value) in source.stateDictionary {
    state["model." + name] = value.converted(to: .float16)
  }
  state["step"] = Tensor(3)
  var model = MultilayerPerceptron(sizes: [2, 3, 1], using: &random)
  let report = try model.load(state.under("model"))
  #expect(report.isExact && report.description == "4 parameters loaded")
  for (name, value) in model.parameters {
    #expect(value.type == .float32)
    #expect(value.scalars == state["model." + name]!.scalars)
  }
}
