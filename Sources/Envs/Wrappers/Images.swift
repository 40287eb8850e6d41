import Runtime

/// Turns colour images of shape `[height, width, 3]` into grey ones of shape `[height, width]`, with
/// the weights and the rounding down of Gymnasium's `GrayscaleObservation`.
public struct GrayScale<Base: Environment>: Wrapper
where Base.Element == UInt8, Base.ObservationSpace == Box {
  public typealias Element = UInt8
  public typealias Action = Base.Action
  public typealias ObservationSpace = Box
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  /// Whether the shape is `[height, width, 1]`.
  public let keepsDimension: Bool
  /// Bytes of the colour image.
  @usableFromInline let size: Int

  public init(_ base: Base, keepingDimension: Bool = false) {
    let space = base.observationSpace
    if space.shape.count != 3 || space.shape[2] != 3 {
      stop(
        "GrayScale",
        "the observation has the shape \(space.shape); it must be an image [height, width, 3]")
    }
    requirePixels("GrayScale", space)
    self.base = base
    keepsDimension = keepingDimension
    size = space.flatSize
  }

  public var observationSpace: Box {
    let shape = base.observationSpace.shape
    return Box(shape: shape[0..<2] + (keepsDimension ? [1] : []), in: 0...255, of: .uint8)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<UInt8>) {
    base.withObservation(count: size) { colors in
      for index in 0..<size / 3 {
        let red = Double(colors[3 * index]) * 0.2125
        let green = Double(colors[3 * index + 1]) * 0.7154
        observation[index] = UInt8(red + green + Double(colors[3 * index + 2]) * 0.0721)
      }
    }
  }

  public var stateFault: String? {
    base.stateFault ?? fault("bytes observed", count: size, for: base.observationSpace.flatSize)
  }
}

/// Resizes images of shape `[height, width]` or `[height, width, channels]`: every new pixel is the
/// mean of the area it covers, as Gymnasium's `ResizeObservation` (OpenCV's `INTER_AREA`).
public struct Resize<Base: Environment>: Wrapper
where Base.Element == UInt8, Base.ObservationSpace == Box {
  public typealias Element = UInt8
  public typealias Action = Base.Action
  public typealias ObservationSpace = Box
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  @usableFromInline let map: AreaMap

  public init(_ base: Base, height: Int, width: Int) {
    let space = base.observationSpace
    if ![2, 3].contains(space.shape.count) || space.flatSize == 0 {
      stop(
        "Resize",
        "the observation has the shape \(space.shape); it must be an image [height, width] or "
          + "[height, width, channels]")
    }
    requirePixels("Resize", space)
    if height < 1 || width < 1 {
      stop("Resize", "the new image is \(height) × \(width); both sides must be at least one")
    }
    self.base = base
    map = AreaMap(
      from: (space.shape[0], space.shape[1]), to: (height, width),
      channels: space.shape.count == 3 ? space.shape[2] : 1)
  }

  public var observationSpace: Box {
    Box(
      shape: [map.height, map.width] + base.observationSpace.shape[2...], in: 0...255, of: .uint8)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<UInt8>) {
    base.withObservation(count: map.sourceSize) { source in
      observation.withUnsafeMutableBufferPointer {
        map.resize(UnsafeBufferPointer(source), into: $0)
      }
    }
  }

  public var stateFault: String? {
    if let fault = base.stateFault { return fault }
    let sides = 1...10_000
    if let fault = fault("height", map.height, in: sides) ?? fault("width", map.width, in: sides) {
      return fault
    }
    let shape = base.observationSpace.shape
    let right = AreaMap(
      from: (shape[0], shape[1]), to: (map.height, map.width),
      channels: shape.count == 3 ? shape[2] : 1)
    return map == right ? nil : "its map is not that of images of shape \(shape)"
  }
}

private func requirePixels(_ name: String, _ space: Box) {
  if !space.low.allSatisfy({ $0 == 0 }) || !space.high.allSatisfy({ $0 == 255 }) {
    stop(name, "the observation space is \(space); its numbers must be pixels from 0 to 255")
  }
}
