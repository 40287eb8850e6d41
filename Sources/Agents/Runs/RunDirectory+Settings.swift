import Foundation

extension RunDirectory {
  /// A run goes on with the settings it was trained with, or what comes next would be neither run.
  ///
  /// - Throws: `RunError` of kind `data` naming the first setting that differs.
  func compare(_ configuration: String, trainedWith settings: Data) throws {
    func values(_ text: String) -> [Substring: String] {
      var values: [Substring: String] = [:]
      for line in text.split(whereSeparator: \.isNewline) {
        guard let colon = line.firstIndex(of: ":"), !line.hasPrefix("#") else { continue }
        values[line[..<colon]] = line[line.index(after: colon)...]
          .trimmingCharacters(in: .whitespaces)
      }
      return values
    }
    let (now, trained) = (values(configuration), values(String(decoding: settings, as: UTF8.self)))
    let keys = Set(now.keys).union(trained.keys)
    guard let key = keys.filter({ now[$0] != trained[$0] }).min() else { return }
    func shown(_ value: String?) -> String {
      value.map { "\(key): \($0.prefix(60))" } ?? "no \(key)"
    }
    throw RunError(
      .data,
      "\(file("config.yaml")) has \(shown(now[key])) where the run was trained with "
        + "\(shown(trained[key])); a run goes on with the settings it began with")
  }
}
