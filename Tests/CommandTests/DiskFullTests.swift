import Foundation
import Testing

#if os(Linux)
  /// A disk that fills while a run trains on it; needs root, for a tiny file system of its own.
  @Suite struct DiskFullTests {
    private static let canMount: Bool = {
      guard getuid() == 0, let folder = try? TemporaryFolder() else { return false }
      guard mount("tmpfs", folder.url.path, "tmpfs", 0, "size=64k") == 0 else { return false }
      return umount(folder.url.path) == 0
    }()

    @Test(
      .enabled(if: canMount, "mounting a small file system takes root and a machine that allows it")
    )
    func trainingGoesOnAndTriesAgain() throws {
      let folder = try TemporaryFolder()
      let disk = folder.path("disk")
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      try #require(mount("tmpfs", disk, "tmpfs", 0, "size=2m") == 0)
      defer { umount2(disk, 2) }

      let out = disk + "/run"
      let running = try BuiltProgram.swirl.start(
        [
          "train", "ppo", "CartPole-v1", "--steps", "1000000000", "--checkpoint-every", "0.05",
          "--out", out,
        ])
      defer { running.kill(SIGKILL) }
      let run = RunFolder(out)
      try #require(waitUntil(seconds: 20) { run.checkpointSteps.count == 3 })

      let ballast = disk + "/ballast"
      #expect(fill(ballast))
      usleep(300_000)
      #expect(running.process.isRunning, "training ends when the disk is full")
      let kept = try #require(run.checkpointSteps.last)
      #expect(
        try Data(contentsOf: run.checkpoint(kept).appendingPathComponent("model.safetensors")).count
          > 1000)

      try FileManager.default.removeItem(atPath: ballast)
      #expect(
        waitUntil(seconds: 20) { (run.checkpointSteps.last ?? 0) > kept },
        "no checkpoint once there is room")
      running.kill(SIGINT)
      let result = try running.wait()
      #expect(result.status == 130, "\(result.errors)")
      #expect(result.errors.contains("space"), "\(result.errors)")
      #expect(try BuiltProgram.swirl("evaluate \(out) --episodes 1").status == 0)
    }

    /// Writes until the file system has no room left.
    private func fill(_ path: String) -> Bool {
      let file = open(path, O_WRONLY | O_CREAT, 0o600)
      guard file >= 0 else { return false }
      defer { close(file) }
      let page = [UInt8](repeating: 1, count: 4096)
      for _ in 0..<4096 where write(file, page, page.count) != page.count { return true }
      return false
    }
  }
#endif
