import Foundation
import Testing

/// The scripts of `Examples/`, run for a few steps.
@Suite struct ExampleTests {
  @Test func trainPPO() throws {
    let result = try BuiltProgram(name: "TrainPPO").run(["4096"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("mean return"))
  }

  @Test func customEnvironment() throws {
    let folder = try TemporaryFolder()
    let result = try BuiltProgram(name: "CustomEnvironment").run(["8192"], in: folder.url)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("mean return"))
  }
}
