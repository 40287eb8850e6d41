import Envs
import Policy

extension NetworkSettings {
  /// How networks read what these environments observe.
  ///
  /// - Throws: `RunError` or `UnsupportedSpace` where they cannot.
  func encoder(
    for environments: some VectorizedEnvironments, agent: String
  ) throws -> ObservationEncoder {
    let encoder = try ObservationEncoder(for: environments)
    if normalizeObservations && encoder.readsBytes {
      throw RunError(
        .usage,
        "\(agent) cannot normalise observations of bytes, which are shares of their upper bound "
          + "already; set normalize_observations to false")
    }
    return encoder
  }

  /// The feature extractor for what these environments observe, or nil where rows are read as they are.
  func features(for environments: some VectorizedEnvironments) throws -> FeatureExtractor.Form? {
    let space = environments.observationSpace
    var pictures = try Picture.all(in: space, bytes: environments.observesBytes)
    switch featureExtractor {
    case .flatten: pictures = []
    case .automatic: pictures.removeAll { !$0.isOfBytes }
    case .nature, .minAtar:
      if pictures.isEmpty {
        throw RunError(
          .usage,
          "features_extractor \(featureExtractor.rawValue) reads pictures of three axes, but the "
            + "environment observes \(space)")
      }
    }
    if pictures.isEmpty {
      return sharedArchitecture.isEmpty
        ? nil : .init(widths: sharedArchitecture, activation: activation)
    }
    var width = 128
    let forms = pictures.map { picture, first, _ in
      let isLarge = min(picture.height, picture.width) >= 36
      if featureExtractor == .minAtar || featureExtractor == .automatic && !isLarge {
        return PictureExtractor.Form.minAtar(picture, at: first)
      }
      width = 512
      return .nature(picture, at: first)
    }
    let form = FeatureExtractor.Form(pictures: forms, widths: [width] + sharedArchitecture)
    guard form.fits else {
      throw RunError(
        .usage,
        "features_extractor \(featureExtractor.rawValue) needs larger pictures than \(space)")
    }
    return form
  }
}
