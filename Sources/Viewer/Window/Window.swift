#if Viewer
  import CSDL2
  import Foundation

  /// A window of the desktop whose pixels Cairo paints.
  ///
  /// All of it belongs on one thread, on macOS the first.
  final class Window {
    enum Event: Equatable {
      case close
      /// A key by its name in lower case, such as "left" or "space".
      case keyDown(String, isShifted: Bool)
      case keyUp(String)
      /// Where an axis of a controller stands, from -1 to 1.
      case stick(Sticks.Axis, Double)
      case controllerGone
      /// In points.
      case pointerDown(x: Double, y: Double)
      case pointerMoved(x: Double, y: Double)
      case pointerUp
      case changed
    }

    private let window: OpaquePointer
    private var controllers: [OpaquePointer] = []

    /// - Throws: ``ViewerError`` without a display.
    init(title: String, width: Int, height: Int) throws {
      SDL_SetMainReady()
      // The window's own pixels, rather than a texture that they would be copied to.
      SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0")
      SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1")
      SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1")
      if Self.lacksDisplay { throw Self.noDisplay("neither DISPLAY nor WAYLAND_DISPLAY is set") }
      guard SDL_InitSubSystem(SDL_INIT_VIDEO) == 0 else { throw Self.noDisplay }
      if !Self.driverIsChosen,
        let driver = SDL_GetCurrentVideoDriver().map({ String(cString: $0) }),
        ["offscreen", "dummy"].contains(driver)
      {
        SDL_QuitSubSystem(SDL_INIT_VIDEO)
        throw Self.noDisplay("SDL found only its driver '\(driver)', which shows nothing")
      }
      // A machine without controllers, or one that does not tell, is no reason to show nothing.
      SDL_InitSubSystem(SDL_INIT_GAMECONTROLLER)
      let center = Int32(bitPattern: 0x2fff_0000)
      guard
        let window = SDL_CreateWindow(
          title, center, center, Int32(width), Int32(height),
          SDL_WINDOW_RESIZABLE.rawValue | SDL_WINDOW_ALLOW_HIGHDPI.rawValue)
      else {
        let error = Self.noDisplay
        SDL_QuitSubSystem(SDL_INIT_GAMECONTROLLER)
        SDL_QuitSubSystem(SDL_INIT_VIDEO)
        throw error
      }
      self.window = window
      DisplayLoss.listen()
      SDL_SetWindowMinimumSize(window, 1, 1)
    }

    deinit {
      for controller in controllers { SDL_GameControllerClose(controller) }
      SDL_DestroyWindow(window)
      SDL_QuitSubSystem(SDL_INIT_GAMECONTROLLER)
      SDL_QuitSubSystem(SDL_INIT_VIDEO)
    }

    private static var noDisplay: ViewerError {
      let reason = String(cString: SDL_GetError())
      return noDisplay(reason.isEmpty ? "unknown reason" : reason)
    }

    private static func noDisplay(_ reason: String) -> ViewerError {
      ViewerError(
        .failed,
        "there is no display to open a window on (\(reason))")
    }

    private static var driverIsChosen: Bool { isSet("SDL_VIDEODRIVER") }

    private static func isSet(_ name: String) -> Bool {
      ProcessInfo.processInfo.environment[name]?.isEmpty == false
    }

    /// Whether Linux has neither a display nor a graphics device, where SDL would open a window that
    /// nobody can see.
    private static var lacksDisplay: Bool {
      #if os(Linux)
        !driverIsChosen && !isSet("DISPLAY") && !isSet("WAYLAND_DISPLAY")
          && !FileManager.default.fileExists(atPath: "/dev/dri")
      #else
        false
      #endif
    }

    /// In points.
    var size: (width: Double, height: Double) {
      var (width, height): (Int32, Int32) = (0, 0)
      SDL_GetWindowSize(window, &width, &height)
      return (Double(max(width, 1)), Double(max(height, 1)))
    }

    /// Whether anything of it can be seen.
    var isVisible: Bool {
      SDL_GetWindowFlags(window)
        & (SDL_WINDOW_MINIMIZED.rawValue | SDL_WINDOW_HIDDEN.rawValue) == 0
    }

    func toggleFullScreen() {
      let isFull = SDL_GetWindowFlags(window) & SDL_WINDOW_FULLSCREEN.rawValue != 0
      SDL_SetWindowFullscreen(window, isFull ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP.rawValue)
    }

    private var hasGone: ViewerError {
      ViewerError(
        .failed, "the display cannot be drawn on any more: \(String(cString: SDL_GetError()))")
    }

    /// Shows a layout.
    ///
    /// - Throws: ``ViewerError`` if the display has gone.
    func show(_ layout: Layout) throws {
      guard let surface = SDL_GetWindowSurface(window) else { throw hasGone }
      let (width, height) = (Int(surface.pointee.w), Int(surface.pointee.h))
      let scale = Double(width) / size.width
      let format = surface.pointee.format.pointee
      guard SDL_LockSurface(surface) == 0 else { return }
      if format.BytesPerPixel == 4, format.Rmask == 0xff0000, format.Bmask == 0xff,
        let pixels = surface.pointee.pixels
      {
        defer { SDL_UnlockSurface(surface) }
        let canvas = try Canvas(
          borrowing: pixels.assumingMemoryBound(to: UInt8.self), width: width, height: height,
          stride: Int(surface.pointee.pitch), scale: scale)
        canvas.draw(layout)
      } else {
        SDL_UnlockSurface(surface)
        let canvas = try Canvas(width: width, height: height, scale: scale)
        canvas.draw(layout)
        canvas.withPixels { pixels in
          let copy = SDL_CreateRGBSurfaceFrom(
            UnsafeMutableRawPointer(mutating: pixels.baseAddress), Int32(width), Int32(height), 32,
            Int32(width * 4), 0xff0000, 0xff00, 0xff, 0)
          SDL_UpperBlit(copy, nil, surface, nil)
          SDL_FreeSurface(copy)
        }
      }
      guard SDL_UpdateWindowSurface(window) == 0 else { throw hasGone }
    }

    /// What has happened, waiting a while if nothing has.
    ///
    /// SDL's own waiting sends itself messages that may reach a window which is just being closed, and X11 ends the
    /// process for that.
    func events(waiting milliseconds: Int) -> [Event] {
      var events: [Event] = []
      var event = SDL_Event()
      var left = milliseconds
      while true {
        while SDL_PollEvent(&event) != 0 {
          if let known = read(event) { events.append(known) }
        }
        if !events.isEmpty || left <= 0 { return events }
        let nap = min(left, 4)
        SDL_Delay(UInt32(nap))
        left -= nap
      }
    }

    private func read(_ event: SDL_Event) -> Event? {
      switch SDL_EventType(event.type) {
      case SDL_QUIT: return .close
      case SDL_WINDOWEVENT: return .changed
      case SDL_KEYDOWN:
        let key = event.key.keysym
        let isShifted = UInt32(key.mod) & (KMOD_LSHIFT.rawValue | KMOD_RSHIFT.rawValue) != 0
        return Self.name(key.sym).map { .keyDown($0, isShifted: isShifted) }
      case SDL_KEYUP: return Self.name(event.key.keysym.sym).map { .keyUp($0) }
      case SDL_MOUSEBUTTONDOWN:
        return .pointerDown(x: Double(event.button.x), y: Double(event.button.y))
      case SDL_MOUSEBUTTONUP: return .pointerUp
      case SDL_MOUSEMOTION:
        // Only while a button is down.
        return event.motion.state == 0
          ? nil : .pointerMoved(x: Double(event.motion.x), y: Double(event.motion.y))
      case SDL_CONTROLLERDEVICEADDED:
        if let controller = SDL_GameControllerOpen(event.cdevice.which) {
          controllers.append(controller)
        }
        return nil
      case SDL_CONTROLLERDEVICEREMOVED:
        if let controller = SDL_GameControllerFromInstanceID(event.cdevice.which) {
          controllers.removeAll { $0 == controller }
          SDL_GameControllerClose(controller)
        }
        return .controllerGone
      case SDL_CONTROLLERBUTTONDOWN, SDL_CONTROLLERBUTTONUP:
        guard let key = Self.buttons[Int32(event.cbutton.button)] else { return nil }
        return event.cbutton.state != 0 ? .keyDown(key, isShifted: false) : .keyUp(key)
      case SDL_CONTROLLERAXISMOTION:
        return Self.axes[Int32(event.caxis.axis)].map {
          .stick($0, Double(event.caxis.value) / 32767)
        }
      default: return nil
      }
    }

    private static func name(_ key: SDL_Keycode) -> String? {
      let name = String(cString: SDL_GetKeyName(key)).lowercased()
      return name.isEmpty ? nil : name
    }

    private static let buttons: [Int32: String] = [
      SDL_CONTROLLER_BUTTON_DPAD_LEFT.rawValue: "left",
      SDL_CONTROLLER_BUTTON_DPAD_RIGHT.rawValue: "right",
      SDL_CONTROLLER_BUTTON_DPAD_UP.rawValue: "up",
      SDL_CONTROLLER_BUTTON_DPAD_DOWN.rawValue: "down",
      SDL_CONTROLLER_BUTTON_A.rawValue: "space", SDL_CONTROLLER_BUTTON_B.rawValue: "return",
      SDL_CONTROLLER_BUTTON_X.rawValue: "x", SDL_CONTROLLER_BUTTON_Y.rawValue: "y",
      SDL_CONTROLLER_BUTTON_START.rawValue: "p",
    ]

    private static let axes: [Int32: Sticks.Axis] = [
      SDL_CONTROLLER_AXIS_LEFTX.rawValue: .leftX, SDL_CONTROLLER_AXIS_LEFTY.rawValue: .leftY,
      SDL_CONTROLLER_AXIS_RIGHTX.rawValue: .rightX, SDL_CONTROLLER_AXIS_RIGHTY.rawValue: .rightY,
      SDL_CONTROLLER_AXIS_TRIGGERLEFT.rawValue: .leftTrigger,
      SDL_CONTROLLER_AXIS_TRIGGERRIGHT.rawValue: .rightTrigger,
    ]
  }
#endif
