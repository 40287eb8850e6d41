#if Box2D
  extension CarRacing {
    private static let page = EnvironmentPage(
      "Drive a powerful car around a track, seen from above in pixels.",
      observations: ["red", "green", "blue"],
      actions: ["steering, from left to right", "gas", "brake, which blocks the wheels from 0.9"],
      dynamics: """
        A hull and four wheels in Box2D, 0.02 s a step, with tyres that slide when pushed beyond their grip, \
        which is less on grass. Tracks and colours are Gymnasium 1.4's for a seed; its Box2D is version 2.3, this \
        one 2.4, so that paths part slowly, and its pixels smooth edges otherwise. With continuous=False \
        Gymnasium makes CarRacingDiscrete-v3 of it.
        """,
      reward: "1000 / tiles for each tile visited first, −0.1 a step; −100 for leaving the field.",
      start: "At rest on a new track.",
      endings: "The lap is complete or the car leaves the field.",
      versions: [
        .init("v3", "A completed lap terminates."),
        .init("v1", "Laps that end where they began; colours at random."),
        .init("v0", "The first."),
      ],
      source: "Gymnasium 1.4, by Oleg Klimov.")

    private static let options: [EnvironmentOption] = [
      .number(
        "lap_complete_percent", 0.95, in: 0...1,
        "Share of tiles that makes a lap complete when the first tile comes last."),
      .flag("domain_randomize", false, "Whether every race has colours of its own."),
      .flag("randomize", true, "Whether a reset changes them; else those of the first race stay."),
    ]

    static let registrations = [
      Registration(
        "CarRacing-v3", maxEpisodeSteps: 1000, rewardThreshold: 900, options: options, page: page,
        replacing: ["CarRacing-v2": "a completed lap terminates"]
      ) { CarRacing(CarRacingOptions($0)) },
      Registration(
        "CarRacingDiscrete-v3", maxEpisodeSteps: 1000, rewardThreshold: 900, options: options,
        page: switched
      ) { CarRacingDiscrete(CarRacingOptions($0)) },
    ]

    private static var switched: EnvironmentPage {
      var page = page
      page.actions = ["nothing", "right", "left", "gas", "brake"]
      return page
    }
  }

  extension CarRacingOptions {
    fileprivate init(_ options: OptionValues) {
      self.init(
        lapCompletePercent: options["lap_complete_percent"],
        randomizesColors: options["domain_randomize"], randomizesEveryRace: options["randomize"])
    }
  }
#endif
