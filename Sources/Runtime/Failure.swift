#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Ends the process after one sentence on standard error: the answer to a programming mistake, such
/// as shapes that do not fit. `precondition` would drop its message in a release build.
package func endProcess(_ operation: String, _ message: String) -> Never {
  let line = "swirl: \(operation): \(message)\n"
  _ = line.withCString { write(2, $0, strlen($0)) }
  fatalError(line)
}

/// Tells a person something that is no error: one sentence on standard error.
package func warn(_ sentence: String) {
  _ = "swirl: \(sentence)\n".withCString { write(2, $0, strlen($0)) }
}
