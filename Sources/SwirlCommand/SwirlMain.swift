import ArgumentParser
import Foundation

/// The command `swirl`, for executables that bring environments of their own:
///
/// ```swift
/// import Swirl
/// import SwirlCommand
///
/// try register(id: "Corridor-v0", maxEpisodeSteps: 100) { Corridor() }
/// SwirlMain.run()
/// ```
public enum SwirlMain {
  /// Parses `arguments`, runs the subcommand they name and ends the process.
  ///
  /// Exit status: 0 when all went well, 64 for a usage error, 65 for bad data, 66 for a missing file, 130 and 143 after
  /// an interrupt and a termination signal, 129 where the terminal of `play` has gone, 1 for the rest.
  public static func run(_ arguments: [String] = Array(CommandLine.arguments.dropFirst())) -> Never
  {
    #if DEBUG
      Console.note(
        "this is a debug build and many times slower; build with 'swift build -c release'")
    #endif
    listenToSignals()
    do {
      try refuseUnknownSubcommand(arguments)
      var command = try Root.parseAsRoot(arguments)
      try command.run()
      end(with: nil, arguments: arguments)
    } catch {
      end(with: error, arguments: arguments)
    }
  }

  /// A process inherits the signals its parent blocks, and Foundation's `Process` starts children from
  /// threads that block all of them: an interrupt would then never arrive.
  private static func listenToSignals() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGHUP)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// ArgumentParser calls a mistyped subcommand an "unexpected argument"; the nearest names help more.
  private static func refuseUnknownSubcommand(_ arguments: [String]) throws {
    guard let first = arguments.first, !first.hasPrefix("-"), first != "help" else { return }
    let names = Root.configuration.subcommands.map { $0._commandName }
    guard !names.contains(first) else { return }
    throw CommandFailure.unknown("subcommand", first, among: names)
  }

  /// Writes what is buffered, says what went wrong, if something did, and ends the process with the status
  /// for it.
  ///
  /// - Parameter arguments: The first names the subcommand.
  static func end(with error: (any Error)?, arguments: [String]) -> Never {
    Output.standard.flush()
    guard let error else { exit(0) }
    if let failure = CommandFailure(error) {
      Console.error(failure.sentence)
      exit(failure.status.rawValue)
    }
    if let code = error as? ExitCode { exit(code.rawValue) }
    let code = Root.exitCode(for: error)
    if code.isSuccess {  // --help, --version
      print(Root.fullMessage(for: error))
    } else if code == .validationFailure {
      let names = Root.configuration.subcommands.map { $0._commandName }
      let subcommand = arguments.first.flatMap { names.contains($0) ? " \($0)" : nil } ?? ""
      let message = Root.message(for: error)
      let joint = message.hasSuffix("?") || message.hasSuffix(".") ? "" : ";"
      Console.error("\(message)\(joint) see 'swirl\(subcommand) --help'")
    } else {
      Console.error(Root.message(for: error))
    }
    exit(code.rawValue)
  }
}

/// What `swirl` alone is: the list of its subcommands.
struct Root: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swirl",
    abstract: "Reinforcement learning in Swift: environments, agents, runs.",
    version: Version.current,
    subcommands: [
      EnvsCommand.self, TrainCommand.self, EvaluateCommand.self, RolloutCommand.self,
      BenchCommand.self, CompareCommand.self, TuneCommand.self, SpeedCommand.self,
      ExportCommand.self, ModelCommand.self, TokenizeCommand.self, GenerateCommand.self,
      ChatCommand.self, ScoreCommand.self, ViewCommand.self, PlayCommand.self,
    ])
}
