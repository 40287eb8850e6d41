/// Tensors by dotted name, in a fixed order: what a model's parameters are outside the model.
///
/// ```swift
/// var state = try StateDictionary(contentsOf: "model.safetensors")
/// state = state.renamed { $0.replacingOccurrences(of: "fc.", with: "layers.0.") }
/// let report = try model.load(state, strictly: false)
/// print(report)   // 2 parameters loaded; missing: layers.1.bias
/// ```
public struct StateDictionary: Sendable, Sequence {
  public private(set) var names: [String] = []
  private var tensors: [String: Tensor] = [:]

  public init() {}

  /// In the given order; a later tensor takes the place of an earlier one of the same name.
  public init(_ pairs: some Sequence<(name: String, value: Tensor)>) {
    for (name, value) in pairs { self[name] = value }
  }

  /// In the order of the names.
  public init(_ tensors: [String: Tensor]) {
    names = tensors.keys.sorted()
    self.tensors = tensors
  }

  /// The tensors of a file, of all shards of an index, or of a directory that holds either; see
  /// `SafetensorsFile`. They read the mapped file until they are written to.
  ///
  /// - Throws: `SafetensorsError`, one sentence with the file and what is wrong.
  public init(contentsOf path: String) throws {
    let file = try SafetensorsFile(path)
    for name in file.names { self[name] = try file.tensor(name) }
  }

  /// The tensor of a name; nil removes it.
  public subscript(_ name: String) -> Tensor? {
    get { tensors[name] }
    set {
      if let newValue {
        if tensors.updateValue(newValue, forKey: name) == nil { names.append(name) }
      } else if tensors.removeValue(forKey: name) != nil {
        names.removeAll { $0 == name }
      }
    }
  }

  public var count: Int { names.count }

  public func makeIterator() -> AnyIterator<(name: String, value: Tensor)> {
    var position = 0
    return AnyIterator {
      guard position < names.count else { return nil }
      defer { position += 1 }
      return (names[position], tensors[names[position]]!)
    }
  }

  /// The same tensors under other names; those for which `name` returns nil are left out.
  public func renamed(_ name: (String) throws -> String?) rethrows -> StateDictionary {
    var result = StateDictionary()
    for (old, value) in self {
      if let new = try name(old) { result[new] = value }
    }
    return result
  }

  /// The tensors whose names start with `prefix` and a dot, without these.
  public func under(_ prefix: String) -> StateDictionary {
    renamed { $0.hasPrefix(prefix + ".") ? String($0.dropFirst(prefix.count + 1)) : nil }
  }

  /// Writes one safetensors file; see `SafetensorsFile.write`.
  public func write(to path: String, metadata: [String: String] = [:]) throws {
    try SafetensorsFile.write(Array(self), to: path, metadata: metadata)
  }
}

/// What loading a state dictionary into a module found.
public struct LoadReport: Sendable, Hashable, CustomStringConvertible {
  /// A parameter for which a tensor of another shape was found.
  public struct Mismatch: Sendable, Hashable {
    public let name: String
    public let found: Shape
    public let expected: Shape
  }

  /// Parameters that took their tensor, in visit order.
  public var loaded: [String] = []
  /// Parameters without a tensor, in visit order; they stay as they were.
  public var missing: [String] = []
  /// Tensors that no parameter is named after, in their order.
  public var unexpected: [String] = []
  /// Parameters whose tensor has another shape; they stay as they were.
  public var mismatched: [Mismatch] = []

  /// Whether every parameter took its tensor and no tensor is left.
  public var isExact: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty }

  public var description: String {
    var parts = ["\(loaded.count) parameters loaded"]
    if !missing.isEmpty { parts.append("missing: " + missing.joined(separator: ", ")) }
    if !unexpected.isEmpty { parts.append("unexpected: " + unexpected.joined(separator: ", ")) }
    if !mismatched.isEmpty {
      let shapes = mismatched.map { "\($0.name) is \($0.found), not \($0.expected)" }
      parts.append("of another shape: " + shapes.joined(separator: ", "))
    }
    return parts.joined(separator: "; ")
  }

  /// The first thing that does not fit, as a sentence about `file`, or nil.
  func sentence(about file: String) -> String? {
    if isExact { return nil }
    let more = missing.count + unexpected.count + mismatched.count - 1
    let rest = more == 0 ? "" : ", and \(more) more do not fit"
    if let name = missing.first { return "\(file) lacks the parameter \(name)\(rest)" }
    if let first = mismatched.first {
      return "\(file) holds the parameter \(first.name) with shape \(first.found), "
        + "but the model needs \(first.expected)\(rest)"
    }
    return "\(file) holds a parameter \(unexpected[0]) that the model does not have\(rest)"
  }
}

extension Module {
  /// The parameters, then the buffers, by their dotted names in visit order.
  public var stateDictionary: StateDictionary { StateDictionary(parameters + buffers) }

  /// Takes parameters and buffers from `state` by their dotted names, in the parameters' own number types.
  ///
  /// - Parameters:
  ///   - strictly: Refuse anything missing, left over or of another shape; else load what fits and
  ///     report the rest.
  ///   - file: What errors call `state`.
  /// - Throws: `SafetensorsError`, a sentence naming the first parameter that does not fit; the module
  ///   is then unchanged.
  @discardableResult
  public mutating func load(
    _ state: StateDictionary, strictly: Bool = true, file: String = "the state dictionary"
  ) throws -> LoadReport {
    var report = LoadReport()
    var names: Set<String> = []
    for (name, value) in parameters + buffers {
      names.insert(name)
      if let found = state[name] {
        if found.shape == value.shape {
          report.loaded.append(name)
        } else {
          report.mismatched.append(
            .init(name: name, found: found.shape, expected: value.shape))
        }
      } else {
        report.missing.append(name)
      }
    }
    report.unexpected = state.names.filter { !names.contains($0) }
    if strictly, let sentence = report.sentence(about: file) { throw SafetensorsError(sentence) }
    let loaded = Set(report.loaded)
    let take = { (name: String, tensor: inout Tensor) in
      if loaded.contains(name), let found = state[name] {
        tensor = found.detached().converted(to: tensor.type)
      }
    }
    visitParameters(take)
    visitBuffers(take)
    return report
  }

  /// As `load(_:strictly:file:)`, strictly, from an unordered dictionary.
  public mutating func load(_ tensors: [String: Tensor], file: String) throws {
    try load(StateDictionary(tensors), file: file)
  }
}
