import CAllocationCounter
import Envs
import Runtime
import Testing

@Suite struct Navigation2DTests {
  @Test func keepsItsPromises() throws {
    let counter = countsAllocations ? { Int(allocations_of_this_thread()) } : nil
    try checkEnvironment(Navigation2D(), countingAllocations: counter)
    try checkEnvironment(Navigation2DDiscrete(), countingAllocations: counter)
    try checkEnvironment(Navigation2D(obstacles: 0, rays: 1, lidarRange: 0.1, size: 4))
    try checkEnvironment(
      Navigation2D(obstacles: 100, areConcave: false, rays: 500, lidarRange: 500, size: 30),
      steps: 200, countingAllocations: counter)
  }

  /// The lidar and the touches of random drives against every edge on its own.
  @Test func seesAndTouchesAsTheOracleSays() {
    var random = PCG64(seed: 1)
    var (touches, exact, rays) = (0, 0, 0)
    for seed in 0..<60 as Range<UInt64> {
      var episode = Episode(Navigation2D(obstacles: 20, rays: 16), seed: seed, timeLimit: 200)
      while episode.ending == .none {
        let action: InlineArray<2, Float> = [
          Float(random.uniform(0, 1)), Float(random.uniform(-1, 1)),
        ]
        let before = episode.environment
        let result = episode.step(action)
        let robot = episode.environment
        let walls = [Point(0, 0), Point(10, 0), Point(10, 10), Point(0, 10)]
        let outlines = robot.obstaclePolygons + [walls]
        let nearest = outlines.map { Geometry.distance(from: robot.position, toOutline: $0) }.min()
        let isInside = robot.obstaclePolygons.contains {
          Geometry.contains(robot.position, inPolygon: $0)
        }
        let isTouching = nearest! < 0.2 || isInside
        let distance = Geometry.length(robot.goal - robot.position)
        let arrives = !isTouching && distance <= 0.4
        #expect((result.ending == .terminated) == (isTouching || arrives))
        let nearer = Geometry.length(before.goal - before.position) - distance
        let reward = nearer - 0.01 + (isTouching ? -5 : arrives ? 5 : 0)
        #expect((result.reward - reward).magnitude < 1e-9)
        touches += isTouching ? 1 : 0

        let row = episode.observation()
        for ray in 0..<16 {
          let angle = robot.heading + 2 * .pi * Double(ray) / 16
          let direction = Point(angle.cosine, angle.sine)
          // In Float32 a ray past a corner may just touch it, and one that touches it may pass.
          var (nearest, farthest) = (5.0, 5.0)
          for outline in outlines {
            for (a, b) in zip(outline, outline.dropFirst() + outline.prefix(1)) {
              func met(_ epsilon: Double) -> Double {
                Geometry.distance(
                  alongRay: robot.position, direction, toSegment: a, b, epsilon: epsilon) ?? 5
              }
              nearest = min(nearest, met(1e-4))
              farthest = min(farthest, met(-1e-4))
            }
          }
          let seen = Double(row[ray])
          #expect(seen >= nearest - 1e-3 && seen <= farthest + 1e-3, "seed \(seed) ray \(ray)")
          exact += farthest - nearest < 1e-3 ? 1 : 0
          rays += 1
        }
        let way = robot.goal - robot.position
        #expect((Double(row[16]) - distance).magnitude < 1e-5)
        let bearing = way.y.angle(over: way.x) - robot.heading
        #expect((Double(row[17]) - bearing.cosine).magnitude < 1e-5)
        #expect((Double(row[18]) - bearing.sine).magnitude < 1e-5)
        #expect(row[19] == Float(robot.speed) && row[20] == Float(robot.turnRate))
      }
      let metrics = episode.metrics()
      #expect(metrics.map(\.name) == ["arrived", "touched", "goal_distance"])
    }
    #expect(touches > 20)
    #expect(exact * 100 > rays * 98)
  }

  /// Rays are cast some at a time; how many there are changes none of them.
  @Test func manyRaysSeeAsFew() {
    for seed in 0..<5 as Range<UInt64> {
      let (few, many) = (
        Episode(Navigation2D(rays: 24), seed: seed).observation(),
        Episode(Navigation2D(rays: 24 * 7), seed: seed).observation()
      )
      // The directions are rounded as the same fractions of a circle.
      for ray in 0..<24 { #expect((few[ray] - many[7 * ray]).magnitude < 1e-3) }
    }
  }

  /// Obstacles keep their distance from each other, the walls, the start and the goal.
  @Test func roomsHaveAWay() {
    var (convex, concave) = (0, 0)
    for seed in 0..<100 as Range<UInt64> {
      let robot = Episode(Navigation2D(obstacles: 12), seed: seed).environment
      let polygons = robot.obstaclePolygons
      #expect((6...12).contains(polygons.count))
      #expect(Geometry.length(robot.goal - robot.position) >= 4)
      for (place, polygon) in polygons.enumerated() {
        #expect((3...8).contains(polygon.count) && Geometry.area(of: polygon) > 0.02)
        let hull = Geometry.convexHull(of: polygon)
        let isConvex = Geometry.area(of: hull) < Geometry.area(of: polygon) * (1 + 1e-9)
        if isConvex { convex += 1 } else { concave += 1 }
        // Simple: edges that are no neighbours do not meet.
        for first in polygon.indices {
          for second in polygon.indices where second > first + 1 {
            if first == 0 && second == polygon.count - 1 { continue }
            let next = (second + 1) % polygon.count
            #expect(
              !Geometry.segmentsIntersect(
                polygon[first], polygon[first + 1], polygon[second], polygon[next]))
          }
        }
        for corner in polygon {
          #expect(min(corner.x, corner.y, 10 - corner.x, 10 - corner.y) >= 0.69)
        }
        for other in polygons[..<place] {
          for corner in polygon {
            #expect(Geometry.distance(from: corner, toOutline: other) >= 0.69)
          }
        }
        for free in [robot.position, robot.goal] {
          #expect(Geometry.distance(from: free, toOutline: polygon) >= 0.69)
        }
      }
    }
    #expect(convex > 200 && concave > 400)
    let easy = Episode(Navigation2D(obstacles: 9, areConcave: false), seed: 1).environment
    for polygon in easy.obstaclePolygons {
      #expect(Geometry.convexHull(of: polygon).count == polygon.count)
    }
    #expect(Episode(Navigation2D(obstacles: 0), seed: 1).environment.obstaclePolygons.isEmpty)
  }

