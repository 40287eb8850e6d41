"""Writes spaces.json: samples and descriptions of Gymnasium's spaces.

gymnasium 1.4.0, numpy 2.4.6, Python 3.11.

Run it from this folder: python make_spaces.py

Numbers of a box are Float64 bits in hexadecimal, big-endian; the tests build the spaces of the same names.
"""

import json

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Text, Tuple

inf = np.inf


def array(*values):
    return np.array(values, dtype=np.float32)


SPACES = {
    "discrete": Discrete(2),
    "discrete start": Discrete(7, start=-3),
    "discrete one": Discrete(1),
    "discrete large": Discrete(2**40 + 3),
    "box uniform": Box(-1, 2, (3, 4)),
    "box scalar": Box(0.0, 1.0, ()),
    "box unbounded": Box(-inf, inf, (5,)),
    "box below": Box(-3.0, inf, (4,)),
    "box above": Box(-inf, 3.5, (4,)),
    "box mixed": Box(array(-1, -inf, 0, -inf), array(1, inf, inf, 2)),
    "box float64": Box(-inf, inf, (3,), np.float64),
    "box pixels": Box(0, 255, (2, 3, 2), np.uint8),
    "box int32": Box(-5, 5, (4,), np.int32),
    "multi-discrete": MultiDiscrete([5, 2, 2]),
    "multi-discrete start": MultiDiscrete([3, 10], start=[-1, 100]),
    "multi-discrete square": MultiDiscrete(np.array([[1, 2], [3, 4]])),
    "multi-binary": MultiBinary(11),
    "multi-binary square": MultiBinary([3, 2]),
    "text": Text(12),
    "text digits": Text(6, min_length=2, charset="0123456789"),
    "tuple": Tuple((Discrete(3), Box(-1, 1, (2,)), Tuple((Discrete(2), MultiBinary(4))))),
    "dict": Dict({"position": Box(-1, 1, (2,)), "color": Discrete(3), "Name": Text(4)}),
    "dict nested": Dict(
        {"outer": Dict({"b": Discrete(4), "a": MultiDiscrete([2, 9])}), "first": Discrete(5)}
    ),
    "cart-pole": gymnasium.make("CartPole-v1").observation_space,
    "mountain car": gymnasium.make("MountainCar-v0").observation_space,
    "pendulum": gymnasium.make("Pendulum-v1").observation_space,
    "acrobot": gymnasium.make("Acrobot-v1").observation_space,
    "box scales": Box(array(-1e-5, -3, -12345.678), array(2.5e9, 1, 7)),
    "box wide": Box(np.arange(20, dtype=np.float32) / 3 - 9, np.arange(20, dtype=np.float32) * 7.25),
    "box rows": Box(array(-1, -2, -3, -4.5).reshape(2, 2), array(1, 2, 3, 4).reshape(2, 2)),
}


def bits(value):
    return np.asarray(value, dtype=">f8").tobytes().hex()


def plain(space, value):
    if isinstance(space, Box):
        return bits(value)
    if isinstance(space, Tuple):
        return [plain(part, each) for part, each in zip(space.spaces, value)]
    if isinstance(space, Dict):
        return [plain(part, value[key]) for key, part in space.spaces.items()]
    if isinstance(space, Discrete):
        return int(value)
    return value if isinstance(value, str) else np.asarray(value).ravel().tolist()


def main():
    assert gymnasium.__version__ == "1.4.0" and np.__version__ == "2.4.6"
    records = []
    for name, space in SPACES.items():
        samples = {}
        for seed in (0, 42):
            space.seed(seed)
            samples[str(seed)] = [plain(space, space.sample()) for _ in range(6)]
        records.append({"name": name, "description": str(space), "samples": samples})
    space = Discrete(6, start=2, seed=9)
    masks = [[1, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1]] * 4
    masked = [int(space.sample(mask=np.array(mask, dtype=np.int8))) for mask in masks]
    with open("spaces.json", "w") as file:
        json.dump({"spaces": records, "masks": masks, "masked": masked}, file, indent=0)
        file.write("\n")


main()
