"""Writes wrappers.json: what Gymnasium's wrappers do to its environments, in checksums.

gymnasium 1.4.0, numpy 2.4.6, opencv-python-headless 5.0.0, Python 3.11, a processor with AVX2 and FMA.

Run it from this folder: python make_wrappers.py

`checksums.py` says what is summed up; actions are sampled from the wrapped environment's space, for every seed.
`images` holds, for each picture of `height` × `width` × `channels` (0: no such dimension), the CRC-32 of its bytes after
GrayscaleObservation (`to` is empty) or after ResizeObservation to the size `to`. Byte i of picture k is
((i · 2654435761 + k · 40503) >> 7) mod 256, or the larger of two neighbours, k odd, for smoother ones.
"""

import json
import random
import zlib

import gymnasium
import numpy as np
from gymnasium import wrappers as w

from checksums import make, run


def runs():
    def one(name, env, seeds=8, steps=700):
        record = run(name, env, {"none": lambda action, observation: action}, seeds, steps)
        record["limit"] = None  # the tests put a TimeLimit inside
        return record

    cartpole = lambda: make("CartPole-v1")
    car = lambda: make("MountainCarContinuous-v0")
    yield one("ClipAction Pendulum", w.ClipAction(make("Pendulum-v1")))
    yield one("ClipAction MountainCarContinuous", w.ClipAction(car()))
    yield one("RescaleAction Pendulum", w.RescaleAction(make("Pendulum-v1"), -0.7, 1.3))
    yield one("RescaleAction MountainCarContinuous", w.RescaleAction(car(), 0, 3))
    yield one("RescaleObservation MountainCar", w.RescaleObservation(make("MountainCar-v0"), -1.0, 1.0))
    yield one("RescaleObservation Acrobot", w.RescaleObservation(make("Acrobot-v1"), 0.1, 0.9))
    low, high = np.array([-1, -np.inf, -0.3, -np.inf]), np.array([0.9, np.inf, 0.7, np.inf])
    yield one("RescaleObservation CartPole", w.RescaleObservation(cartpole(), low, high))
    yield one("NormalizeObservation CartPole", lambda: w.NormalizeObservation(cartpole()))
    yield one("NormalizeObservation Pendulum", lambda: w.NormalizeObservation(make("Pendulum-v1"), epsilon=1e-3))
    yield one("NormalizeReward Pendulum", lambda: w.NormalizeReward(make("Pendulum-v1")))
    yield one("NormalizeReward CartPole", lambda: w.NormalizeReward(cartpole(), gamma=0.9, epsilon=1e-4))
    yield one("ClipReward Pendulum", w.ClipReward(make("Pendulum-v1"), -3, -0.5))
    yield one("ClipReward MountainCarContinuous", w.ClipReward(car(), max_reward=-0.02))
    yield one("FrameStack CartPole", w.FrameStackObservation(cartpole(), 4))
    yield one("FrameStack zero CartPole", w.FrameStackObservation(cartpole(), 3, padding_type="zero"))
    yield one("FrameStack MountainCarContinuous", w.FrameStackObservation(car(), 1))
    yield one("FlattenObservation FrozenLake", w.FlattenObservation(make("FrozenLake-v1")))
    yield one("FlattenObservation Blackjack", w.FlattenObservation(make("Blackjack-v1")))
    yield one("TimeAware CartPole", w.TimeAwareObservation(cartpole()))
    yield one("TimeAware normalized Pendulum", w.TimeAwareObservation(make("Pendulum-v1"), normalize_time=True))
    yield one("TimeAware FrozenLake", w.TimeAwareObservation(make("FrozenLake-v1")))
    yield one("Delay CartPole", w.DelayObservation(cartpole(), 3))
    yield one("Delay zero Pendulum", w.DelayObservation(make("Pendulum-v1"), 0))
    yield one("Delay FrozenLake", w.DelayObservation(make("FrozenLake-v1"), 2))
    yield one("Repeat CartPole", w.RepeatAction(cartpole(), 3))
    yield one("Repeat MountainCarContinuous", w.RepeatAction(car(), 4))
    # No episode of these ends within a step: there the wrappers differ on purpose.
    yield one("MaxAndSkip Pendulum", w.MaxAndSkipObservation(make("Pendulum-v1"), 4))
    yield one("MaxAndSkip MountainCar", w.MaxAndSkipObservation(make("MountainCar-v0"), 2), 8, 95)
    yield one("DiscretizeAction Pendulum", w.DiscretizeAction(make("Pendulum-v1"), 7))
    yield one("DiscretizeAction MountainCarContinuous", w.DiscretizeAction(car(), (10,)))
    yield one("MultiDiscretizeAction Pendulum", w.DiscretizeAction(make("Pendulum-v1"), 7, multidiscrete=True))
    multi = w.DiscretizeObservation(make("MountainCar-v0"), (18, 14), multidiscrete=True)
    yield one("MultiDiscretizeObservation MountainCar", multi)
    yield one("DiscretizeObservation MountainCar", w.DiscretizeObservation(make("MountainCar-v0"), (18, 14)))
    yield one("DiscretizeObservation Pendulum", w.DiscretizeObservation(make("Pendulum-v1"), 9))
    yield one("DiscretizeObservation Acrobot", w.DiscretizeObservation(make("Acrobot-v1"), 4))

    def four():
        return w.NormalizeReward(
            w.FrameStackObservation(w.NormalizeObservation(w.TimeAwareObservation(cartpole(), normalize_time=True)), 2)
        )

    yield one("stack of four", four)