  @Test func drivesLikeAUnicycle() {
    var episode = Episode(Navigation2D(obstacles: 0, size: 100), seed: 3)
    let start = episode.environment
    for _ in 0..<10 { episode.step([1, 0]) }
    var robot = episode.environment
    // 0.2, 0.4, …, 1, 1, … m/s for a tenth of a second each.
    #expect(robot.heading == start.heading && robot.speed == 1)
    let ahead = Point(start.heading.cosine, start.heading.sine)
    #expect(Geometry.length(robot.position - start.position - 0.8 * ahead) < 1e-9)
    // A whole circle of radius 1 / 2 m, to the left, comes back.
    episode.step([1, 2])
    episode.step([1, 2])
    episode.step([1, 2])
    let begin = episode.environment
    #expect(begin.turnRate == 2)
    for _ in 0..<31 { episode.step([1, 2]) }
    robot = episode.environment
    #expect(Geometry.length(robot.position - begin.position) < 0.1)
    // Beyond the limits is at the limits; braking takes as long as accelerating.
    for _ in 0..<30 { episode.step([-9, .infinity]) }
    #expect(episode.environment.speed == -0.5 && episode.environment.turnRate == 2)
  }

  @Test func discreteActionsAreSixOfTheOthers() {
    let asked: [InlineArray<2, Float>] = [
      [0, 0], [1, 0], [1, 1.5], [1, -1.5], [0, 1.5], [0, -1.5],
    ]
    var discrete = Episode(Navigation2DDiscrete(), seed: 5)
    var other = Episode(Navigation2D(), seed: 5)
    for step in 0..<30 where other.ending == .none {
      #expect(discrete.step(step % 6) == other.step(asked[step % 6]))
      #expect(discrete.observation() == other.observation())
    }
  }

  /// Steers along the free ray that is nearest to the goal's direction.
  private func steer(_ row: [Float], rays: Int) -> InlineArray<2, Float> {
    let goal = Double(row[rays + 2]).angle(over: Double(row[rays + 1]))
    let distance = row[rays]
    var best = (cost: Double.infinity, angle: 0.0)
    for ray in 0..<rays {
      var angle = 2 * Double.pi * Double(ray) / Double(rays)
      if angle > .pi { angle -= 2 * .pi }
      // As wide as the robot with something to spare, seen from here.
      let near = min(distance, 1.2)
      let isFree = (-2...2).allSatisfy { aside in
        let seen = row[(ray + aside + rays) % rays]
        let across = (Double(aside) * 2 * .pi / Double(rays)).sine.magnitude
        return Double(seen) * across > 0.35 || seen > near + 0.2
      }
      var off = (angle - goal).magnitude
      if off > .pi { off = 2 * .pi - off }
      let cost = off + 0.2 * angle.magnitude + (isFree ? 0 : 10)
      if cost < best.cost { best = (cost, angle) }
    }
    let turn = max(-2, min(2, 3 * best.angle))
    return [Float(best.angle.magnitude < 0.6 ? 0.9 : 0.1), Float(turn)]
  }

  private func share(
    arriving environment: Navigation2D, by rule: (([Float]) -> InlineArray<2, Float>)? = nil
  ) -> (share: Double, mean: Double) {
    var (arrived, sum) = (0.0, 0.0)
    for seed in 0..<200 as Range<UInt64> {
      var episode = Episode(environment, seed: seed, timeLimit: 400)
      while episode.ending == .none {
        let row = episode.observation()
        episode.step(rule?(row) ?? steer(row, rays: environment.rays))
      }
      arrived += Double(episode.metrics()[0].value)
      sum += episode.returnSoFar
    }
    return (arrived / 200, sum / 200)
  }

  /// A task that can be done: a rule that looks one step ahead does most of it.
  @Test func aSimpleControllerArrives() {
    let empty = share(arriving: Navigation2D(obstacles: 0))
    #expect(empty.share >= 0.97 && empty.mean > 9.5, "\(empty)")
    let easy = share(arriving: Navigation2D(obstacles: 4, areConcave: false))
    #expect(easy.share >= 0.95 && easy.mean > 9.5, "\(easy)")
    let usual = share(arriving: Navigation2D())
    #expect(usual.share >= 0.9 && usual.mean > 9, "\(usual)")
    // By chance it is not done.
    var actions = PCG64(seed: 1)
    let random = share(arriving: Navigation2D()) { _ in
      [Float(actions.uniform(-0.5, 1)), Float(actions.uniform(-2, 2))]
    }
    #expect(random.share < 0.1 && random.mean < 0, "\(random)")
  }
}
