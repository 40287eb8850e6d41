"""Golden values and gradients of LSTM and GRU, from PyTorch 2.15.0 (torch==2.15.0). Run: python make_recurrent.py

Computed in float64 by torch.nn.LSTM and GRU, an episode's start by multiplying the state before the step. Inputs
are made of their position by the rule of make_attention.py; of every result only some numbers are kept."""
import json
import pathlib

import numpy
import torch


def fill(shape, seed):
    i = numpy.arange(int(numpy.prod(shape)), dtype=numpy.uint64)
    bits = (i * 2654435761 + seed * 40503 + ((i * 40503 + seed) % 65521) * 69069) % 2**32
    return torch.tensor((bits.astype(numpy.float64) / 2**32 * 4 - 2).astype(numpy.float32).reshape(shape)).double()


def sample(tensor):
    flat = tensor.detach().reshape(-1)
    step = max(1, len(flat) // 61)
    return {"sum": float(flat.sum()), "step": step, "values": [float(f"{x:.9g}") for x in flat[::step]]}


cases = []


def add(kind, steps, batch, inputs, hidden, state=True, bias=True, starts=False):
    gates = 4 if kind == "lstm" else 3
    # Large weights make long sequences chaotic, which shows rounding alone.
    scale = 2 if hidden < 20 else 8
    tensors = {"x": fill((steps, batch, inputs), 1), "inputWeight": fill((inputs, gates * hidden), 2) / scale,
               "hiddenWeight": fill((hidden, gates * hidden), 3) / scale}
    if bias:
        tensors["inputBias"] = fill((gates * hidden,), 4)
        tensors["hiddenBias"] = fill((gates * hidden,), 5)
    if state:
        tensors["hidden"] = fill((batch, hidden), 6)
        if kind == "lstm":
            tensors["cell"] = fill((batch, hidden), 7)
    tensors = {name: x.requires_grad_() for name, x in tensors.items()}
    # Starts where the fill is high: about one step in four.
    keep = (fill((steps, batch), 8) <= 1).double() if starts else torch.ones(steps, batch).double()
    module = (torch.nn.LSTM if kind == "lstm" else torch.nn.GRU)(inputs, hidden, bias=bias).double()
    names = {"weight_ih_l0": tensors["inputWeight"].T, "weight_hh_l0": tensors["hiddenWeight"].T}
    if bias:
        names |= {"bias_ih_l0": tensors["inputBias"], "bias_hh_l0": tensors["hiddenBias"]}
    h = tensors.get("hidden", torch.zeros(batch, hidden).double())
    c = tensors.get("cell", torch.zeros(batch, hidden).double())
    outputs = []
    for t in range(steps):
        h, c = h * keep[t][:, None], c * keep[t][:, None]
        packed = (h[None], c[None]) if kind == "lstm" else h[None]
        y, packed = torch.func.functional_call(module, names, (tensors["x"][t : t + 1], packed))
        h, c = (packed[0][0], packed[1][0]) if kind == "lstm" else (packed[0], c)
        outputs.append(y)
    results = [torch.cat(outputs), h] + ([c] if kind == "lstm" else [])
    loss = sum((y * fill(y.shape, 9 + i)).sum() for i, y in enumerate(results))
    gradients = torch.autograd.grad(loss, list(tensors.values()), allow_unused=True)
    cases.append({
        "kind": kind, "steps": steps, "batch": batch, "inputs": inputs, "hidden": hidden, "state": state, "bias": bias, "starts": starts,
        "values": [sample(y) for y in results],
        "gradients": {n: sample(torch.zeros_like(x) if g is None else g) for (n, x), g in zip(tensors.items(), gradients)}})


for kind in ["lstm", "gru"]:
    add(kind, 1, 1, 1, 1)
    add(kind, 5, 3, 7, 9)
    add(kind, 6, 13, 5, 16, starts=True)
    add(kind, 9, 2, 33, 17, state=False)
    add(kind, 4, 40, 3, 50, bias=False)
    add(kind, 12, 1, 20, 35, starts=True, state=False)
    add(kind, 30, 7, 16, 64, starts=True)
    add(kind, 2, 12, 64, 130, bias=False, state=False, starts=True)

path = pathlib.Path(__file__).parent / "recurrent.json"
path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
print(len(cases), "cases,", path.stat().st_size, "bytes")
