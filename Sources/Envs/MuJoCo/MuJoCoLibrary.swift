import CMuJoCo
import Foundation
import Runtime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// MuJoCo, as `make setup` left it in a folder: loaded when the first environment needs it, so that the
/// package builds and runs without.
package struct MuJoCoLibrary: Sendable {
  /// What the shim offers; it lives as long as the process.
  nonisolated(unsafe) let table: UnsafePointer<swirl_mujoco_table>
  /// Nil in a library that was made before there were pictures.
  let geometry:
    (
      @Sendable @convention(c) (
        UnsafePointer<swirl_mujoco_model>?, UnsafePointer<swirl_mujoco_data>?
      ) -> swirl_mujoco_geoms
    )?
  /// MuJoCo's own renderer; nil in a library that was made before it was used.
  nonisolated(unsafe) let renderer: UnsafePointer<swirl_mujoco_renderer>?

  /// MuJoCo's version, such as "4.0.0".
  package var version: String { String(cString: table.pointee.version) }

  /// Where library and models are: `SWIRL_MUJOCO`, or `.swirl/mujoco` in the package's own folder.
  package static let folder: URL = {
    if let folder = ProcessInfo.processInfo.environment["SWIRL_MUJOCO"], !folder.isEmpty {
      return URL(filePath: folder)
    }
    return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: ".swirl/mujoco")
  }()

  /// Whether `make setup` has fetched it.
  package static let isThere = FileManager.default.fileExists(atPath: shim.path)

  private static var shim: URL { folder.appending(path: "lib/libswirl_mujoco.so") }

  /// How to get what is missing, the end of a sentence.
  static let remedy =
    "run 'make setup' in Swirl's folder, or name the folder it filled in SWIRL_MUJOCO"

  private static let loaded: Result<MuJoCoLibrary, EnvironmentError> = {
    func failure(_ what: String) -> Result<MuJoCoLibrary, EnvironmentError> {
      .failure(EnvironmentError(.usage, "\(what); \(remedy)"))
    }
    guard isThere else { return failure("MuJoCo is not in \(folder.path)") }
    guard let handle = dlopen(shim.path, RTLD_NOW | RTLD_LOCAL) else {
      return failure("MuJoCo cannot be loaded: \(dlerror().map { String(cString: $0) } ?? "")")
    }
    guard let symbol = dlsym(handle, "swirl_mujoco") else {
      return failure("\(shim.path) is no shim of Swirl's")
    }
    guard let table = unsafeBitCast(symbol, to: swirl_mujoco_entry.self)(),
      table.pointee.interface_version == SWIRL_MUJOCO_INTERFACE
    else {
      return failure("\(shim.path) was made for another version of Swirl")
    }
    let geometry = dlsym(handle, "swirl_mujoco_geometry")
    let pictures = dlsym(handle, "swirl_mujoco_pictures")
    return .success(
      MuJoCoLibrary(
        table: table,
        geometry: geometry.map {
          unsafeBitCast(
            $0,
            to: (@Sendable @convention(c) (
              UnsafePointer<swirl_mujoco_model>?, UnsafePointer<swirl_mujoco_data>?
            ) -> swirl_mujoco_geoms).self)
        },
        renderer: pictures.flatMap {
          unsafeBitCast($0, to: swirl_mujoco_pictures_entry.self)()
        }))
  }()

  /// - Throws: ``EnvironmentError`` saying what is missing and how to get it.
  package static func load() throws(EnvironmentError) -> MuJoCoLibrary { try loaded.get() }
}
