#if Viewer
  import Foundation
  import Testing

  extension ViewTests {
    private static let hasMuJoCo =
      (try? BuiltProgram.swirl("envs HalfCheetah-v5"))?.status == 0

    @Test(.enabled(if: hasMuJoCo, "needs MuJoCo")) func openGLIsChosenByAVariable() throws {
      let folder = try TemporaryFolder()
      let picture = folder.path("x.png")
      func view(_ environment: [String: String]) throws -> BuiltProgram.Result {
        try BuiltProgram.swirl.run(
          ["view", "HalfCheetah-v5", "--record", picture, "--size", "90x60", "--seed", "1"],
          environment: environment)
      }
      expectRefusal(
        try view(["MUJOCO_GL": "glfw"]), status: 64, saying: "MUJOCO_GL is 'glfw'", "disable")
      // EGL without any driver.
      let noDriver = ["__EGL_VENDOR_LIBRARY_FILENAMES": "/dev/null"]
      expectRefusal(
        try view(noDriver.merging(["MUJOCO_GL": "egl"]) { $1 }), status: 64,
        saying: "MUJOCO_GL is egl")
      for environment in [noDriver, ["MUJOCO_GL": "disable"], [:]] {
        let result = try view(environment)
        #expect(
          result.status == 0 && result.errors == "swirl: wrote \(picture)\n", "\(result.errors)")
      }
    }
  }
#endif
