import CMuJoCo
import Foundation
import Runtime
import Synchronization

/// A compiled model, shared by all environments that simulate it and never changed.
final class MuJoCoModel: Sendable {
  /// The file as it was asked for: a name among Gymnasium's models, or a path.
  let file: String
  let library: MuJoCoLibrary
  private nonisolated(unsafe) let raw: UnsafePointer<swirl_mujoco_model>

  var positions: Int { Int(raw.pointee.nq) }
  var velocities: Int { Int(raw.pointee.nv) }
  var controls: Int { Int(raw.pointee.nu) }
  var bodies: Int { Int(raw.pointee.nbody) }
  var sites: Int { Int(raw.pointee.nsite) }
  var stateSize: Int { Int(raw.pointee.state_size) }
  var timestep: Double { raw.pointee.timestep }
  /// `[positions]`
  var startPositions: UnsafePointer<Double> { raw.pointee.qpos0 }
  /// `[bodies]`
  var masses: UnsafePointer<Double> { raw.pointee.body_mass }
  /// The sum of ``masses``.
  let mass: Double

  var actionSpace: Box {
    let range = raw.pointee.ctrl_range!
    let low = (0..<controls).map { range[2 * $0] }
    let high = (0..<controls).map { range[2 * $0 + 1] }
    if Set(low).count == 1, Set(high).count == 1 {
      return Box(shape: [controls], in: low[0]...high[0])
    }
    return Box(low: low, high: high)
  }

  private init(
    file: String, library: MuJoCoLibrary, raw: UnsafePointer<swirl_mujoco_model>
  ) {
    self.file = file
    self.library = library
    self.raw = raw
    let count = Int(raw.pointee.nbody)
    mass = NumPySum.of(UnsafeBufferPointer(start: raw.pointee.body_mass, count: count))
  }

  /// The models of the process by their files; there are few, and they stay.
  private static let models = Mutex<[String: MuJoCoModel]>([:])

  /// Reads a model once.
  ///
  /// - Parameter file: One of Gymnasium's models, such as "ant.xml"; a path if it begins with `/`, `.` or `~`.
  /// - Throws: ``EnvironmentError`` if MuJoCo is missing, there is no such file or it is no model.
  static func load(_ file: String) throws(EnvironmentError) -> MuJoCoModel {
    let library = try MuJoCoLibrary.load()
    return try models.withLock { (models) throws(EnvironmentError) -> MuJoCoModel in
      if let found = models[file] { return found }
      let path = path(of: file)
      guard FileManager.default.fileExists(atPath: path) else {
        throw EnvironmentError(
          .usage, "there is no MuJoCo model \(path); name one of Gymnasium's or the path of a file")
      }
      let raw = UnsafeMutablePointer<swirl_mujoco_model>.allocate(capacity: 1)
      raw.initialize(to: swirl_mujoco_model())
      var message = [CChar](repeating: 0, count: 500)
      guard library.table.pointee.load(path, raw, &message, Int32(message.count)) != 0 else {
        raw.deallocate()
        let reason = String(
          decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw EnvironmentError(
          .data, "\(path) is no model that MuJoCo reads: \(reason.replacing("\n", with: " "))")
      }
      let model = MuJoCoModel(file: file, library: library, raw: UnsafePointer(raw))
      models[file] = model
      return model
    }
  }

  private static func path(of file: String) -> String {
    switch file.first {
    case "/", ".": file
    case "~": NSString(string: file).expandingTildeInPath
    default: MuJoCoLibrary.folder.appending(path: "assets/\(file)").path
    }
  }

  /// The number of a body, given by its name.
  ///
  /// - Throws: ``EnvironmentError`` if the model has none.
  func body(_ name: String) throws(EnvironmentError) -> Int {
    let index = Int(library.table.pointee.body(raw, name))
    guard index >= 0 else {
      throw EnvironmentError(.data, "the model \(file) has no body '\(name)'; the task needs it")
    }
    return index
  }

  /// The calling thread's own data for this model.
  var scratch: MuJoCoData {
    guard let data = library.table.pointee.scratch(raw) else {
      stop("MuJoCo", "there is no memory for a simulation of \(file)")
    }
    return MuJoCoData(raw: data)
  }

  func make() -> UnsafeMutablePointer<swirl_mujoco_data> {
    let data = UnsafeMutablePointer<swirl_mujoco_data>.allocate(capacity: 1)
    data.initialize(to: library.table.pointee.make(raw))
    if data.pointee.data == nil { stop("MuJoCo", "there is no memory for a simulation of \(file)") }
    return data
  }

  func release(_ data: UnsafeMutablePointer<swirl_mujoco_data>) {
    library.table.pointee.release(data)
    data.deallocate()
  }

  /// The shapes of the bodies where they are now; nil if the library lacks that.
  func geometry(_ data: MuJoCoData) -> swirl_mujoco_geoms? { library.geometry?(raw, data.raw) }

  /// Calls something of the library that wants the model as it has it.
  func withRaw<R>(_ body: (UnsafePointer<swirl_mujoco_model>) -> R) -> R { body(raw) }

  func reset(_ data: MuJoCoData) { library.table.pointee.reset(raw, data.raw) }
  func forward(_ data: MuJoCoData) { library.table.pointee.forward(raw, data.raw) }

  func getState(_ data: MuJoCoData, _ state: UnsafeMutablePointer<Double>) {
    library.table.pointee.get_state(raw, data.raw, state)
  }

  func setState(_ data: MuJoCoData, _ state: UnsafePointer<Double>) {
    library.table.pointee.set_state(raw, data.raw, state)
  }

  /// Steps and returns what went wrong, bits of `SWIRL_MUJOCO_…`.
  func step(_ data: MuJoCoData, count: Int, contactForces: Bool) -> UInt32 {
    library.table.pointee.step(raw, data.raw, Int32(count), contactForces ? 1 : 0)
  }
}

/// The arrays of a simulation, under MuJoCo's names; they belong to it and are good until it goes on.
struct MuJoCoData {
  let raw: UnsafePointer<swirl_mujoco_data>

  var qpos: UnsafeMutablePointer<Double> { raw.pointee.qpos }
  var qvel: UnsafeMutablePointer<Double> { raw.pointee.qvel }
  var ctrl: UnsafeMutablePointer<Double> { raw.pointee.ctrl }
  var qfrcActuator: UnsafeMutablePointer<Double> { raw.pointee.qfrc_actuator }
  var qfrcConstraint: UnsafeMutablePointer<Double> { raw.pointee.qfrc_constraint }
  /// `[sites, 3]`
  var siteXpos: UnsafeMutablePointer<Double> { raw.pointee.site_xpos }
  /// `[bodies, 10]`
  var cinert: UnsafeMutablePointer<Double> { raw.pointee.cinert }
  /// `[bodies, 6]`
  var cvel: UnsafeMutablePointer<Double> { raw.pointee.cvel }
  /// `[bodies, 6]`
  var cfrcExt: UnsafeMutablePointer<Double> { raw.pointee.cfrc_ext }
  /// Centres of mass, `[bodies, 3]`
  var xipos: UnsafeMutablePointer<Double> { raw.pointee.xipos }

  /// Where a body's frame is.
  func position(ofBody body: Int) -> SIMD3<Double> {
    let place = raw.pointee.xpos! + 3 * body
    return SIMD3(place[0], place[1], place[2])
  }
}
