#if Box2D
  import Envs
  import Foundation
  import Runtime
  import Testing

  @Suite struct CarRacingTests {
    @Test(arguments: Goldens.carRacing.drives.indices)
    func drivesAndLooksAsInGymnasium(_ index: Int) throws {
      let golden = Goldens.carRacing.drives[index]
      let options = CarRacingOptions(randomizesColors: golden.options["domain_randomize"] == 1)
      var episode = Episode(CarRacing(options), seed: golden.seed)
      let track = episode.environment.track
      try #require(track.points.count == golden.tiles)
      #expect(track.points.count + track.kerbs == golden.polygons)
      for (index, expected) in golden.track.enumerated() {
        let point = track.points[10 * index]
        let mine = [point.alpha, point.beta, point.place.x, point.place.y]
        #expect(zip(mine, expected).allSatisfy { abs($0 - $1) < 1e-9 }, "point \(10 * index)")
      }
      for step in 0...golden.rewards.count {
        if step > 0 {
          let reward = episode.step(action(step - 1)).reward
          #expect(abs(reward - golden.rewards[step - 1]) < 1e-6, "step \(step)")
        }
        let motion = try #require(episode.environment.motion)
        let mine = [
          motion.place.x, motion.place.y, motion.angle, motion.velocity.x, motion.velocity.y,
          motion.angularVelocity,
        ]
        let off = zip(mine, golden.drive[step]).map { abs($0 - $1) }.max()!
        #expect(off < 0.01, "the car is \(off) off at step \(step)")
        if let frame = golden.frames.first(where: { $0.step == step }) {
          compare(episode.observation(), [UInt8](frame.pixels), "seed \(golden.seed), step \(step)")
        }
      }
      var stream = episode.dynamics
      #expect(stream.random() == golden.next)
    }

    private func compare(_ mine: [UInt8], _ theirs: [UInt8], _ name: String) {
      let differences = zip(mine, theirs).map { abs(Int($0) - Int($1)) }
      let mean = Double(differences.reduce(0, +)) / Double(differences.count)
      #expect(mean < 0.6, "\(name): the picture is \(mean) off in the mean")
    }

    /// Gas, then a curve to the left, then to the right with the brake.
    private func action(_ step: Int) -> InlineArray<3, Float> {
      step < 20 ? [0, 1, 0] : step < 40 ? [-0.5, 0.25, 0] : [0.75, 0, 0.5]
    }

    @Test func earnsWhatItsControllerEarnsInGymnasium() {
      compareReturns(Goldens.carRacing.returns, quickEpisodes: 6) { seed in
        var episode = Episode(CarRacing(), seed: seed, timeLimit: 1000)
        let points = episode.environment.track.points.map(\.place)
        while episode.ending == .none {
          let motion = episode.environment.motion!
          var (nearest, least) = (0, Double.infinity)
          for (index, point) in points.enumerated() {
            let off = point - motion.place
            let distance = (off * off).sum()
            if distance < least { (nearest, least) = (index, distance) }
          }
          let goal = points[(nearest + 6) % points.count] - motion.place
          let (sine, cosine) = (sin(motion.angle), cos(motion.angle))
          let off = atan2(cosine * goal.x + sine * goal.y, -sine * goal.x + cosine * goal.y)
          let speed = (motion.velocity * motion.velocity).sum().squareRoot()
          episode.step([
            Float(max(-1, min(1, 2 * off))), speed < 55 ? 0.5 : 0, speed > 70 ? 0.2 : 0,
          ])
        }
        return episode.returnSoFar
      }
    }

    @Test func discreteActionsAreThoseOfTheContinuous() {
      let moves: [InlineArray<3, Float>] = [
        [0, 0, 0], [0.6, 0, 0], [-0.6, 0, 0], [0, 0.2, 0], [0, 0, 0.8],
      ]
      var few = Episode(CarRacingDiscrete(), seed: 3)
      var all = Episode(CarRacing(), seed: 3)
      for step in 0..<60 {
        let action = step < 30 ? 3 : step % 5
        let (one, other) = (few.step(action), all.step(moves[action]))
        #expect(abs(one.reward - other.reward) < 1e-6)
      }
      let off = zip(few.observation(), all.observation()).map { abs(Int($0) - Int($1)) }.max()!
      #expect(off < 64)
    }

    @Test func passesTheChecker() throws {
      try checkEnvironment(CarRacing(), steps: 60)
      try checkEnvironment(CarRacingDiscrete(CarRacingOptions(randomizesColors: true)), steps: 60)
    }

    /// A reset that keeps the colours draws none: what it draws is the track of a race without any.
    @Test func colorsCanStay() {
      var random = PCG64(seed: 5)
      var race = CarRacing(CarRacingOptions(randomizesColors: true, randomizesEveryRace: false))
      race.reset(using: &random)
      let colors = race.colors
      #expect(colors != [] && colors != Episode(CarRacing(), seed: 5).environment.colors)
      random = PCG64(seed: 6)
      race.reset(using: &random)
      #expect(race.colors == colors)
      let plain = Episode(CarRacing(), seed: 6).environment
      #expect(race.track.points.map(\.place) == plain.track.points.map(\.place))
      _ = race.step([0, 1, 0], using: &random)

      var changing = CarRacing(CarRacingOptions(randomizesColors: true))
      random = PCG64(seed: 5)
      changing.reset(using: &random)
      #expect(changing.colors == colors)
      changing.reset(using: &random)
      #expect(changing.colors != colors)
    }

    @Test func forksAreEqual() throws {
      try compareForks(CarRacing(), seed: 3, before: 40, after: 40)
      try compareForks(CarRacingDiscrete(), seed: 4, before: 40, after: 40)
    }

    /// A car that drives straight on leaves the field, which ends the race.
    @Test func endsBeyondTheField() {
      var episode = Episode(CarRacing(), seed: 0, timeLimit: 2000)
      var last = StepResult(reward: 0)
      while episode.ending == .none {
        // Against the turn, which a car with its engine behind begins by itself.
        let spin = Float(episode.environment.motion!.angularVelocity)
        last = episode.step([max(-1, min(1, spin)), 0.2, 0])
      }
      #expect(last == StepResult(reward: -100, ending: .terminated))
    }
  }
#endif
