import ArgumentParser
import Swirl

/// What ends a command early: one sentence for the person, one status for the shell.
struct CommandFailure: Error {
  /// The statuses of `sysexits.h` that the command uses.
  enum Status: Int32 {
    case usage = 64
    case badData = 65
    case missingFile = 66
    case other = 1
  }

  var status: Status
  var sentence: String

  init(_ status: Status, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }

  /// The failure that an error of the libraries below stands for; `nil` for ArgumentParser's own.
  init?(_ error: any Error) {
    switch error {
    case let failure as CommandFailure: self = failure
    case let error as EnvironmentError:
      self.init(error.kind == .usage ? .usage : .badData, error.description)
    case let error as RunError:
      self.init(Status(rawValue: error.kind.rawValue) ?? .other, error.description)
    case let error as SafetensorsError: self.init(.badData, error.description)
    case let error as ModelError:
      let statuses: [ModelError.Kind: Status] = [
        .badData: .badData, .missingFile: .missingFile, .usage: .usage,
      ]
      self.init(statuses[error.kind] ?? .other, error.description)
    case let error as ViewerError:
      let status: Status =
        switch error.kind {
        case .usage: .usage
        case .data: .badData
        case .missing: .missingFile
        case .failed: .other
        }
      self.init(status, error.description)
    case let error as TrainingFailure: self.init(.badData, error.description)
    default: return nil
    }
  }

  /// "unknown agent 'pop'; did you mean 'ppo'?"
  static func unknown(_ what: String, _ name: String, among names: [String]) -> CommandFailure {
    let near = nearestNames(to: name, in: names)
    let hint =
      "did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?"
    return CommandFailure(.usage, "unknown \(what) '\(name)'; \(hint)")
  }
}
