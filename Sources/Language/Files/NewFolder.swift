import Foundation

/// Writes a folder that appears whole, by one rename: `body` fills it under another name.
///
/// - Throws: `ModelError` where something is at `path` or the system refuses.
func writeFolder(_ path: String, _ body: (_ partial: String) throws -> Void) throws {
  var path = path
  // With a slash at its end the other name would lie within the folder.
  while path.count > 1, path.hasSuffix("/") { path.removeLast() }
  guard !FileManager.default.fileExists(atPath: path) else {
    throw ModelError("\(path) exists already; choose another folder", kind: .usage)
  }
  let partial = "\(path).partial"
  do {
    try? FileManager.default.removeItem(atPath: partial)
    try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: true)
    try body(partial)
    guard rename(partial, path) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
  } catch {
    try? FileManager.default.removeItem(atPath: partial)
    if let error = error as? ModelError { throw error }
    throw ModelError("\(path) cannot be written: \(error.localizedDescription)")
  }
}
