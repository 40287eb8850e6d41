import Envs
import Foundation
import Policy
import Runtime
import Tensors
import Testing

/// What reads the pictures of a row and its other numbers.
@Suite struct FeatureExtractorTests {
  private struct Golden: Decodable {
    let rows: [Float]
    let parameters: [String: [Float]]
    let cotangent: [Float]
    let features: [Float]
    let gradients: [String: [Float]]
  }

  /// References/make_features.py: numbers, a picture, numbers, planes, a number.
  @Test func featuresAndGradientsArePyTorchs() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/features.json")
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    var random = PCG64(seed: 1)
    let network = Network(
      .init(
        features: .init(
          pictures: [
            .init(
              Picture(height: 7, width: 6, channels: 2), at: 3,
              convolutions: [
                .init(channels: 3, kernel: 3, stride: 2), .init(channels: 4, kernel: 2, stride: 1),
              ]),
            .init(
              Picture(height: 5, width: 5, channels: 3, channelsFirst: true), at: 89,
              convolutions: [.init(channels: 2, kernel: 3, stride: 2)]),
          ], widths: [6], activation: .tanh), hidden: []),
      inputs: 165, outputs: 1, using: &random)
    var features = try #require(network.features)
    #expect(checkModule(features) == [])
    #expect(Set(features.parameters.map(\.name)) == Set(golden.parameters.keys))
    features.visitParameters { name, x in
      x = Tensor(golden.parameters[name] ?? [], shape: x.shape)
    }
    let rows = Tensor(golden.rows, shape: [4, 165])
    func expectNear(_ found: [Float], _ expected: [Float]?, _ name: String) {
      #expect(found.count == expected?.count, "\(name)")
      for (a, b) in zip(found, expected ?? []) {
        #expect(abs(a - b) < 1e-5 * (1 + abs(b)), "\(name)")
      }
    }
    expectNear(features(rows).scalars, golden.features, "features")
    let cotangent = Tensor(golden.cotangent, shape: [4, 6])
    let (_, gradients) = valueWithGradient(at: features) { ($0(rows) * cotangent).sum() }
    for (parameter, gradient) in zip(features.parameters, gradients) {
      expectNear(gradient.scalars, golden.gradients[parameter.name], parameter.name)
    }
    let (_, ofRows) = valueWithGradient(at: rows) { (features($0) * cotangent).sum() }
    expectNear(ofRows.scalars, golden.gradients["rows"], "rows")
  }

  @Test func picturesAreFoundInTheirOrder() throws {
    let space = Dict([
      "a": Discrete(4), "b": Box(shape: [6, 5, 3], in: 0...255, of: .uint8),
      "c": Tuple([Box(shape: [2], in: 0...1), Box(shape: [2, 7, 8], in: 0...1)]),
      "d": Box(shape: [9], in: 0...255, of: .uint8),
    ])
    let found = try Picture.all(in: space, bytes: false)
    #expect(found.map(\.first) == [4, 4 + 90 + 2])
    #expect(found.map(\.isOfBytes) == [true, false])
    #expect(found.map(\.picture.channelsFirst) == [false, true])
    #expect(try Picture.all(in: space, bytes: true).map(\.isOfBytes) == [true, true])
    #expect(try ObservationEncoder(space).encodedSize == 4 + 90 + 2 + 112 + 9)
  }

  /// A dictionary's pictures become shares of their bound and are never normalised; the rest is as it was.
  @Test func picturesAreShares() throws {
    let space = Dict([
      "a": Box(shape: [1], in: -9...9), "b": Box(shape: [1, 2, 2], in: 0...255, of: .uint8),
      "c": Discrete(2),
    ])
    let encoder = try ObservationEncoder(space)
    let raw: [Float] = [3, 0, 51, 255, 102, 1]
    var normalizer = ObservationNormalizer(size: 6)
    normalizer.update(steps: 2, environments: 1, raw + raw.map { $0 + 1 })
    var encoded = [Float](repeating: 9, count: 7)
    raw.withUnsafeBytes {
      encoder.encode(rows: 1, $0.baseAddress!, normalizer: nil, into: &encoded)
    }
    let share: Float = 1 / 255
    #expect(encoded == [3, 0, 51 * share, 255 * share, 102 * share, 0, 1])
    let plain = encoded
    raw.withUnsafeBytes {
      encoder.encode(rows: 1, $0.baseAddress!, normalizer: normalizer, into: &encoded)
    }
    #expect(encoded[0] < 0 && encoded[1...] == plain[1...])
    #expect(throws: UnsupportedSpace.self) {
      try ObservationEncoder(Box(shape: [1, 1, 1], in: 0...0, of: .uint8))
    }
  }

  /// Files from before a row could hold more than one picture.
  @Test func formerFilesAreRead() throws {
    var random = PCG64(seed: 2)
    let model = ActorCritic(
      encoder: .bytes(75), head: .categorical(count: 2, start: 0),
      architecture: .init(
        network: .init(
          features: .init(
            pictures: [.minAtar(Picture(height: 5, width: 5, channels: 3))], widths: [9]))),
      using: &random)
    let data = try model.encoded()
    let (tensors, metadata) = try Safetensors.decode(data, file: "m")
    var form = try #require(metadata["swirl.policy"])
    for (new, old) in [
      (
        #"{"parts":[{"shares":{"count":75,"scale":0.003921569}}],"readsBytes":true}"#,
        #"{"byteScale":0.003921569,"parts":[{"numbers":{"_0":75}}]}"#
      ),
      (
        #""pictures":[{"convolutions":[{"channels":16,"kernel":3,"stride":1}],"first":0,"picture":"#,
        #""convolutions":[{"channels":16,"kernel":3,"stride":1}],"picture":"#
      ),
      (#""width":5}}]"#, #""width":5}"#),
    ] {
      #expect(form.contains(new), "\(form)")
      form = form.replacing(new, with: old)
    }
    let former = Safetensors.encode(
      tensors.map { (name: $0.key, value: $0.value) }, metadata: ["swirl.policy": form])
    let back = try ActorCritic(decoding: former, file: "m")
    #expect(back.encoder == model.encoder)
    #expect(try back.encoded() == data)
  }
}
