import ArgumentParser
import Foundation
import Swirl

/// The options of `swirl train` that let a person watch.
struct TrainingViewArguments: ParsableArguments {
  @Flag(help: "Show the policy in a window as it learns; the run is the same without it.")
  var view = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Film an episode each time so many have ended, into videos/ of the run.",
      valueName: "episodes"),
    transform: wholeNumber(in: Limits.episodes))
  var videoEvery: Int?

  var isGiven: Bool { view || videoEvery != nil }

  /// Trains with what shows it; a window belongs on this thread, so that training is on another.
  func showing(title: String, _ train: @escaping @Sendable ([any Callback]) throws -> Void) throws {
    #if Viewer
      let films: [any Callback] = videoEvery.map { [RecordVideo(every: $0)] } ?? []
      guard view else { return try train(films) }
      let live: LiveTraining
      do { live = try LiveTraining(title: title) } catch let error as ViewerError {
        throw error.advising("leave out --view; --video-every films episodes without a display")
      }
      try live.run(ending: { SwirlMain.end(with: $0, arguments: ["train"]) }) {
        try train(films + [$0])
      }
    #else
      if isGiven { throw CommandFailure.missingViewer(view ? "--view" : "--video-every") }
      try train([])
    #endif
  }
}
