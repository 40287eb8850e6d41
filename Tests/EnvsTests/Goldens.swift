import Foundation

/// What the scripts in References wrote down of Gymnasium.
enum Goldens {
  static let cartPole: CartPoleGoldens = read("cartpole.json")
  static let classicControl: [ChecksumRun] = read("classic_control.json")
  static let toyText: ToyTextGoldens = read("toy_text.json")
  static let minAtar: MinAtarGoldens = read("minatar.json")
  static let muJoCo: [MuJoCoRun] = read("mujoco.json")
  static let wrappers: WrapperGoldens = read("wrappers.json")
  static let lunarLander: [Box2DGolden] = read("lunar_lander.json")
  static let bipedalWalker: [Box2DGolden] = read("bipedal_walker.json")
  static let carRacing: CarRacingGoldens = read("car_racing.json")
  static let spaces: SpaceGoldens = read("spaces.json")

  private static func read<T: Decodable>(_ name: String) -> T {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/\(name)")
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(T.self, from: Data(contentsOf: path))
    } catch {
      fatalError("\(path.path) does not hold the golden values: \(error)")
    }
  }
}

struct CartPoleGoldens: Decodable, Sendable {
  struct Episode: Decodable, Sendable {
    let id: String
    let seed: UInt64
    let suttonBartoReward: Bool
    let low, high: Double
    let actions, observations, rewards, endings: String
  }

  struct Vector: Decodable, Sendable {
    struct Reset: Decodable, Sendable {
      let step: Int
      let observations: String
    }
    let mode: String
    let count: Int
    let seed: UInt64
    let timeLimit: Int
    let actions, observations, rewards, endings, finalObservations: String
    let resets: [Reset]
  }

  let episodes: [Episode]
  let vectors: [Vector]
}

struct ToyTextGoldens: Decodable, Sendable {
  struct Table: Decodable, Sendable {
    let run: Int
    let checksum: UInt32
  }

  struct Map: Decodable, Sendable {
    let size: Int
    let p: Double
    let seed: UInt64
    let map: [String]
  }

  let runs: [ChecksumRun]
  let tables: [Table]
  let maps: [Map]
}

struct MinAtarGoldens: Decodable, Sendable {
  struct Episode: Decodable, Sendable {
    let game: String
    let seed: UInt64
    let sticky: Bool
    /// Divers on board when an episode begins.
    let divers: Int
    let actions: String
    /// [step, reward] of the steps that earn something.
    let rewards: [[Int]]
    let endings: [Int]
    let observations: String
    let ramp: Int
  }

  let episodes: [Episode]
}

struct WrapperGoldens: Decodable, Sendable {
  struct Image: Decodable, Sendable {
    let shape, to: [Int]
    let checksum: UInt32
  }

  let runs: [ChecksumRun]
  let spaces: [String]
  let images: [Image]
}

/// One set of options of a Box2D environment.
struct Box2DGolden: Decodable, Sendable {
  /// The first steps of an episode.
  struct Early: Decodable, Sendable {
    let seed: UInt64
    let ground: [Double]
    /// What the stream gives after them.
    let next: Double
    let observations: [[Float]]
    let rewards: [Double]
  }

  let name: String
  let options: [String: Double]
  let early: [Early]
  /// Of the returns that a fixed controller earns with the seeds 0, 1, 2 …, and their 95 % interval.
  let meanReturn, low, high, meanLength: Double
  let returns: [Double]
}

struct CarRacingGoldens: Decodable, Sendable {
  struct Drive: Decodable, Sendable {
    struct Frame: Decodable, Sendable {
      let step: Int
      /// Of `[96, 96, 3]` bytes.
      let pixels: Data
    }

    let seed: UInt64
    let options: [String: Double]
    let tiles, polygons: Int
    /// Every tenth point: bearing, direction, place.
    let track: [[Double]]
    let next: Double
    /// Place, angle, velocity, angular velocity.
    let drive: [[Double]]
    let rewards: [Double]
    let frames: [Frame]
  }

  let drives: [Drive]
  let returns: Box2DGolden
}

struct SpaceGoldens: Decodable, Sendable {
  struct Record: Decodable, Sendable {
    let name, description: String
    let samples: [String: [Sample]]
  }

  /// A number, a string, or a list of them.
  enum Sample: Decodable, Equatable, Sendable {
    case integer(Int)
    case text(String)
    case list([Sample])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        self = .integer(number)
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else {
        self = .list(try container.decode([Sample].self))
      }
    }
  }

  let spaces: [Record]
  let masks: [[Int]]
  let masked: [Int]
}

/// The bits of numbers, as the scripts write them.
func hex(_ numbers: some Sequence<Float>) -> String {
  numbers.map { padded($0.bitPattern, 8) }.joined()
}

func hex(_ numbers: some Sequence<Double>) -> String {
  numbers.map { padded($0.bitPattern, 16) }.joined()
}

private func padded(_ bits: some FixedWidthInteger, _ width: Int) -> String {
  let text = String(bits, radix: 16)
  return String(repeating: "0", count: width - text.count) + text
}
