import Tensors

private func indices(_ numbers: some Collection<Int>) -> Indices {
  Indices(numbers.map(Int32.init))
}

/// Positions as a tensor of the shape the case says.
private func positions(_ found: Indices, _ golden: GoldenCase) -> Tensor {
  Tensor((0..<found.count).map { Float(found[$0]) }, shape: Shape(golden.value.shape))
}

let indexingOps: [String: GoldenOp] = [
  "gather": { golden in { $0[0].gather(indices(golden.whole)) } },
  "gatherAxis": { golden in
    { $0[0].gather(indices(golden.whole.dropFirst()), axis: golden.whole[0]) }
  },
  "scatterAdding": { golden in
    { $0[0].scatterAdding($0[1], at: indices(golden.whole.dropFirst()), axis: golden.whole[0]) }
  },
  "selecting": { golden in
    { $0[0].selecting(indices(golden.whole.dropFirst()), axis: golden.whole[0]) }
  },
  "selectingRows": { golden in { $0[0].selectingRows(indices(golden.whole)) } },
  "sorted": { golden in
    { $0[0].sorted(axis: golden.whole[0], descending: golden.whole[1] == 1).values }
  },
  "sortingOrder": { golden in
    {
      positions(
        $0[0].sortingOrder(axis: golden.whole[0], descending: golden.whole[1] == 1), golden)
    }
  },
  "topK": { golden in
    { $0[0].topK(golden.whole[1], axis: golden.whole[0], largest: golden.whole[2] == 1).values }
  },
  "argmax": { golden in { positions($0[0].argmax(axis: golden.whole[0]), golden) } },
  "argmin": { golden in { positions($0[0].argmin(axis: golden.whole[0]), golden) } },
  "embedding": { golden in
    let padding = golden.whole[0] < 0 ? nil : golden.whole[0]
    return { embedding(indices(golden.whole.dropFirst()), weight: $0[0], paddingIndex: padding) }
  },
]
