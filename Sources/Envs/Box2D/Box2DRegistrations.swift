extension Registration {
  static var box2D: [Registration] {
    #if Box2D
      LunarLander.registrations + BipedalWalker.registrations + CarRacing.registrations
    #else
      []
    #endif
  }

  /// Why an id that is not registered could be, if the package were built otherwise.
  static func leftOut(_ id: String) -> String? {
    #if Box2D
      return nil
    #else
      let families = [
        "LunarLander-", "LunarLanderContinuous-", "BipedalWalker-", "BipedalWalkerHardcore-",
        "CarRacing-", "CarRacingDiscrete-",
      ]
      guard families.contains(where: id.hasPrefix) else { return nil }
      return
        "'\(id)' needs Box2D, which this build leaves out; install libbox2d-dev and build with "
        + "the package trait Box2D"
    #endif
  }
}
