#if Viewer
  import Foundation
  import Synchronization

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif

  /// What happens when the X server goes while a window is open: Xlib then ends the process, after a message of two
  /// lines, and knows no way back. Here a sentence is said and what is dear is saved first.
  enum DisplayLoss {
    private static let rescue = Mutex<(@Sendable () -> Void)?>(nil)

    /// Sets what is done before the process ends, or nothing.
    static func beforeEnding(_ body: (@Sendable () -> Void)?) { rescue.withLock { $0 = body } }

    #if os(Linux)
      private typealias FatalHandler = @convention(c) (OpaquePointer?) -> Int32
      private typealias Handler = @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32

      /// Takes over from Xlib, if SDL has loaded it.
      static func listen() {
        guard let library = dlopen("libX11.so.6", RTLD_NOW | RTLD_NOLOAD) else { return }
        if let symbol = dlsym(library, "XSetIOErrorHandler") {
          let set = unsafeBitCast(
            symbol, to: (@convention(c) (FatalHandler?) -> FatalHandler?).self)
          _ = set { _ in DisplayLoss.end() }
        }
        // A window manager that asks about a window just closed is no reason to end either.
        if let symbol = dlsym(library, "XSetErrorHandler") {
          let set = unsafeBitCast(symbol, to: (@convention(c) (Handler?) -> Handler?).self)
          _ = set { _, _ in 0 }
        }
      }
    #else
      static func listen() {}
    #endif

    private static func end() -> Never {
      let sentence = "swirl: the display has gone, and the window with it\n"
      FileHandle.standardError.write(Data(sentence.utf8))
      let body = rescue.withLock { $0 }
      body?()
      exit(1)
    }
  }
#endif
