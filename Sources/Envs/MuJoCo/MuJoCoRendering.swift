import CMuJoCo
import Foundation
import Runtime
import Synchronization

/// A state of a task's world, for MuJoCo's own renderer to make a picture of.
struct MuJoCoRendering: SceneRenderer {
  private let model: MuJoCoModel
  /// As ``MuJoCoSimulation`` has it.
  private let state: [Double]
  private let task: String

  /// Nil where MuJoCo's renderer is not to be used.
  init?(model: MuJoCoModel, state: [Double], task: String) {
    guard model.library.renderer != nil, OpenGLChoice.made != .success(.none) else { return nil }
    self.model = model
    self.state = state
    self.task = task
  }

  static func == (a: Self, b: Self) -> Bool {
    a.model === b.model && a.state == b.state && a.task == b.task
  }

  func hash(into hasher: inout Hasher) { hasher.combine(state) }

  func prepare() throws {
    switch try OpenGLChoice.made.get() {
    case .any, .none: return
    case .egl: try open(forced: "egl")
    case .osmesa: try open(forced: "osmesa")
    }
  }

  private func open(forced kind: String) throws(EnvironmentError) {
    guard let renderer = model.library.renderer else { return }
    let reason = MuJoCoStudio.shared.withLock { studio in
      studio.open(renderer)
      return studio.failure
    }
    if let reason {
      throw EnvironmentError(
        .usage, "MUJOCO_GL is \(kind), but \(reason); set it to disable for plain shapes")
    }
  }

  func image(width: Int, height: Int) -> Scene.Image? {
    guard let renderer = model.library.renderer, width > 0, height > 0 else { return nil }
    let shrink = min(
      1, Double(MuJoCoStudio.largestSide) / Double(max(width, height)),
      (Double(MuJoCoStudio.mostPixels) / Double(width * height)).squareRoot())
    let (width, height) = (
      max(1, Int(Double(width) * shrink)), max(1, Int(Double(height) * shrink))
    )
    let bytes = MuJoCoStudio.shared.withLock { studio -> [UInt8]? in
      studio.open(renderer)
      guard let room = studio.room(for: model, width, height, renderer) else { return nil }
      // Posed under the lock, and painted before the thread does anything else with it.
      let data = model.scratch
      state.withUnsafeBufferPointer { model.setState(data, $0.baseAddress!) }
      return studio.paint(data, in: room, from: camera(room.track), width, height, renderer)
    }
    guard let bytes else { return nil }
    var image = Scene.Image(width: width, height: height, bytes: bytes)
    image.isSmooth = true
    return image
  }

  /// The model's camera "track", as in Gymnasium's pictures; most models have one.
  private func camera(_ track: Int32) -> swirl_mujoco_camera {
    let view = MuJoCoView.of(task)
    return swirl_mujoco_camera(
      fixed: track, body: Int32(view.body ?? -1),
      target: (view.target.x, view.target.y, view.target.z), distance: view.distance,
      azimuth: view.azimuth, elevation: view.elevation, aspect: track >= 0 ? 1 : MuJoCoView.aspect)
  }
}

/// How MuJoCo's renderer reaches OpenGL, as the variable MUJOCO_GL chooses it in MuJoCo's own programs.
package enum OpenGLChoice: Hashable, Sendable {
  /// EGL, or else OSMesa, or else plain shapes.
  case any
  case egl, osmesa
  /// Plain shapes.
  case none

  /// - Throws: ``EnvironmentError`` for a word that means none of these.
  package init(_ text: String) throws(EnvironmentError) {
    switch text.lowercased() {
    case "", "on", "enable", "enabled", "true", "1": self = .any
    case "egl": self = .egl
    case "osmesa": self = .osmesa
    case "off", "disable", "disabled", "false", "0": self = .none
    default:
      throw EnvironmentError(
        .usage, "MUJOCO_GL is '\(text)'; it must be egl, osmesa or disable, or not be set")
    }
  }

  /// What the process was started with.
  static let made = Result { () throws(EnvironmentError) in
    try OpenGLChoice(ProcessInfo.processInfo.environment["MUJOCO_GL"] ?? "")
  }

  fileprivate var kinds: [String] {
    switch self {
    case .any: ["egl", "osmesa"]
    case .egl: ["egl"]
    case .osmesa: ["osmesa"]
    case .none: []
    }
  }
}

