#if Viewer
  import CCairo
  public import Envs
  public import Foundation

  /// Pixels that scenes are painted on, by Cairo.
  ///
  /// ```swift
  /// let canvas = try Canvas(width: 600, height: 400)
  /// let playback = try Playback(of: "CartPole-v1", seed: 1)
  /// canvas.draw(Layout(playback.scene, width: 600, height: 400))
  /// let data = try canvas.png()
  /// ```
  public final class Canvas {
    /// In pixels.
    public let width: Int
    public let height: Int
    /// Pixels a point.
    public let scale: Double
    private let surface: OpaquePointer
    private let context: OpaquePointer

    /// The largest side of a picture, in pixels.
    public static let largestSide = 16_384

    /// - Throws: ``ViewerError`` if the size is none that can be painted on.
    public convenience init(width: Int, height: Int, scale: Double = 1) throws {
      try Self.check(width, height)
      try self.init(
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height)),
        width: width, height: height, scale: scale)
    }

    /// Paints on pixels of somebody else, four bytes each: blue, green, red and one unused.
    ///
    /// - Parameter stride: Bytes from a row to the next.
    init(
      borrowing pixels: UnsafeMutablePointer<UInt8>, width: Int, height: Int, stride: Int,
      scale: Double
    ) throws {
      try Self.check(width, height)
      self.width = width
      self.height = height
      self.scale = scale
      surface = cairo_image_surface_create_for_data(
        pixels, CAIRO_FORMAT_RGB24, Int32(width), Int32(height), Int32(stride))
      context = cairo_create(surface)
      try prepare()
    }

    private init(_ surface: OpaquePointer, width: Int, height: Int, scale: Double) throws {
      self.width = width
      self.height = height
      self.scale = scale
      self.surface = surface
      context = cairo_create(surface)
      try prepare()
    }

    /// The picture of a PNG file, for comparing.
    ///
    /// - Throws: ``ViewerError`` if it is none.
    package convenience init(reading path: String) throws {
      let surface = cairo_image_surface_create_from_png(path)
      guard let surface, cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS else {
        throw ViewerError(.data, "\(path) is no readable PNG")
      }
      try self.init(
        surface, width: Int(cairo_image_surface_get_width(surface)),
        height: Int(cairo_image_surface_get_height(surface)), scale: 1)
    }

    private static func check(_ width: Int, _ height: Int) throws {
      guard (1...largestSide).contains(width), (1...largestSide).contains(height) else {
        throw ViewerError(
          .usage,
          "a picture of \(width) × \(height) pixels cannot be painted; a side has 1 to \(largestSide)"
        )
      }
    }

    private func prepare() throws {
      let status = cairo_status(context)
      guard status == CAIRO_STATUS_SUCCESS else {
        throw ViewerError(
          .failed,
          "\(width) × \(height) pixels cannot be painted on: \(String(cString: cairo_status_to_string(status)))"
        )
      }
      Self.setFontOptions(of: context)
    }

    /// Letters as their outlines are. Fontconfig has small ones of DejaVu not fitted to pixels, and Cairo keeps what
    /// it says of the first size that a process writes in, for all sizes.
    private static func setFontOptions(of context: OpaquePointer) {
      let options = cairo_font_options_create()
      defer { cairo_font_options_destroy(options) }
      cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
      cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
      cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
      cairo_set_font_options(context, options)
    }

    deinit {
      cairo_destroy(context)
      cairo_surface_destroy(surface)
    }

    /// The pixels, four bytes each: blue, green, red and one unused, row after row without gaps.
    public func withPixels<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
      cairo_surface_flush(surface)
      return try body(
        UnsafeRawBufferPointer(
          start: cairo_image_surface_get_data(surface),
          count: Int(cairo_image_surface_get_stride(surface)) * height))
    }

    /// The picture as a PNG file.
    ///
    /// - Throws: ``ViewerError`` if Cairo cannot write it.
    public func png() throws -> Data {
      let bytes = Bytes()
      let status = withExtendedLifetime(bytes) {
        cairo_surface_write_to_png_stream(
          surface,
          { closure, data, count in
            guard let closure, let data else { return CAIRO_STATUS_SUCCESS }
            Unmanaged<Bytes>.fromOpaque(closure).takeUnretainedValue().data.append(
              data, count: Int(count))
            return CAIRO_STATUS_SUCCESS
          }, Unmanaged.passUnretained(bytes).toOpaque())
      }
      guard status == CAIRO_STATUS_SUCCESS else {
        throw ViewerError(
          .failed,
          "the picture cannot be written: \(String(cString: cairo_status_to_string(status)))")
      }
      return bytes.data
    }

    private final class Bytes { var data = Data() }

    // MARK: - Painting

    /// Paints a layout, in points; what no part of it covers is black.
    public func draw(_ layout: Layout) {
      cairo_identity_matrix(context)
      if !layout.hasFullPart {
        setColor(.black)
        cairo_paint(context)
      }
      cairo_scale(context, scale, scale)
      for (scene, frame) in layout.parts { draw(scene, in: frame) }
      cairo_surface_flush(surface)
    }

    /// Paints a scene into a part of the picture, in points.
    public func draw(_ scene: Scene, in frame: Frame) {
      guard frame.width > 0, frame.height > 0 else { return }
      cairo_save(context)
      defer { cairo_restore(context) }
      cairo_rectangle(context, frame.x, frame.y, frame.width, frame.height)
      cairo_clip(context)
      setColor(scene.background)
      cairo_paint(context)
      cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
      let place = Projection(scene.camera, in: frame)
      if let (renderer, marks) = scene.rendering, draw(renderer, in: frame) {
        for mark in marks { draw(mark, place) }
      } else {
        for mark in scene.marks { draw(mark, place) }
      }
    }

    /// Fills a part of the picture, pixel for pixel.
    ///
    /// - Returns: Whether the renderer could.
    private func draw(_ renderer: any SceneRenderer, in frame: Frame) -> Bool {
      func pixel(_ points: Double) -> Int { Int((points * scale).rounded()) }
      let (left, top) = (pixel(frame.x), pixel(frame.y))
      let (wide, tall) = (
        max(1, pixel(frame.x + frame.width) - left), max(1, pixel(frame.y + frame.height) - top)
      )
      guard let image = renderer.image(width: wide, height: tall) else { return false }
      cairo_save(context)
      cairo_identity_matrix(context)
      draw(
        image, [Double(left), Double(top)], [Double(wide), 0], [0, Double(tall)])
      cairo_restore(context)
      return true
    }

    private func setColor(_ color: Scene.Color) {
      let (red, green, blue) = (
        Double(color.red) / 255, Double(color.green) / 255, Double(color.blue) / 255
      )
      if color.opacity >= 1 {
        cairo_set_source_rgb(context, red, green, blue)
      } else {
        cairo_set_source_rgba(context, red, green, blue, max(0, color.opacity))
      }
    }

    private func draw(_ mark: Scene.Mark, _ place: Projection) {
      switch mark {
      case .polygon(let points, let fill, let line):
        path(points, place)
        cairo_close_path(context)
        paint(fill, line, place)
      case .polyline(let points, let line):
        path(points, place)
        paint(nil, line, place)
      case .circle(let center, let radius, let fill, let line):
        let center = place(center)
        cairo_new_path(context)
        cairo_arc(context, center.x, center.y, max(radius * place.scale, 0), 0, 2 * .pi)
        paint(fill, line, place)
      case .arc(let center, let radius, let start, let sweep, let line):
        let center = place(center)
        let (start, end) = (place.angle(start), place.angle(start + sweep))
        cairo_new_path(context)
        if end >= start {
          cairo_arc(context, center.x, center.y, max(radius * place.scale, 0), start, end)
        } else {
          cairo_arc_negative(context, center.x, center.y, max(radius * place.scale, 0), start, end)
        }
        paint(nil, line, place)
      case .text(let text, let at, let turn, let style):
        draw(text, at: place(at), turn: place.angle(turn), style, size: style.size * place.scale)
      case .image(let image, let corner, let across, let down):
        draw(image, place(corner), place.direction(across), place.direction(down))
      case .rendering: break
      }
    }

    private func path(_ points: [Scene.Point], _ place: Projection) {
      cairo_new_path(context)
      for point in points {
        let point = place(point)
        cairo_line_to(context, point.x, point.y)
      }
    }

    private func paint(_ fill: Scene.Color?, _ line: Scene.Line?, _ place: Projection) {
      if let fill {
        setColor(fill)
        if line == nil { cairo_fill(context) } else { cairo_fill_preserve(context) }
      }
      if let line {
        setColor(line.color)
        cairo_set_line_width(context, place.width(line))
        cairo_set_line_cap(context, line.isRound ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT)
        cairo_stroke(context)
      }
    }

    private func draw(
      _ text: String, at place: Scene.Point, turn: Double, _ style: Scene.TextStyle, size: Double
    ) {
      guard size * scale >= Projection.smallestText, size < 10_000 else { return }
      cairo_select_font_face(
        context, Self.fontName, CAIRO_FONT_SLANT_NORMAL,
        style.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
      cairo_set_font_size(context, size)
      setColor(style.color)
      cairo_save(context)
      cairo_translate(context, place.x, place.y)
      if turn != 0 { cairo_rotate(context, turn) }
      var extents = cairo_text_extents_t()
      if style.anchor != .start { cairo_text_extents(context, text, &extents) }
      let shift =
        switch style.anchor {
        case .start: 0.0
        case .middle: -extents.x_advance / 2
        case .end: -extents.x_advance
        }
      // Half the height of a capital, so that the middle line goes through the place.
      cairo_move_to(context, shift, size * 0.36)
      cairo_show_text(context, text)
      cairo_restore(context)
    }

    private static let fontName = "DejaVu Sans"

    private func draw(
      _ image: Scene.Image, _ corner: Scene.Point, _ across: Scene.Point, _ down: Scene.Point
    ) {
      guard
        let source = cairo_image_surface_create(
          CAIRO_FORMAT_RGB24, Int32(image.width), Int32(image.height))
      else { return }
      defer { cairo_surface_destroy(source) }
      guard let pixels = cairo_image_surface_get_data(source) else { return }
      let stride = Int(cairo_image_surface_get_stride(source))
      cairo_surface_flush(source)
      for row in 0..<image.height {
        for column in 0..<image.width {
          let (from, to) = ((row * image.width + column) * 3, row * stride + column * 4)
          pixels[to] = image.bytes[from + 2]
          pixels[to + 1] = image.bytes[from + 1]
          pixels[to + 2] = image.bytes[from]
        }
      }
      cairo_surface_mark_dirty(source)
      cairo_save(context)
      var matrix = cairo_matrix_t()
      let (width, height) = (Double(image.width), Double(image.height))
      cairo_matrix_init(
        &matrix, across.x / width, across.y / width, down.x / height, down.y / height, corner.x,
        corner.y)
      cairo_transform(context, &matrix)
      cairo_set_source_surface(context, source, 0, 0)
      cairo_pattern_set_filter(
        cairo_get_source(context), image.isSmooth ? CAIRO_FILTER_BILINEAR : CAIRO_FILTER_NEAREST)
      cairo_rectangle(context, 0, 0, width, height)
      cairo_fill(context)
      cairo_restore(context)
    }
  }

  extension Layout {
    /// This layout as a PNG file.
    ///
    /// - Parameter scale: Pixels a point.
    /// - Throws: ``ViewerError`` if the size is none that can be painted on.
    public func png(scale: Double = 1) throws -> Data {
      let canvas = try Canvas(
        width: Int((width * scale).rounded()), height: Int((height * scale).rounded()),
        scale: scale)
      canvas.draw(self)
      return try canvas.png()
    }
  }
#endif
