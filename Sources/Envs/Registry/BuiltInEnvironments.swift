// Each environment's registrations stand next to it. Ids, time limits and thresholds are Gymnasium's, the
// test beds' our own.
extension Registration {
  static var builtIn: [Registration] {
    classicControl + toyText + box2D + muJoCo + minAtar + Navigation2D.registrations + testBeds
  }

  private static var classicControl: [Registration] {
    CartPole.registrations + MountainCar.registrations + MountainCarContinuous.registrations
      + Pendulum.registrations + Acrobot.registrations
  }

  private static var toyText: [Registration] {
    FrozenLake.registrations + CliffWalking.registrations + Taxi.registrations
      + Blackjack.registrations
  }

  private static var testBeds: [Registration] {
    PointMass.registrations + IdentityTask.registrations + BitFlipping.registrations
      + ChainWalk.registrations + TwoArmedBandit.registrations + RepeatPrevious.registrations
      + TMaze.registrations
  }
}
