import Foundation

/// What a replay buffer takes, and whether the machine has it.
public enum ReplayMemory {
  /// Bytes of memory this process may use: the machine's, or a container's limit where that is less.
  public static var available: Int {
    let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
      if let text = try? String(contentsOfFile: path, encoding: .utf8),
        let limit = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), limit > 0
      {
        return min(machine, limit)
      }
    }
    return machine
  }

  /// Why a buffer cannot be, as the end of a sentence, or nil where it can.
  ///
  /// - Parameter available: Bytes there are.
  public static func refusal(
    capacity: Int, layout: ReplayLayout, isPrioritized: Bool = false, available: Int = available
  ) -> String? {
    let bytes = ReplayBuffer.byteCount(
      capacity: capacity, layout: layout, isPrioritized: isPrioritized)
    guard bytes > available else { return nil }
    let fitting = max(0, Int(Double(capacity) * Double(available) / Double(bytes)))
    return "needs \(text(bytes)) of memory for rows of \(layout.rowBytes) bytes, but there are "
      + "\(text(available)), which hold about \(fitting)"
  }

  /// A number of bytes as people read it, such as 1.6 GB.
  public static func text(_ bytes: Int) -> String {
    var (value, unit) = (Double(bytes), 0)
    while value >= 1000 && unit < 5 {
      value /= 1000
      unit += 1
    }
    return String(
      format: unit == 0 ? "%.0f %@" : "%.1f %@", value, ["B", "kB", "MB", "GB", "TB", "PB"][unit])
  }
}
