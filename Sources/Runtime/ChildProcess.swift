#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A program that runs beside this one, fed through its standard input and read through one of its outputs.
///
/// It leads a process group of its own: an interrupt from the keyboard is not for it, and what it has started
/// ends with it. Whoever holds it must `end` it, also where it has ended by itself.
package struct ChildProcess: Sendable {
  /// What of the program is read.
  package enum Output: Sendable {
    /// Its errors go where this program's go.
    case standardOutput
    /// Its standard output goes nowhere.
    case standardError
  }

  /// Why there is no program: the C library's number of what went wrong.
  package enum LaunchFailure: Error {
    case noPipes(Int32)
    case notStarted(Int32)
  }

  private let id: pid_t
  /// Whether it was waited for, so that its number may be another's.
  private var hasEnded = false
  /// This end of a socket: unlike a pipe's, writing to it when the program is gone is an error and no signal.
  package private(set) var input: Int32
  /// This end of a pipe; reading never waits.
  package private(set) var output: Int32

  /// Starts a program that is looked for as a shell does.
  package init(_ command: [String], reading kind: Output) throws(LaunchFailure) {
    var (sockets, pipes): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
    guard socketpair(AF_UNIX, Self.socketKind, 0, &sockets) == 0, pipe(&pipes) == 0 else {
      let code = errno
      Self.release(sockets)
      throw .noPipes(code)
    }
    // Children of others must not hold an end open, or this one would never see its input's end.
    for file in sockets + pipes { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(pipes[0], F_SETFL, fcntl(pipes[0], F_GETFL) | O_NONBLOCK)
    #if canImport(Darwin)
      var on: Int32 = 1
      setsockopt(sockets[0], SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, sockets[1], 0)
    switch kind {
    case .standardOutput: posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
    case .standardError:
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
      posix_spawn_file_actions_adddup2(&actions, pipes[1], 2)
    }
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGDEF))
    posix_spawnattr_setpgroup(&attributes, 0)
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var id = pid_t()
    let code = posix_spawnp(&id, command.first ?? "", &actions, &attributes, &words, environ)
    Self.release([sockets[1], pipes[1]])
    guard code == 0 else {
      Self.release([sockets[0], pipes[0]])
      throw .notStarted(code)
    }
    (self.id, input, output) = (id, sockets[0], pipes[0])
  }

  #if canImport(Darwin)
    private static let socketKind = SOCK_STREAM
    private static let noSignal: Int32 = 0
  #else
    private static let socketKind = Int32(SOCK_STREAM.rawValue)
    private static let noSignal = Int32(MSG_NOSIGNAL)
  #endif

  private static func release(_ files: [Int32]) {
    for file in files where file >= 0 { close(file) }
  }

  /// Gives the program some of the bytes.
  ///
  /// - Parameter waits: Whether to wait for room, or to take what there is.
  /// - Returns: How many; negative where there was no room or the program is gone, as `errno` says.
  package func write(_ bytes: UnsafeRawBufferPointer, waits: Bool) -> Int {
    send(input, bytes.baseAddress, bytes.count, Self.noSignal | (waits ? 0 : Int32(MSG_DONTWAIT)))
  }

  /// Tells the program that nothing more comes.
  package mutating func closeInput() {
    Self.release([input])
    input = -1
  }

  /// What `waitpid` says the program ended with, what it has left behind being ended too; nil where it was
  /// waited for before, or runs and is not waited for.
  package mutating func wait(forEnd waits: Bool = true) -> Int32? {
    if hasEnded { return nil }
    var status: Int32 = 0
    while true {
      let ended = waitpid(id, &status, waits ? 0 : WNOHANG)
      if ended == 0 { return nil }
      if ended < 0 && errno == EINTR { continue }
      hasEnded = true
      // Now, while the number is no other's.
      kill(-id, SIGKILL)
      return ended == id ? status : nil
    }
  }

  /// Ends the program and all it has started, at once.
  package mutating func end() {
    Self.release([input, output])
    (input, output) = (-1, -1)
    if hasEnded { return }
    kill(-id, SIGKILL)
    kill(id, SIGKILL)
    _ = wait()
  }
}