def spaces():
    for env in (
        w.ClipAction(make("Pendulum-v1")), w.RescaleAction(make("MountainCarContinuous-v0"), 0, 3),
        w.DiscretizeAction(make("Pendulum-v1"), 7), w.DiscretizeAction(make("Pendulum-v1"), 7, multidiscrete=True),
    ):
        yield str(env.action_space)
    for env in (
        w.RescaleObservation(make("Acrobot-v1"), 0.1, 0.9), w.NormalizeObservation(make("CartPole-v1")),
        w.FrameStackObservation(make("MountainCar-v0"), 2), w.FlattenObservation(make("FrozenLake-v1")),
        w.FlattenObservation(make("Blackjack-v1")), w.TimeAwareObservation(make("CartPole-v1")),
        w.TimeAwareObservation(make("CartPole-v1"), normalize_time=True),
        w.TimeAwareObservation(make("FrozenLake-v1")), w.DiscretizeObservation(make("Pendulum-v1"), 9),
        w.DiscretizeObservation(make("Pendulum-v1"), 9, multidiscrete=True),
    ):
        yield str(env.observation_space)


class Picture(gymnasium.Env):
    """Shows one picture."""

    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, k, shape):
        self.observation_space = gymnasium.spaces.Box(0, 255, shape, np.uint8)
        bytes = (np.arange(np.prod(shape) + 1, dtype=np.int64) * 2654435761 + k * 40503 >> 7) % 256
        self.picture = (np.maximum(bytes[:-1], bytes[1:]) if k % 2 else bytes[:-1]).astype(np.uint8).reshape(shape)

    def reset(self, seed=None, options=None):
        return self.picture, {}


def images():
    generator = random.Random(1)
    cases = [
        ((210, 160, 3), (84, 84)), ((96, 96, 3), (48, 48)), ((84, 84), (42, 42)), ((12, 18, 2), (6, 9)), ((30, 30), (10, 15)),
        ((40, 60, 3), (20, 15)), ((10, 10, 4), (84, 84)), ((20, 30), (40, 15)), ((16, 16, 3), (16, 16)), ((7, 5), (3, 5)),
    ]
    for _ in range(110):
        shape = tuple(generator.randint(1, 40) for _ in range(2)) + generator.choice([(), (1,), (2,), (3,), (4,)])
        cases.append((shape, tuple(generator.randint(1, 40) for _ in range(2))))
    for k, (shape, to) in enumerate(cases):
        picture = w.ResizeObservation(Picture(k, shape), to).reset()[0]
        yield {"shape": shape, "to": to, "checksum": zlib.crc32(picture.tobytes())}
    for k in range(6):
        picture = w.GrayscaleObservation(Picture(k, (50 + k, 60, 3))).reset()[0]
        yield {"shape": (50 + k, 60, 3), "to": (), "checksum": zlib.crc32(picture.tobytes())}


def main():
    with open("wrappers.json", "w") as file:
        json.dump({"runs": list(runs()), "spaces": list(spaces()), "images": list(images())}, file, indent=0)
        file.write("\n")


main()
