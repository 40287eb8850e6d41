/// Whoever draws a world better than marks do, such as the simulator that it lives in: makes a picture when one is
/// shown, with as many pixels as there are to show it.
///
/// Equal renderers make equal pictures.
public protocol SceneRenderer: Sendable, Hashable {
  /// Looks whether what a person asked it to use is there.
  ///
  /// - Throws: ``EnvironmentError`` saying what is missing.
  func prepare() throws

  /// The picture, or nil where none can be made; a smaller one is enlarged. Called from any thread.
  func image(width: Int, height: Int) -> Scene.Image?
}

extension Scene {
  /// What a renderer makes of the world.
  public struct Rendering: Sendable, Hashable {
    public let renderer: any SceneRenderer

    public static func == (a: Rendering, b: Rendering) -> Bool {
      AnyHashable(a.renderer) == AnyHashable(b.renderer)
    }

    public func hash(into hasher: inout Hasher) { renderer.hash(into: &hasher) }
  }

  /// Whether all that renders it has what a person asked for.
  ///
  /// - Throws: ``EnvironmentError`` as ``SceneRenderer/prepare()`` does.
  package func prepare() throws {
    for case .rendering(let rendering) in marks { try rendering.renderer.prepare() }
  }

  /// The last rendering, with the marks painted over it; nil without one.
  package var rendering: (any SceneRenderer, over: ArraySlice<Mark>)? {
    for (n, mark) in marks.enumerated().reversed() {
      if case .rendering(let rendering) = mark { return (rendering.renderer, marks[(n + 1)...]) }
    }
    return nil
  }
}
