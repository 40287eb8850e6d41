"""Golden values and gradients of attention layers and transformer blocks, from PyTorch 2.15.0 (torch==2.15.0).
Run: python make_transformer.py

Computed in float64. Inputs and parameters are made of their position by a rule the tests repeat (`fill`), parameters
in visit order; of every result only some numbers are kept."""
import json
import pathlib

import torch

from make_attention import fill, sample

F = torch.nn.functional
cases = []


def parameter(shape, index):
    return (fill(shape, 10 + index) * 0.15 + (1 if len(shape) == 1 and index in ONES else 0)).requires_grad_()


ONES = ()


def rotate(x, base):
    """x [B, tokens, heads, dim], halves."""
    dim = x.shape[-1]
    angles = torch.arange(x.shape[1]).double()[:, None] * base ** (-torch.arange(0, dim, 2).double() / dim)
    cos, sin = (torch.cat([f, f], -1)[:, None] for f in (angles.cos(), angles.sin()))
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


def attend(x, context, p, heads, kv_heads, causal=False, base=None):
    """p: query, key, value, output as (weight [in, out], bias or None)."""
    q, k, v = (F.linear(y, w.T, b) for y, (w, b) in zip((x, context, context), p))
    q, k, v = (y.unflatten(-1, (n, -1)) for y, n in ((q, heads), (k, kv_heads), (v, kv_heads)))
    if base:
        q, k = rotate(q, base), rotate(k, base)
    k, v = (y.repeat_interleave(heads // kv_heads, 2) for y in (k, v))
    y = F.scaled_dot_product_attention(*(y.transpose(1, 2) for y in (q, k, v)), is_causal=causal)
    return F.linear(y.transpose(1, 2).flatten(2), p[3][0].T, p[3][1])


def add(name, x, parameters, y):
    gradients = torch.autograd.grad(y, [x] + parameters, fill(y.shape, 5))
    cases.append({"name": name, "value": sample(y), "gradients": [sample(g) for g in gradients]})


# torch.nn.MultiheadAttention itself.
width, heads = 24, 4
x = fill((2, 7, width), 1).requires_grad_()
ps = [parameter((width, width) if i % 2 == 0 else (width,), i) for i in range(8)]
layer = torch.nn.MultiheadAttention(width, heads, batch_first=True, dtype=torch.double)
state = {"in_proj_weight": torch.cat([ps[0].T, ps[2].T, ps[4].T]), "in_proj_bias": torch.cat([ps[1], ps[3], ps[5]]), "out_proj.weight": ps[6].T, "out_proj.bias": ps[7]}
add("multi-head attention", x, ps, torch.func.functional_call(layer, state, (x, x, x), {"need_weights": False})[0])

# Across to a context of another width, grouped heads.
x = fill((2, 5, 24), 1).requires_grad_()
context = fill((2, 9, 20), 2)
ps = [parameter(s, i) for i, s in enumerate([(24, 32), (20, 16), (20, 16), (32, 24)])]
add("across", x, ps, attend(x, context, [(w, None) for w in ps], 4, 2))

# A block as Llama's.
x = fill((2, 11, 24), 1).requires_grad_()
ONES = (0, 5)
ps = [parameter(s, i) for i, s in enumerate([(24,), (24, 24), (24, 8), (24, 8), (24, 24), (24,), (24, 40), (24, 40), (40, 24)])]
h = x + attend(*[F.rms_norm(x, (24,), ps[0], 1e-5)] * 2, [(w, None) for w in ps[1:5]], 3, 1, True, 10000.0)
n = F.rms_norm(h, (24,), ps[5], 1e-5)
add("llama", x, ps, h + F.silu(n @ ps[6]) * (n @ ps[7]) @ ps[8])

# A block as GPT-2's.
x = fill((2, 11, 24), 1).requires_grad_()
ONES = (0, 10)
shapes = [(24,), (24,)] + [(24, 24), (24,)] * 4 + [(24,), (24,), (24, 40), (40,), (40, 24), (24,)]
ps = [parameter(s, i) for i, s in enumerate(shapes)]
n = F.layer_norm(x, (24,), ps[0], ps[1], 1e-5)
h = x + attend(n, n, [(ps[2 + 2 * i], ps[3 + 2 * i]) for i in range(4)], 2, 2, True)
n = F.layer_norm(h, (24,), ps[10], ps[11], 1e-5)
add("gpt-2", x, ps, h + F.gelu(n @ ps[12] + ps[13], approximate="tanh") @ ps[14] + ps[15])

path = pathlib.Path(__file__).parent / "transformer.json"
path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
print(len(cases), "cases,", path.stat().st_size, "bytes")
