import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The program that makes films, fed with pixels through a pipe.
final class FFmpeg {
  private var input: Int32
  private let errors: Int32
  private let child: pid_t
  private var hasEnded = false

  static let advice =
    "recording films needs the program ffmpeg; install it, for example with: apt-get install ffmpeg"

  /// - Throws: ``ViewerError`` if the program is not there.
  init(_ arguments: [String]) throws {
    var pipes: [Int32] = [-1, -1, -1, -1]
    let areMade = pipes.withUnsafeMutableBufferPointer {
      pipe($0.baseAddress!) == 0 && pipe($0.baseAddress! + 2) == 0
    }
    guard areMade else {
      for descriptor in pipes where descriptor >= 0 { close(descriptor) }
      throw ViewerError(.failed, "there are no pipes left to run ffmpeg with")
    }
    // Children of others must not hold this end open, or ffmpeg would never see the film's end.
    for descriptor in pipes { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, pipes[0], 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, pipes[3], 2)
    posix_spawnattr_init(&attributes)
    // An interrupt from the keyboard is for this program, which then ends the film properly.
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGDEF))
    posix_spawnattr_setpgroup(&attributes, 0)
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var words: [UnsafeMutablePointer<CChar>?] = (["ffmpeg"] + arguments).map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var child = pid_t()
    let code = posix_spawnp(&child, "ffmpeg", &actions, &attributes, words, environ)
    close(pipes[0])
    close(pipes[3])
    guard code == 0 else {
      close(pipes[1])
      close(pipes[2])
      throw ViewerError(.missing, Self.advice)
    }
    (input, errors, self.child) = (pipes[1], pipes[2], child)
    // A program that ends early is to be an error, not a signal that ends this one.
    signal(SIGPIPE, SIG_IGN)
    _ = fcntl(errors, F_SETFL, O_NONBLOCK)
  }

  deinit {
    if !hasEnded { stop() }
    close(errors)
  }

  /// Ends the program without waiting for a film.
  func stop() {
    guard !hasEnded else { return }
    hasEnded = true
    closeInput()
    kill(child, SIGKILL)
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
  }

  private func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// - Throws: ``ViewerError`` with what the program said if it has ended.
  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while let base = rest.baseAddress, rest.count > 0 {
      #if canImport(Darwin)
        let count = Darwin.write(input, base, rest.count)
      #elseif canImport(Musl)
        let count = Musl.write(input, base, rest.count)
      #else
        let count = Glibc.write(input, base, rest.count)
      #endif
      if count > 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if errno != EINTR {
        throw failure()
      }
    }
  }

  /// Closes the pipe and waits for the film.
  ///
  /// - Throws: ``ViewerError`` with what the program said if it failed.
  func finish() throws {
    guard !hasEnded else { return }
    closeInput()
    if wait() != 0 { throw failure() }
  }

  private func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      if errno != EINTR { break }
    }
    hasEnded = true
    return status
  }

  private func failure() -> ViewerError {
    closeInput()
    if !hasEnded { _ = wait() }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = read(errors, &bytes, bytes.count)
    let said = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    let line = said.split(separator: "\n").last.map { $0.prefix(200) } ?? "it gave no reason"
    return ViewerError(.failed, "ffmpeg could not write the film: \(line)")
  }
}
