import Foundation

extension Output {
  /// Writes a file that must not exist yet.
  ///
  /// - Parameter option: The option that names the file, for the sentence.
  /// - Throws: `CommandFailure` when there is one already or it cannot be written.
  static func writeNew(_ data: Data, to path: String, option: String) throws {
    do {
      try data.write(to: URL(fileURLWithPath: path), options: [.withoutOverwriting])
    } catch {
      if FileManager.default.fileExists(atPath: path) {
        throw CommandFailure(.usage, "\(path) exists already; choose another file with \(option)")
      }
      throw CommandFailure(.other, "cannot write \(path): \(error.localizedDescription)")
    }
  }
}
