import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Writing so that a crash at any instant leaves the old file or the new one, never half of either.
package enum DurableFile {
  /// Writes a new file and waits until the disk has it.
  static func write(_ data: Data, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("open", path) }
    defer { close(descriptor) }
    try write(data, to: descriptor, path)
    guard fsync(descriptor) == 0 else { throw failure("flush", path) }
  }

  /// Writes a file under another name, waits until the disk has it and renames it to `path`.
  package static func replace(_ path: String, with data: Data) throws {
    let temporary = path + ".tmp"
    do {
      try write(data, to: temporary)
      guard rename(temporary, path) == 0 else { throw failure("rename", temporary) }
    } catch {
      unlink(temporary)
      throw error
    }
    synchronizeFolder((path as NSString).deletingLastPathComponent)
  }

  /// Appends bytes to an open file.
  static func write(_ data: Data, to descriptor: Int32, _ path: String) throws {
    try data.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        #if canImport(Darwin)
          let count = Darwin.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
        #elseif canImport(Musl)
          let count = Musl.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
        #else
          let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
        #endif
        if count < 0 {
          if errno == EINTR { continue }
          throw failure("write", path)
        }
        written += count
      }
    }
  }

  /// Makes renames inside a folder durable.
  static func synchronizeFolder(_ path: String) {
    let descriptor = open(path.isEmpty ? "." : path, O_RDONLY | O_CLOEXEC)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
  }

  /// What the system said about the last call, as a sentence.
  static func failure(_ verb: String, _ path: String) -> RunError {
    let code = errno
    return RunError(
      code == ENOENT ? .missing : .failed,
      "cannot \(verb) \(path): \(String(cString: strerror(code)))")
  }
}
