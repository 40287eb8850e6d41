import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// SIGINT and SIGTERM as a wish to stop that training looks at between two iterations, so that it can
/// write a checkpoint first, and a window between two frames. A second SIGINT ends the process at once.
public enum StopSignals {
  private static let received = Atomic<Int32>(0)

  /// Listens from now on.
  ///
  /// - Parameter includesHangUp: Whether a terminal that goes, SIGHUP, asks to stop too, unless the process
  ///   was started to outlive it, as `nohup` does.
  public static func install(includesHangUp: Bool = false) {
    // A handler may not be the first to touch a global that is made lazily.
    received.store(0, ordering: .relaxed)
    for number in [SIGINT, SIGTERM] + (includesHangUp ? [SIGHUP] : []) {
      let before = signal(number) { number in
        if StopSignals.received.exchange(number, ordering: .relaxed) == SIGINT && number == SIGINT {
          _exit(130)
        }
      }
      if number == SIGHUP,
        unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
      {
        signal(number, SIG_IGN)
      }
    }
  }

  /// The signal that asked training to stop, if one has.
  public static var pending: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}
