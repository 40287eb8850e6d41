#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One thread of a crew, which it keeps alive until it goes home.
struct Thread: @unchecked Sendable {
  private let handle: pthread_t

  /// Starts the thread; nil if the system refuses.
  init?(worker: Int, of crew: Crew) {
    final class Start {
      let crew: Crew
      let worker: Int
      init(crew: Crew, worker: Int) {
        self.crew = crew
        self.worker = worker
      }

      static func run(_ start: UnsafeMutableRawPointer) {
        let start = Unmanaged<Start>.fromOpaque(start).takeRetainedValue()
        start.crew.work(as: start.worker)
      }
    }

    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    // The main thread's usual size: bodies are ordinary code, and macOS would give them 512 KiB.
    pthread_attr_setstacksize(&attributes, 8 << 20)

    let start = Unmanaged.passRetained(Start(crew: crew, worker: worker))
    #if canImport(Darwin)
      var handle: pthread_t?
      _ = pthread_create(
        &handle, &attributes,
        { argument in
          Start.run(argument)
          return nil
        }, start.toOpaque())
    #else
      var created = pthread_t()
      let refusal = pthread_create(
        &created, &attributes,
        { argument in
          if let argument { Start.run(argument) }
          return nil
        }, start.toOpaque())
      let handle = refusal == 0 ? created : nil
    #endif
    guard let handle else {
      start.release()
      return nil
    }
    self.handle = handle
  }

  /// Waits until the thread has ended.
  func join() { pthread_join(handle, nil) }
}
