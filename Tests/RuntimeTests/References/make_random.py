# Writes random.json, the golden values of RandomTests.swift.
#
# Made with Python 3.11 and numpy 2.4.6:
#     python make_random.py
#
# 64-bit words and the bits of doubles are hexadecimal strings, so that JSON keeps them exact. A
# digest of many draws is the polynomial  h = h * FACTOR + bits  (mod 2**64) over them in order.
import json
from pathlib import Path

import numpy as np

import make_ziggurat

FACTOR = 0x9E3779B97F4A7C15
SEEDS = [0, 1, 42, 123456789, 2**32 - 1, 2**32, 2**64 - 1]
MANY = 1_000_000


def words(values):
    return [f"{int(v):016x}" for v in values]


def bits(values):
    return words(np.asarray(values, dtype=np.float64).view(np.uint64))


def digest(values):
    values = np.asarray(values)
    values = values.view(np.uint64) if values.dtype == np.float64 else values.astype(np.uint64)
    powers = np.full(len(values), FACTOR, dtype=np.uint64)
    powers[0] = 1
    powers = np.cumprod(powers, dtype=np.uint64)[::-1]
    return f"{int(np.sum(values * powers, dtype=np.uint64)):016x}"


def sequences():
    rows = []
    for seed in SEEDS:
        for key in [(), (0,), (3,), (1, 2), (2**32 - 1, 0, 5)]:
            sequence = np.random.SeedSequence(seed, spawn_key=key)
            rows.append({
                "seed": f"{seed:016x}",
                "key": list(key),
                "words32": [int(w) for w in sequence.generate_state(7, np.uint32)],
                "words64": words(sequence.generate_state(5, np.uint64)),
            })
    return rows


def spawned():
    root = np.random.SeedSequence(42)
    first, second = root.spawn(2), root.spawn(3)
    grandchild = second[1].spawn(2)[1]
    # NumPy takes an index past 32 bits as two words of key.
    far = np.random.SeedSequence(42, spawn_key=(2**32 + 7,))
    return {
        "children": [words(c.generate_state(2, np.uint64)) for c in first + second],
        "grandchild": words(grandchild.generate_state(2, np.uint64)),
        "far": words(far.generate_state(2, np.uint64)),
        "generator": words(np.random.default_rng(42).spawn(3)[2].bit_generator.random_raw(3)),
    }


def streams():
    rows = []
    for seed in SEEDS:
        draw = lambda: np.random.default_rng(seed)
        rows.append({
            "seed": f"{seed:016x}",
            "raw": words(draw().bit_generator.random_raw(8)),
            "raw_digest": digest(draw().bit_generator.random_raw(MANY)),
            "random": bits(draw().random(8)),
            "random_digest": digest(draw().random(MANY)),
            "uniform": bits([g.uniform(-0.05, 0.05) for g in [draw()] for _ in range(8)]),
            "normal": bits([g.normal(3.5, 0.25) for g in [draw()] for _ in range(8)]),
            "standard_normal": bits(draw().standard_normal(8)),
            "standard_normal_digest": digest(draw().standard_normal(MANY)),
            "exponential": bits([g.exponential(2.5) for g in [draw()] for _ in range(8)]),
            "standard_exponential": bits(draw().standard_exponential(8)),
            "standard_exponential_digest": digest(draw().standard_exponential(MANY)),
            "permutation": draw().permutation(20).tolist(),
            "permutation_digest": digest(draw().permutation(100_000)),
        })
    return rows


def integers():
    ranges = [
        (0, 1), (0, 2), (-3, 4), (0, 10), (5, 105), (0, 2**31 - 1), (0, 2**31 + 1),
        (0, 3 * 2**30), (0, 2**32 - 1), (0, 2**32), (0, 2**32 + 1), (-(2**40), 2**41),
        (0, 2**62 + 2**61), (-(2**63), 2**63 - 1), (-(2**62) - 2**61, 2**62), (-(2**63), 2**63),
    ]
    rows = []
    for low, high in ranges:
        generator = np.random.default_rng(7)
        draws = [int(generator.integers(low, high)) for _ in range(9)]
        many = np.random.default_rng(8).integers(low, high, size=100_000)
        rows.append({
            # Inclusive, because the widest range ends past the largest Int.
            "low": low, "last": high - 1, "draws": draws, "digest": digest(many.view(np.uint64)),
            "after": f"{int(generator.bit_generator.random_raw()):016x}",
        })
    return rows


def mixed():
    """One stream through every kind of draw: only the right use of the buffered half passes."""
    generator = np.random.default_rng(2024)
    rows = []
    for _ in range(2_000):
        rows.append(int(generator.integers(0, 6)))
        rows.append(generator.random())
        rows.append(int(generator.integers(-100, 2**33)))
        rows.append(generator.standard_normal())
        rows.append(int(generator.integers(0, 1000)))
        rows.append(generator.standard_exponential())
        rows.append(int(generator.integers(0, 2**20)))
    as_bits = [
        int(v) % 2**64 if isinstance(v, int) else int(np.float64(v).view(np.uint64)) for v in rows
    ]
    return {
        "digest": digest(np.array(as_bits, dtype=np.uint64)),
        "next": [int(generator.integers(0, 1000)), int(generator.integers(0, 1000))],
    }


def tails():
    """Streams whose draw number `place` lies in the tail, past the ziggurat's last layer."""
    rows = []
    for name, edge, count in [("standard_normal", 3.6541528853610088, 6),
                              ("standard_exponential", 7.69711747013104972, 3)]:
        draws = getattr(np.random.default_rng(99), name)(MANY)
        for place in np.flatnonzero(np.abs(draws) > edge)[:count]:
            rows.append({"kind": name, "place": int(place), "value": bits([draws[place]])[0]})
    return rows


def tables():
    """A last bit wrong in a ziggurat's table can hide from millions of draws, so tables count too."""
    return {name: digest(np.array(table, dtype=np.uint64))
            for name, _, _, table in make_ziggurat.TABLES}


goldens = {
    "numpy": np.__version__, "many": MANY, "sequences": sequences(), "spawned": spawned(),
    "streams": streams(), "integers": integers(), "mixed": mixed(), "tails": tails(),
    "tables": tables(),
}
path = Path(__file__).with_name("random.json")
path.write_text(json.dumps(goldens, indent=1) + "\n")
