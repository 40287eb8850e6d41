// As MinAtar's own Gymnasium registrations: `-v0` offers all six actions, `-v1` those that do something.
extension Registration {
  static var minAtar: [Registration] {
    [GameActions.all, .minimal].flatMap { actions in
      let version = actions == .all ? 0 : 1
      return [
        Registration(EnvironmentSpec(id: "MinAtar/Asterix-v\(version)")) {
          Sticky(Asterix(actions: actions), probability: 0.1)
        },
        Registration(EnvironmentSpec(id: "MinAtar/Breakout-v\(version)")) {
          Sticky(Breakout(actions: actions), probability: 0.1)
        },
        Registration(EnvironmentSpec(id: "MinAtar/Freeway-v\(version)")) {
          Sticky(Freeway(actions: actions), probability: 0.1)
        },
        Registration(EnvironmentSpec(id: "MinAtar/Seaquest-v\(version)")) {
          Sticky(Seaquest(), probability: 0.1)
        },
        Registration(EnvironmentSpec(id: "MinAtar/SpaceInvaders-v\(version)")) {
          Sticky(SpaceInvaders(actions: actions), probability: 0.1)
        },
      ]
    }
  }
}
