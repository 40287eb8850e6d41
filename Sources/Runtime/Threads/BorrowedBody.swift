/// A loop body that does not escape, as the two words it is passed in, for threads to call while
/// the owner waits for them.
///
/// `withoutActuallyEscaping` would do the same by the book, but it boxes the closure on the heap at
/// every call, and a parallel loop must not allocate. So the closure goes through functions whose
/// types say "two words" on one side and "a closure that does not escape" on the other: the Swift
/// calling convention passes both in the same two registers, and neither side retains anything.
/// The words are good until the function that was given the closure returns.
struct BorrowedBody {
  private let code: UnsafeRawPointer
  private let context: UnsafeRawPointer?

  private init(code: UnsafeRawPointer, context: UnsafeRawPointer?) {
    self.code = code
    self.context = context
  }

  typealias Body = (_ index: Int) -> Void

  // Functions are cast inside structs because a bare function that goes through a generic such as
  // `unsafeBitCast` is wrapped to take its arguments indirectly.
  private struct TakingWords { let function: (BorrowedBody) -> BorrowedBody }
  private struct TakingBody: Sendable { let function: @Sendable (Body) -> BorrowedBody }
  private struct CallingBody { let function: (Body, Int) -> Void }
  private struct CallingWords: Sendable { let function: @Sendable (BorrowedBody, Int) -> Void }

  private static let borrow = unsafeBitCast(TakingWords { $0 }, to: TakingBody.self)
  private static let run = unsafeBitCast(CallingBody { $0($1) }, to: CallingWords.self)

  /// The words of `body`, which the caller must keep alive by not returning.
  static func borrowing(_ body: Body) -> BorrowedBody { borrow.function(body) }

  func callAsFunction(_ index: Int) { Self.run.function(self, index) }
}
