import Tensors

let shapeOps: [String: GoldenOp] = [
  "reshaped": { golden in
    if golden.arguments[0].word == "transposed" {
      return { $0[0].transposed().reshaped(Array(golden.whole.dropFirst())) }
    }
    return { $0[0].reshaped(golden.whole) }
  },
  "permuted": { golden in { $0[0].permuted(golden.whole) } },
  "broadcast": { golden in { $0[0].broadcast(to: Shape(golden.whole)) } },
  "sliced": { golden in
    let whole = golden.whole
    return { $0[0].sliced(whole[1]..<whole[2], axis: whole[0]) }
  },
  "slicedBy": { golden in
    let whole = golden.whole
    return { $0[0].sliced(whole[1]..<whole[2], axis: whole[0], by: whole[3]) }
  },
  "padded": { golden in
    let whole = golden.whole
    return { $0[0].padded(axis: whole[0], before: whole[1], after: whole[2]) }
  },
  "paddedWith": { golden in
    let widths = golden.whole.dropFirst()
    let pairs = stride(from: 1, to: golden.whole.count, by: 2).map { (widths[$0], widths[$0 + 1]) }
    return { $0[0].padded(pairs, value: golden.arguments[0].float) }
  },
  "concatenated": { golden in { Tensor.concatenated($0, axis: golden.whole[0]) } },
  "stacked": { golden in { Tensor.stacked($0, axis: golden.whole[0]) } },
  "split": { golden in
    let axis = golden.whole[0]
    return {
      .concatenated(
        $0[0].split(sizes: Array(golden.whole.dropFirst()), axis: axis).reversed(), axis: axis)
    }
  },
  "splitSize": { golden in
    let axis = golden.whole[0]
    return {
      .concatenated($0[0].split(size: golden.whole[1], axis: axis).reversed(), axis: axis)
    }
  },
  "chunked": { golden in
    let axis = golden.whole[0]
    return { .concatenated($0[0].chunked(golden.whole[1], axis: axis).reversed(), axis: axis) }
  },
  "flipped": { golden in { $0[0].flipped(axes: golden.whole) } },
  "expandingDim": { golden in { $0[0].expandingDim(golden.whole[0]) } },
  "squeezed": { golden in { $0[0].squeezed(golden.whole[0]) } },
  "squeezedAll": { _ in { $0[0].squeezed() } },
  "repeated": { golden in { $0[0].repeated(golden.whole) } },
  "rolled": { golden in { $0[0].rolled(by: golden.whole[0], axis: golden.whole[1]) } },
]
