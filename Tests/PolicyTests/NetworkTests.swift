import Envs
import Foundation
import Policy
import Runtime
import Tensors
import Testing

/// Networks of every kind: what a rollout computes on raw rows and what an update computes with tensors are
/// the same bits, and files bring them back.
struct NetworkTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let architecture: ActorCritic.Architecture
    var head = ActionHead.categorical(count: 4, start: 0)
    var space: any Space = Box(shape: [5], in: -9...9)
    /// Whether rows hold bytes.
    var bytes = false
  }

  private static let pixels = Box(shape: [10, 10, 4], in: 0...255, of: .uint8)
  private static let picture = Picture(height: 10, width: 10, channels: 4)
  private static let planes = Picture(height: 36, width: 40, channels: 2, channelsFirst: true)
  /// Two pictures with numbers before, between and after them.
  private static let dictionary = Dict([
    "door": Discrete(3), "front": pixels, "high": Box(shape: [2], in: -9...9),
    "left": Box(shape: [2, 12, 9], in: 0...255, of: .uint8), "speed": Box(shape: [1], in: -9...9),
  ])
  private static let both: FeatureExtractor.Form = .init(
    pictures: [
      .minAtar(picture, at: 3),
      .init(
        Picture(height: 12, width: 9, channels: 2, channelsFirst: true), at: 405,
        convolutions: [
          .init(channels: 5, kernel: 4, stride: 2), .init(channels: 3, kernel: 2, stride: 1),
        ]),
    ], widths: [24])
  private static let numbers = ActionHead.gaussian(low: [-1, -2], high: [1, 2])

  static let cases: [Case] = [
    Case(
      testDescription: "MinAtar's convolution, shared",
      architecture: .init(
        network: .init(features: one(.minAtar(picture)), hidden: []), sharesFeatures: true),
      space: pixels, bytes: true),
    Case(
      testDescription: "Nature's convolutions of planes, apart",
      architecture: .init(network: .init(features: one(.nature(planes)), hidden: [16])),
      head: numbers, space: Box(shape: [2, 36, 40], in: 0...255, of: .uint8), bytes: true),
    Case(
      testDescription: "shared layers",
      architecture: .init(
        network: .init(features: .init(widths: [24, 20], activation: .tanh), hidden: [16]),
        sharesFeatures: true, normalizationClip: 5)),
    Case(
      testDescription: "noise by state",
      architecture: .init(
        network: .init(hidden: [33]), logStdInit: -1, exploresByState: true), head: numbers),
    Case(
      testDescription: "noise by state without hidden layers",
      architecture: .init(network: .init(hidden: []), exploresByState: true), head: numbers),
    Case(
      testDescription: "an LSTM of two layers",
      architecture: .init(
        network: .init(memory: .init(units: 17, layers: 2), hidden: [16]), normalizationClip: 5)),
    Case(
      testDescription: "a shared GRU after shared convolutions",
      architecture: .init(
        network: .init(
          features: one(.minAtar(picture)), memory: .init(kind: .gru, units: 16), hidden: []),
        sharesFeatures: true, sharesMemory: true), space: pixels, bytes: true),
    Case(
      testDescription: "a shared LSTM, and so shared convolutions",
      architecture: .init(
        network: .init(features: one(.minAtar(picture)), memory: .init(units: 16), hidden: [8]),
        sharesFeatures: false, sharesMemory: true), space: pixels, bytes: true),
    Case(
      testDescription: "a dictionary of two pictures, numbers and a choice, normalised",
      architecture: .init(
        network: .init(features: both, hidden: [16]), sharesFeatures: true, normalizationClip: 5),
      space: dictionary),
    Case(
      testDescription: "a dictionary, apart, and a GRU without dense layers before it",
      architecture: .init(
        network: .init(
          features: .init(pictures: both.pictures, widths: []), memory: .init(kind: .gru, units: 8),
          hidden: [])),
      head: numbers, space: dictionary),
    Case(
      testDescription: "a dictionary of bytes",
      architecture: .init(
        network: .init(
          features: .init(pictures: [.minAtar(picture, at: 2)], widths: [20]), hidden: [])),
      space: Dict(["a": Discrete(2), "b": pixels, "c": MultiBinary(3)]), bytes: true),
    Case(
      testDescription: "a GRU of three layers and noise by state",
      architecture: .init(
        network: .init(memory: .init(kind: .gru, units: 8, layers: 3), hidden: [8]),
        exploresByState: true), head: numbers),
  ]

  private static func one(_ picture: PictureExtractor.Form) -> FeatureExtractor.Form {
    .init(pictures: [picture], widths: [128])
  }

  private func model(_ the: Case, _ random: inout PCG64) throws -> (ActorCritic, [UInt8]) {
    var model = ActorCritic(
      encoder: try ObservationEncoder(the.space, bytes: the.bytes), head: the.head,
      architecture: the.architecture, using: &random)
    // Biases that are zero would hide a bias read wrongly.
    model.visitParameters { name, x in
      if name.contains("bias") { x = .uniformFanIn(x.shape, fanIn: 9, using: &random) }
    }
    let rows = Self.steps * Self.batch
    var streams = the.space.streams(seed: 3)
    let numbers = (0..<rows).flatMap { _ in the.space.sampleRow(using: &streams) }
    if the.bytes { return (model, numbers.map { UInt8($0) }) }
    model.normalizer?.update(steps: rows, environments: 1, numbers)
    return (model, numbers.withUnsafeBytes { Array($0) })
  }

  private static let steps = 9
  private static let batch = 5

  @Test(arguments: cases)
  func rolloutsAndUpdatesAgreeToTheBit(_ the: Case) throws {
    var random = PCG64(seed: 3)
    let (model, bytes) = try model(the, &random)
    let (steps, batch) = (Self.steps, Self.batch)
    let rowBytes = bytes.count / (steps * batch)
    let width = the.head == Self.numbers ? 2 : 1
    var actions = [Float](repeating: 0, count: steps * batch * width)
    var logProbabilities = [Float](repeating: 0, count: steps * batch)
    var values = logProbabilities
    var ahead = [Float](repeating: 0, count: batch)
    var streams = (0..<batch).map { PCG64(SeedSequence(9).child($0)) }
    var memory = (0..<batch * model.memorySize).map { _ in Float(random.normal(0, 1)) }
    let firstMemory = memory
    let starts = (0..<steps * batch).map { Float($0 > batch && $0 % 7 == 3 ? 1 : 0) }
    let runner = PolicyRunner(model, capacity: batch)
    #expect(runner.memorySize == model.memorySize)
    for t in 0..<steps {
      for n in 0..<batch where starts[t * batch + n] == 1 {
        for i in 0..<model.memorySize { memory[n * model.memorySize + i] = 0 }
      }
      bytes.withUnsafeBytes { rows in
        let row = rows.baseAddress! + t * batch * rowBytes
        // A look ahead leaves the memory as it is.
        runner.values(rows: batch, row, memory: memory, into: &ahead)
        actions.withUnsafeMutableBufferPointer { a in
          logProbabilities.withUnsafeMutableBufferPointer { l in
            values.withUnsafeMutableBufferPointer { v in
              runner.sample(
                rows: batch, row, masks: nil, streams: &streams,
                actions: a.baseAddress! + t * batch * width,
                logProbabilities: l.baseAddress! + t * batch, values: v.baseAddress! + t * batch,
                memory: &memory, drawsNoise: t % 3 == 0)
            }
          }
        }
      }
      #expect(ahead == Array(values[t * batch..<(t + 1) * batch]))
    }
    let (log, _, value) = model.evaluate(
      observations: bytes.withUnsafeBytes {
        model.encoded(rows: steps * batch, $0.baseAddress!)
      }, actions: Tensor(actions, shape: [steps * batch, width]),
      sequences: Sequences(
        starts: Tensor(starts, shape: [steps, batch]),
        memory: Tensor(firstMemory, shape: [batch, model.memorySize])))
    #expect(log.scalars == logProbabilities)
    #expect(value.scalars == values)
    // No parameter stands about that nothing reads.
    let (_, gradients) = valueWithGradient(at: model) { model in
      let (log, _, value) = model.evaluate(
        observations: bytes.withUnsafeBytes {
          model.encoded(rows: steps * batch, $0.baseAddress!)
        }, actions: Tensor(actions, shape: [steps * batch, width]),
        sequences: Sequences(
          starts: Tensor(starts, shape: [steps, batch]),
          memory: Tensor(firstMemory, shape: [batch, model.memorySize])))
      return log.sum() + value.sum()
    }
    for (parameter, gradient) in zip(model.parameters, gradients) {
      #expect(gradient.scalars.contains { $0 != 0 }, "\(parameter.name)")
    }
    #expect(Set(values).count > steps && Set(logProbabilities).count > steps)
  }

  @Test(arguments: cases)
  func filesBringNetworksBack(_ the: Case) throws {
    var random = PCG64(seed: 4)
    let (model, _) = try model(the, &random)
    let data = try model.encoded()
    let back = try ActorCritic(decoding: data, file: "m")
    #expect(back.parameters.map(\.name) == model.parameters.map(\.name))
    #expect(back.parameters.map(\.value.scalars) == model.parameters.map(\.value.scalars))
    #expect(back.sharesFeatures == model.sharesFeatures && back.sharesMemory == model.sharesMemory)
    #expect(try back.encoded() == data)
    // The policy can be had alone, and travels alone.
    let actor = try Actor(decoding: data, file: "m")
    #expect(actor.parameters.map(\.value.scalars) == model.actor.parameters.map(\.value.scalars))
    let alone = try Actor(decoding: actor.encoded(), file: "m")
    #expect(alone.parameters.map(\.name) == actor.parameters.map(\.name))
    #expect(throws: SafetensorsError.self) {
      try ActorCritic(decoding: actor.encoded(), file: "m")
    }
  }

  /// Shared layers are counted once, and both the policy and the value function move them.
  @Test func sharedLayersLearnFromBoth() throws {
    var random = PCG64(seed: 5)
    let (model, bytes) = try model(Self.cases[2], &random)
    let names = model.parameters.map(\.name)
    #expect(names.contains { $0.hasPrefix("policy.features.") })
    #expect(!names.contains { $0.hasPrefix("value.features.") })
    let rows = bytes.withUnsafeBytes { model.encoded(rows: 45, $0.baseAddress!) }
    let actions = Tensor(repeating: 1, shape: [45, 1])
    func gradient(ofPolicy: Bool) -> [Float] {
      let (_, gradients) = valueWithGradient(at: model) { model in
        let (log, _, values) = model.evaluate(observations: rows, actions: actions)
        return ofPolicy ? log.sum() : values.sum()
      }
      return gradients[0].scalars
    }
    #expect(gradient(ofPolicy: true).contains { $0 != 0 })
    #expect(gradient(ofPolicy: false).contains { $0 != 0 })
  }

  /// log π and entropy of noise by state against the density of N(μ, latent² σ² + 10⁻⁶) in double precision.
  @Test func noiseByStateHasItsDensity() throws {
    var random = PCG64(seed: 6)
    let (model, bytes) = try model(Self.cases[3], &random)
    let rows = bytes.withUnsafeBytes { model.encoded(rows: 45, $0.baseAddress!) }
    let first = model.actor.policy.perceptron.layers[0]
    let latent = first(rows).scalars.map(Double.init)
    let mean = model.actor.policy(rows).scalars.map(Double.init)
    let actions = mean.map { Float($0 + random.normal(0, 1)) }
    let distribution = model.actor.distribution(rows)
    let log = distribution.logProbability(of: Tensor(actions, shape: [45, 2])).scalars
    let entropy = distribution.entropy().scalars
    let variance = exp(-2.0)
    for row in 0..<45 {
      let squares = (0..<33).reduce(0.0) { $0 + latent[row * 33 + $1] * latent[row * 33 + $1] }
      let sigma2 = squares * variance + 1e-6
      var (expected, spread) = (0.0, 0.0)
      for i in 0..<2 {
        let d = Double(actions[row * 2 + i]) - mean[row * 2 + i]
        expected -= d * d / (2 * sigma2) + 0.5 * Foundation.log(2 * .pi * sigma2)
        spread += 0.5 * Foundation.log(2 * .pi * M_E * sigma2)
      }
      #expect(abs(Double(log[row]) - expected) < 2e-4 * max(1, abs(expected)))
      #expect(abs(Double(entropy[row]) - spread) < 1e-4)
    }
  }

  /// Noise by state is one function of the state until it is drawn again.
  @Test func noiseByStateStaysUntilDrawnAgain() throws {
    var random = PCG64(seed: 7)
    let (model, bytes) = try model(Self.cases[3], &random)
    let runner = PolicyRunner(model, capacity: 1)
    var streams = [PCG64(seed: 1)]
    var (log, value) = ([Float](repeating: 0, count: 1), [Float](repeating: 0, count: 1))
    func act(draws: Bool) -> [Float] {
      var action = [Float](repeating: 0, count: 2)
      bytes.withUnsafeBytes {
        runner.sample(
          rows: 1, $0.baseAddress!, masks: nil, streams: &streams, actions: &action,
          logProbabilities: &log, values: &value, drawsNoise: draws)
      }
      return action
    }
    let first = act(draws: true)
    let stream = streams[0]
    #expect(act(draws: false) == first && streams[0] == stream)
    #expect(act(draws: true) != first)
  }

  /// What is none of the options is none of them, whatever number it is.
  @Test func choicesThatAreNoneAreRead() throws {
    let encoder = try ObservationEncoder(
      Tuple([Discrete(3, start: -1), Box(shape: [1], in: 0...1)]))
    let raw: [Float] = [-1, 0.5, 1, 0.25, .nan, 0, 1e30, 0, -.infinity, 0, -3, 0, 2, 0]
    var encoded = [Float](repeating: 9, count: 28)
    raw.withUnsafeBytes {
      encoder.encode(rows: 7, $0.baseAddress!, normalizer: nil, into: &encoded)
    }
    #expect(encoded[..<8] == [1, 0, 0, 0.5, 0, 0, 1, 0.25])
    #expect(encoded[8...].allSatisfy { $0 == 0 })
    #expect(encoder.firstStray(in: Array(raw[..<4])) == nil)
    for row in 2..<7 {
      #expect(encoder.firstStray(in: Array(raw[row * 2..<row * 2 + 2])) != nil, "row \(row)")
    }
    #expect(encoder.firstStray(in: [0.5, 0]) == 0.5)
  }

  @Test func filesThatDescribeImpossibleNetworksAreRefused() throws {
    var random = PCG64(seed: 8)
    let (model, _) = try model(Self.cases[0], &random)
    let (tensors, metadata) = try Safetensors.decode(model.encoded(), file: "m")
    let form = try #require(metadata["swirl.policy"])
    for (old, new) in [
      (#""kernel":3"#, #""kernel":30"#), (#""stride":1"#, #""stride":0"#),
      (#""height":10"#, #""height":10000000000"#), (#""channels":4"#, #""channels":3"#),
      (#""widths":[128]"#, #""widths":[99999999]"#), (#""widths":[128]"#, #""widths":[127]"#),
      (#""outputs":1"#, #""outputs":-1"#), (#""sharesMemory":false"#, #""sharesMemory":true"#),
      (#""sharesFeatures":true"#, #""sharesFeatures":false"#), (#""first":0"#, #""first":-1"#),
      (#""first":0"#, #""first":1"#), (#""first":0"#, #""first":9223372036854775807"#),
      (#""scale":"#, #""scale":1e39,"s":"#), (#""convolutions":["#, #""convolutions":[],"c":["#),
    ] {
      #expect(form.contains(old), "\(old)")
      let data = Safetensors.encode(
        tensors.map { (name: $0.key, value: $0.value) },
        metadata: ["swirl.policy": form.replacing(old, with: new)])
      #expect(throws: SafetensorsError.self, "\(new)") {
        try ActorCritic(decoding: data, file: "m")
      }
    }
  }
}
