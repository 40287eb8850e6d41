"""Golden values and gradients of attention, from PyTorch 2.15.0 (torch==2.15.0). Run: python make_attention.py

Computed in float64. Inputs are made of their position by a rule the tests repeat (`fill`), and of every result
only some numbers are kept, so that the file stays small while sequences are longer than a tile."""
import json
import pathlib

import numpy
import torch

F = torch.nn.functional


def fill(shape, seed):
    i = numpy.arange(int(numpy.prod(shape)), dtype=numpy.uint64)
    bits = (i * 2654435761 + seed * 40503 + ((i * 40503 + seed) % 65521) * 69069) % 2**32
    return torch.tensor((bits.astype(numpy.float64) / 2**32 * 4 - 2).astype(numpy.float32).reshape(shape)).double()


def sample(tensor):
    flat = tensor.detach().reshape(-1)
    step = max(1, len(flat) // 61)
    return {"sum": float(flat.sum()), "step": step, "values": [float(f"{x:.9g}") for x in flat[::step]]}


def reference(q, k, v, case, bias):
    """One sequence: q [queries, heads, dim], k and v [keys, kv_heads, dim]."""
    n, m, group = len(q), len(k), q.shape[1] // k.shape[1]
    k, v = (x.repeat_interleave(group, 1).transpose(0, 1) for x in (k, v))
    position = torch.arange(m - n, m)[:, None]
    column = torch.arange(m)[None]
    seen = (position - column <= case["before"]) & (column - position <= case["after"])
    mask = torch.zeros(n, m, dtype=torch.double).masked_fill(~seen, -torch.inf)
    if case["slopes"]:
        slopes = torch.tensor(case["slopes"], dtype=torch.float32).double()
        mask = mask - slopes[:, None, None] * (position - column).abs()
    if bias is not None:
        mask = mask + bias
    q = q.transpose(0, 1)
    if case["softcap"]:
        scores = q @ k.transpose(1, 2) * case["scale"]
        scores = case["softcap"] * torch.tanh(scores / case["softcap"])
        y = (scores + mask).softmax(-1) @ v
    else:
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=case["scale"])
    y = torch.where(seen.any(1)[None, :, None], y, 0) if n else y
    return y.transpose(0, 1)


FULL = 1 << 30
cases = []


def add(name, queries, keys=None, heads=2, kv_heads=2, dim=8, before=FULL, after=FULL, scale=None, softcap=0, slopes=(), bias=None):
    keys = keys or queries
    case = {"name": name, "queries": queries, "keys": keys, "heads": heads, "kvHeads": kv_heads, "dim": dim, "before": before, "after": after,
            "scale": scale or dim**-0.5, "softcap": softcap, "slopes": list(slopes), "bias": bias or []}
    inputs = [fill((sum(queries), heads, dim), 1), fill((sum(keys), kv_heads, dim), 2), fill((sum(keys), kv_heads, dim), 3)]
    if bias:
        inputs.append(fill(bias, 4))
    inputs = [x.requires_grad_() for x in inputs]
    results, row, column = [], 0, 0
    for index, (n, m) in enumerate(zip(queries, keys)):
        part = None
        if bias:
            part = inputs[3][..., :m]
            part = part[..., :n, :] if len(bias) > 1 and bias[-2] != 1 else part
            part = part[index if bias[0] != 1 else 0] if len(bias) == 4 else part
        results.append(reference(inputs[0][row : row + n], inputs[1][column : column + m], inputs[2][column : column + m], case, part))
        row, column = row + n, column + m
    y = torch.cat(results)
    gradients = torch.autograd.grad(y, inputs, fill(y.shape, 5), allow_unused=True)
    case["value"] = sample(y)
    case["gradients"] = [sample(torch.zeros_like(x) if g is None else g) for g, x in zip(gradients, inputs)]
    cases.append(case)


if __name__ == "__main__":
    add("full", [5])
    add("one token", [1], dim=4)
    add("causal", [110], after=0)
    add("full, two tiles", [110, 97], dim=16)
    add("odd sizes", [7, 50, 1], heads=3, kv_heads=1, dim=5, after=0)
    add("grouped heads, dim 64", [60, 100], heads=4, kv_heads=2, dim=64, after=0)
    add("dim 80", [33], heads=1, kv_heads=1, dim=80)
    add("continued", [3, 1, 60, 7], [120, 200, 100, 7], after=0, heads=4, kv_heads=2, dim=20)
    add("sliding window", [150, 20], before=9, after=0)
    add("wide window", [230], before=120, after=0)
    add("band", [130], before=3, after=5)
    add("across", [6, 12], [110, 3], dim=12)
    add("scale and softcap", [70, 3], scale=0.8, softcap=2.5, after=0)
    add("slopes", [100, 30], slopes=[0.5, 0.25], after=0)
    add("slopes both ways", [60], slopes=[0.5, 0.0625])
    add("bias by head", [50, 50], bias=[2, 50, 50])
    add("bias by sequence and head", [50, 20], bias=[2, 2, 50, 50], after=0)
    add("bias of one row", [20, 101], bias=[1, 101])
    add("bias of all", [20, 101], bias=[101, 101], softcap=3)
    add("bias by sequence alone", [20, 10], [33, 101], bias=[2, 1, 1, 101])
    add("all at once", [9, 60, 2], [40, 110, 110], heads=6, kv_heads=3, dim=18, before=50, after=0, scale=0.3, softcap=4, slopes=[0.5, 0.25, 0.125, 0.5, 0.25, 0.125], bias=[6, 60, 110])
    add("queries that see nothing", [12], [5], after=0)
    add("no queries in one", [4, 0, 3], [4, 5, 3], after=0)
    add("no keys in one", [4, 2, 3], [4, 0, 3])

    path = pathlib.Path(__file__).parent / "attention.json"
    path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
    print(len(cases), "cases,", path.stat().st_size, "bytes")