/// Where MuJoCo's renderer works: one OpenGL context for the process, which whoever holds the lock makes current,
/// and rooms for pictures of some models. Its pointers are used under the lock alone.
private struct MuJoCoStudio: @unchecked Sendable {
  static let shared = Mutex(MuJoCoStudio())
  /// Larger pictures are enlarged ones; four samples of this many pixels are 300 MB.
  static let largestSide = 4096
  static let mostPixels = 3840 * 2160
  private static let mostRooms = 4

  struct Room {
    let model: MuJoCoModel
    let width, height: Int
    /// A side of the map of shadows, which a picture is not to depend on others for.
    let shadow: Int
    let pointer: UnsafeMutableRawPointer
    /// A camera that goes with the robot; below 0 for none.
    let track: Int32
  }

  /// The last used one last.
  private var rooms: [Room] = []
  private var isOpen = false
  /// Why there are no pictures, once that is known.
  private(set) var failure: String?

  mutating func open(_ renderer: UnsafePointer<swirl_mujoco_renderer>) {
    guard !isOpen, failure == nil else { return }
    var reasons: [String] = []
    for kind in (try? OpenGLChoice.made.get())?.kinds ?? [] {
      var message = Message()
      if message.fill({ renderer.pointee.open(kind, $0, $1) }) != 0 {
        isOpen = true
        return
      }
      reasons.append(message.text)
    }
    failure = reasons.joined(separator: " and ")
  }

  /// One that is large enough; nil if there can be none.
  mutating func room(
    for model: MuJoCoModel, _ width: Int, _ height: Int,
    _ renderer: UnsafePointer<swirl_mujoco_renderer>
  ) -> Room? {
    guard isOpen, failure == nil else { return nil }
    // In software a map of shadows that is much finer than the picture takes most of the time and cannot be seen.
    var shadow = 1024
    while shadow < 4 * max(width, height), shadow < 16_384 { shadow *= 2 }
    let found = rooms.firstIndex {
      $0.model === model && $0.width >= width && $0.height >= height && $0.shadow == shadow
    }
    if let found {
      let room = rooms.remove(at: found)
      rooms.append(room)
      return room
    }
    // A window that is being enlarged asks for a little more each time.
    func rounded(_ side: Int) -> Int { (side + 127) / 128 * 128 }
    let (wide, tall) = (rounded(width), rounded(height))
    while rooms.count >= Self.mostRooms {
      renderer.pointee.release(rooms.removeFirst().pointer)
    }
    return model.withRaw { raw in
      var message = Message()
      let pointer = message.fill {
        renderer.pointee.make(raw, Int32(wide), Int32(tall), Int32(shadow), $0, $1)
      }
      guard let pointer else {
        fail(message.text)
        return nil
      }
      let room = Room(
        model: model, width: wide, height: tall, shadow: shadow, pointer: pointer,
        track: renderer.pointee.camera(raw, "track"))
      rooms.append(room)
      return room
    }
  }

  /// Red, green and blue of each pixel; nil where it failed.
  mutating func paint(
    _ data: MuJoCoData, in room: Room, from camera: swirl_mujoco_camera, _ width: Int,
    _ height: Int, _ renderer: UnsafePointer<swirl_mujoco_renderer>
  ) -> [UInt8]? {
    var message = Message()
    var isPainted = false
    let bytes = [UInt8](unsafeUninitializedCapacity: width * height * 3) { bytes, count in
      withUnsafePointer(to: camera) { camera in
        room.model.withRaw { raw in
          isPainted =
            message.fill {
              renderer.pointee.paint(
                room.pointer, raw, data.raw, camera, Int32(width), Int32(height),
                bytes.baseAddress, $0, $1)
            } != 0
        }
      }
      count = isPainted ? width * height * 3 : 0
    }
    if isPainted { return bytes }
    fail(message.text)
    return nil
  }

  private mutating func fail(_ reason: String) {
    failure = reason
    warn("MuJoCo cannot render (\(reason)); plain shapes are shown instead")
  }

  /// What the renderer says of a failure.
  private struct Message {
    private var bytes = [CChar](repeating: 0, count: 300)

    mutating func fill<R>(_ body: (UnsafeMutablePointer<CChar>?, Int32) -> R) -> R {
      bytes.withUnsafeMutableBufferPointer { body($0.baseAddress, Int32($0.count)) }
    }

    var text: String {
      String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
}
