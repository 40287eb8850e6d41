"""Golden values of position encodings, from PyTorch 2.15.0 and transformers (torch==2.15.0, transformers==4.57.1).
Run: python make_positions.py

The frequencies and rotations come from transformers' own functions, so that checkpoints mean the same here."""
import json
import math
import pathlib
from types import SimpleNamespace

import numpy
import torch
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.gptj.modeling_gptj import apply_rotary_pos_emb as rotate_interleaved
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb as rotate_halves
from transformers.models.t5.modeling_t5 import T5Attention


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().reshape(-1).tolist()]


def fill(shape, seed):
    i = numpy.arange(int(numpy.prod(shape)), dtype=numpy.uint64)
    bits = (i * 2654435761 + seed * 40503 + ((i * 40503 + seed) % 65521) * 69069) % 2**32
    return torch.tensor((bits.astype(numpy.float64) / 2**32 * 4 - 2).astype(numpy.float32).reshape(shape))


short = [1.0 + 0.1 * i for i in range(8)]
long = [1.5 + 0.7 * i for i in range(8)]
variants = [
    ("none", "default", 64, 10000.0, {}, 0),
    ("base 500000", "default", 16, 500000.0, {}, 0),
    ("linear", "linear", 16, 10000.0, {"factor": 4.0}, 0),
    ("dynamic within", "dynamic", 16, 10000.0, {"factor": 2.0}, 100),
    ("dynamic beyond", "dynamic", 16, 10000.0, {"factor": 2.0}, 5000),
    ("llama3", "llama3", 64, 500000.0, {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}, 0),
    ("yarn", "yarn", 64, 10000.0, {"factor": 4.0, "original_max_position_embeddings": 2048}, 0),
    ("yarn, mscale", "yarn", 64, 10000.0, {"factor": 40.0, "original_max_position_embeddings": 4096, "mscale": 1.0, "mscale_all_dim": 0.8, "beta_fast": 16, "beta_slow": 2}, 0),
    ("yarn, untruncated", "yarn", 32, 150000.0, {"factor": 32.0, "original_max_position_embeddings": 4096, "truncate": False}, 0),
    ("yarn, attention factor", "yarn", 16, 10000.0, {"factor": 4.0, "original_max_position_embeddings": 32768, "attention_factor": 1.25}, 0),
    ("longrope short", "longrope", 16, 10000.0, {"short_factor": short, "long_factor": long}, 4000),
    ("longrope long", "longrope", 16, 10000.0, {"short_factor": short, "long_factor": long}, 5000),
]
rotary = []
for name, kind, dim, base, scaling, length in variants:
    config = SimpleNamespace(rope_theta=base, head_dim=dim, hidden_size=dim, num_attention_heads=1, rope_scaling=scaling or None,
                             max_position_embeddings=4096 if kind != "longrope" else 131072)
    if kind == "longrope":
        config.original_max_position_embeddings = 4096
    frequencies, factor = ROPE_INIT_FUNCTIONS[kind](config, "cpu", seq_len=length or None)
    positions = torch.tensor([0, 1, 2, 77, 1000, 8191])
    angles = positions[:, None].float() * frequencies[None]
    x = fill((len(positions), 2, dim + 6), 1)
    turned = x[..., :dim].transpose(0, 1)[None]
    cos, sin = (torch.cat([f, f], -1)[None] * factor for f in (angles.cos(), angles.sin()))
    halves, _ = rotate_halves(turned, turned, cos, sin)
    halves = torch.cat([halves[0].transpose(0, 1), x[..., dim:]], -1)
    interleaved = rotate_interleaved(x[None, ..., :dim], (angles.sin() * factor)[None], (angles.cos() * factor)[None])[0]
    interleaved = torch.cat([interleaved, x[..., dim:]], -1)
    step = 7
    rotary.append({"name": name, "dim": dim, "base": base, "length": length, "frequencies": numbers(frequencies), "factor": factor,
                   "step": step, "halves": numbers(halves.reshape(-1)[::step]), "interleaved": numbers(interleaved.reshape(-1)[::step])})

buckets = []
for queries, keys, count, distance, bidirectional in [(3, 300, 32, 128, True), (3, 300, 32, 128, False), (2, 40, 8, 20, True), (300, 300, 32, 128, True), (1, 1500, 64, 1000, False)]:
    relative = torch.arange(keys)[None] - torch.arange(keys - queries, keys)[:, None]
    b = T5Attention._relative_position_bucket(relative, bidirectional=bidirectional, num_buckets=count, max_distance=distance)
    sample = b if queries < 10 else b[::37]
    buckets.append({"queries": queries, "keys": keys, "count": count, "distance": distance, "bidirectional": bidirectional, "step": 1 if queries < 10 else 37,
                    "buckets": sample.reshape(-1).tolist()})

slopes = {}
for heads in [1, 2, 3, 6, 8, 12, 16, 25, 112]:
    alibi = build_alibi_tensor(torch.ones(1, 2), heads, torch.float32)  # [heads, 1, tokens]: slope · position
    slopes[str(heads)] = numbers(alibi[:, 0, 1])

position = torch.arange(5, 12)[:, None].double()
sinusoidal = torch.zeros(7, 9, dtype=torch.double)
divisor = torch.exp(torch.arange(0, 9, 2).double() * (-math.log(10000.0) / 9))
sinusoidal[:, 0::2] = torch.sin(position * divisor)
sinusoidal[:, 1::2] = torch.cos(position * divisor[:4])

result = {"rotary": rotary, "buckets": buckets, "slopes": slopes, "sinusoidal": numbers(sinusoidal)}
path = pathlib.Path(__file__).parent / "positions.json"
path.write_text("{\n" + ",\n".join(f'"{key}":' + json.dumps(value, separators=(",", ":")) for key, value in result.items()) + "\n}\n")
print(path.stat().st_size, "bytes")
