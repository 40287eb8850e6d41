import CAllocationCounter

/// Whether a heap allocation in a test is the package's own doing: a debug build makes some for
/// closures and generics that an optimised one does not.
var countsAllocations: Bool {
  #if DEBUG
    false
  #else
    allocations_are_counted()
  #endif
}
