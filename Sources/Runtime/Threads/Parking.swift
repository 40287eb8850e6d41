import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where one thread sleeps until another tells it to look again.
///
/// The sleeper announces itself and looks once more before it sleeps; the waker changes what the
/// sleeper looks at, then looks for the announcement. Both orders are sequentially consistent, so
/// one of the two sees the other and no wake-up is lost; and a waker pays nothing but a load when
/// nobody sleeps.
final class Parking: Sendable {
  private nonisolated(unsafe) let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(
    capacity: 1)
  private nonisolated(unsafe) let signal = UnsafeMutablePointer<pthread_cond_t>.allocate(
    capacity: 1)
  private let asleep = Atomic(false)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(signal, nil)
  }

  deinit {
    pthread_cond_destroy(signal)
    pthread_mutex_destroy(mutex)
    signal.deallocate()
    mutex.deallocate()
  }

  /// Sleeps until woken once, unless `isReady` (a sequentially consistent look) says not to.
  ///
  /// May return early, so the caller looks again.
  func sleep(unless isReady: () -> Bool) {
    pthread_mutex_lock(mutex)
    asleep.store(true, ordering: .sequentiallyConsistent)
    if !isReady() { pthread_cond_wait(signal, mutex) }
    asleep.store(false, ordering: .relaxed)
    pthread_mutex_unlock(mutex)
  }

  /// Wakes the sleeper, if there is one, after a sequentially consistent change of what it looks at.
  func wake() {
    guard asleep.load(ordering: .sequentiallyConsistent) else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_signal(signal)
    pthread_mutex_unlock(mutex)
  }
}
