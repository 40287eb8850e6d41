import Logging

/// Prints what the libraries below log as notes of the command, clear of a progress bar.
struct ConsoleLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .notice

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    if Console.isTerminal { Console.write("\r\u{1B}[K") }
    let prefix = event.level >= .warning ? "\(event.level): " : ""
    Console.note(prefix + "\(event.message)")
  }
}
