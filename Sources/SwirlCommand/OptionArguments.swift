import ArgumentParser
import Swirl

/// `--option name=value`, as often as wanted, for every subcommand that makes environments.
struct OptionArguments: ParsableArguments {
  @Option(
    name: .customLong("option"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "One option of the environment, such as g=9.81; 'swirl envs <env>' lists them.",
      valueName: "name=value"))
  var assignments: [String] = []

  var isEmpty: Bool { assignments.isEmpty }

  /// - Throws: `EnvironmentError` for an option that the environment does not have or that cannot be so.
  func values(for environment: String) throws -> [String: OptionValue] {
    try environmentOptions(assignments, of: environment)
  }
}
