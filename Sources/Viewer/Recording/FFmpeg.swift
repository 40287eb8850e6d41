import Foundation
import Runtime

/// The program that makes films, fed with pixels.
final class FFmpeg {
  private var child: ChildProcess

  static let advice =
    "recording films needs the program ffmpeg; install it, for example with: apt-get install ffmpeg"

  /// - Throws: ``ViewerError`` if the program is not there.
  init(_ arguments: [String]) throws {
    do { child = try ChildProcess(["ffmpeg"] + arguments, reading: .standardError) } catch {
      switch error {
      case .noPipes: throw ViewerError(.failed, "there are no pipes left to run ffmpeg with")
      case .notStarted: throw ViewerError(.missing, Self.advice)
      }
    }
  }

  deinit { stop() }

  /// Ends the program, without waiting for a film where it still makes one.
  func stop() { child.end() }

  /// - Throws: ``ViewerError`` with what the program said if it has ended.
  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while rest.count > 0 {
      let count = child.write(rest, waits: true)
      if count > 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if errno != EINTR {
        throw failure()
      }
    }
  }

  /// Tells the program that the film ends here and waits for it.
  ///
  /// - Throws: ``ViewerError`` with what the program said if it failed.
  func finish() throws {
    child.closeInput()
    if child.wait() ?? 0 != 0 { throw failure() }
  }

  private func failure() -> ViewerError {
    child.closeInput()
    _ = child.wait()
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = read(child.output, &bytes, bytes.count)
    let said = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    let line = said.split(separator: "\n").last.map { $0.prefix(200) } ?? "it gave no reason"
    return ViewerError(.failed, "ffmpeg could not write the film: \(line)")
  }
}
