import Runtime

/// Ends the process with a sentence that names the op: the answer to shapes that do not fit.
package func fail(_ operation: String, _ message: String) -> Never {
  endProcess(operation, message)
}
