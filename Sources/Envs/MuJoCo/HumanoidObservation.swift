/// What the two humanoid tasks show of the same robot.
struct HumanoidObservation {
  let hidesPositions: Bool
  let includesCinert: Bool
  let includesCvel: Bool
  let includesQfrcActuator: Bool
  let includesCfrcExt: Bool

  func size(_ model: MuJoCoModel) -> Int {
    let bodies = model.bodies - 1
    return model.positions + model.velocities - (hidesPositions ? 2 : 0)
      + (includesCinert ? 10 * bodies : 0) + (includesCvel ? 6 * bodies : 0)
      + (includesQfrcActuator ? model.velocities - 6 : 0) + (includesCfrcExt ? 6 * bodies : 0)
  }

  func write(_ data: MuJoCoData, of model: MuJoCoModel, to row: inout RowWriter) {
    row.add(data.qpos, (hidesPositions ? 2 : 0)..<model.positions)
    row.add(data.qvel, 0..<model.velocities)
    // The world, body 0, is left out of each.
    if includesCinert { row.add(data.cinert, 10..<10 * model.bodies) }
    if includesCvel { row.add(data.cvel, 6..<6 * model.bodies) }
    if includesQfrcActuator { row.add(data.qfrcActuator, 6..<model.velocities) }
    if includesCfrcExt { row.add(data.cfrcExt, 6..<6 * model.bodies) }
  }
}

extension MuJoCoModel {
  /// The centre of all mass, seen from above.
  func massCentre(_ data: MuJoCoData) -> SIMD2<Double> {
    var sum = SIMD2<Double>()
    for body in 0..<bodies {
      sum += masses[body] * SIMD2(data.xipos[3 * body], data.xipos[3 * body + 1])
    }
    return sum / mass
  }
}
