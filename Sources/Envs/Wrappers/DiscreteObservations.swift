import Runtime

/// Divides the range of each number of an observation into equal bins and shows which cell of the
/// grid it lies in, as Gymnasium's `DiscretizeObservation`; the last number's bins count fastest.
///
/// ```swift
/// let car = DiscretizeObservation(MountainCar(), bins: [18, 14])   // 252 states for a table
/// ```
public struct DiscretizeObservation<Base: Environment>: Wrapper
where Base.Element == Float, Base.ObservationSpace == Box {
  public typealias Element = Float
  public typealias Action = Base.Action
  public typealias ObservationSpace = Discrete
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  @usableFromInline let grid: Grid

  public init(_ base: Base, bins: Int) {
    self.init(base, bins: Array(repeating: bins, count: base.observationSpace.flatSize))
  }

  /// With a number of bins for each number of the observation.
  public init(_ base: Base, bins: [Int]) {
    grid = Grid("DiscretizeObservation", over: base.observationSpace, bins: bins)
    self.base = base
  }

  public var observationSpace: Discrete { Discrete(grid.cells) }

  // Inlined always: a call would have the whole environment copied for the closure.
  @inlinable
  @inline(__always)
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = base.withObservation(count: grid.bins.count) { row in
      var cell = 0
      for index in row.indices {
        cell = cell * grid.bins[index] + grid.bin(of: row[index], at: index)
      }
      return Float(cell)
    }
  }

  public var stateFault: String? { base.stateFault ?? grid.fault(over: base.observationSpace) }
}

/// Writes observations of any space as the numbers of one box, as Gymnasium's `FlattenObservation`: a
/// discrete value becomes a one among zeros, parts follow one another, a shape becomes one dimension.
///
/// ```swift
/// let lake = FlattenObservation(FrozenLake())   // Box(0, 1, (16,), int64)
/// ```
public struct FlattenObservation<Base: Environment>: Wrapper {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Box
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  @usableFromInline let layout: FlatLayout

  public init(_ base: Base) {
    self.base = base
    layout = FlatLayout(of: base.observationSpace)
  }

  public var observationSpace: Box { FlatLayout.box(of: base.observationSpace) }

  @inlinable
  public func observe(into observation: inout MutableSpan<Base.Element>) {
    if layout.isPlain {
      base.observe(into: &observation)
      return
    }
    base.withObservation(count: layout.choices.count) { row in
      var next = 0
      for index in row.indices {
        let choices = layout.choices[index]
        if choices == 0 {
          observation[next] = row[index]
          next += 1
        } else {
          let chosen = Int(row[index].number) - layout.starts[index]
          for choice in 0..<choices {
            observation[next + choice] = Base.Element(choice == chosen ? 1 : 0)
          }
          next += choices
        }
      }
    }
  }

  public var stateFault: String? {
    if let fault = base.stateFault { return fault }
    let fits = layout == FlatLayout(of: base.observationSpace)
    return fits ? nil : "its layout is not that of \(base.observationSpace)"
  }
}

/// What becomes of each number of a row when it is flattened.
@usableFromInline
struct FlatLayout: Codable, Hashable, Sendable {
  /// For each number of the row how many ones and zeros it becomes; 0 if it stays a number.
  @usableFromInline let choices: [Int]
  /// The value whose one comes first.
  @usableFromInline let starts: [Int]
  /// Whether every number stays.
  @usableFromInline let isPlain: Bool

  init(of space: some Space) {
    var (choices, starts) = ([Int](), [Int]())
    Self.visit(space) { part in
      switch part {
      case let part as Discrete:
        choices.append(part.n)
        starts.append(part.start)
      case let part as MultiDiscrete:
        choices += part.counts
        starts += part.start
      default:
        choices += Array(repeating: 0, count: part.flatSize)
        starts += Array(repeating: 0, count: part.flatSize)
      }
    }
    self.choices = choices
    self.starts = starts
    isPlain = choices.allSatisfy { $0 == 0 }
  }

  /// The parts of a space that have none themselves, in order.
  private static func visit(_ space: any Space, _ body: (any Space) -> Void) {
    switch space {
    case let space as Tuple: for part in space.spaces { visit(part, body) }
    case let space as Dict: for part in space.spaces { visit(part, body) }
    default: body(space)
    }
  }

  static func box(of space: some Space) -> Box {
    var (low, high) = ([Double](), [Double]())
    var types: [Box.ElementType] = []
    visit(space) { part in
      switch part {
      case let part as Box:
        low += part.low
        high += part.high
        types.append(part.elementType)
      case let part as Text:
        low += Array(repeating: 0, count: part.flatSize)
        high += Array(repeating: Double(part.characters.count), count: part.flatSize)
        types.append(.int32)
      default:
        let size = FlatLayout(of: part).choices.reduce(0) { $0 + max($1, 1) }
        low += Array(repeating: 0, count: size)
        high += Array(repeating: 1, count: size)
        types.append(part is MultiBinary ? .int8 : .int64)
      }
    }
    return Box(low: low, high: high, of: Box.ElementType.common(types))
  }
}
