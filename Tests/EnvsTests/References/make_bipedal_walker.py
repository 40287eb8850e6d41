"""Writes bipedal_walker.json: ground, early paths and the heuristic's returns of Gymnasium's BipedalWalker-v3.

    python make_bipedal_walker.py        # gymnasium[box2d] 1.4.0 (box2d 2.3.10), numpy 2.4.6

Box2D 2.3 and 2.4 solve joints differently, so only draws are equal; paths are close for some steps, and
mean returns agree within their intervals. A new environment for every seed: Gymnasium empties its world
at a reset and does not make a new one.
"""

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import gymnasium as gym
import numpy as np
from gymnasium.envs.box2d.bipedal_walker import BipedalWalkerHeuristics

EARLY_STEPS = 12
EPISODES = 200
KINDS = {
    "BipedalWalker-v3": {},
    "BipedalWalkerHardcore-v3": {"hardcore": True},
}


def early_action(step):
    return np.array([(step + 3 * i) % 7 / 3 - 1 for i in range(4)], dtype=np.float32)


def early(name, seed):
    env = gym.make(name)
    observation, _ = env.reset(seed=seed)
    walker = env.unwrapped
    observations, rewards = [observation], []
    for step in range(EARLY_STEPS):
        observation, reward, terminated, _, _ = env.step(early_action(step))
        assert not terminated
        observations.append(observation)
        rewards.append(float(reward))
    return {
        "seed": seed,
        "ground": [float(y) for y in walker.terrain_y],
        "next": walker.np_random.random(),
        "observations": [[float(x) for x in row] for row in observations],
        "rewards": rewards,
    }


def heuristic_return(name, seed):
    env = gym.make(name)
    env.reset(seed=seed)
    heuristic = BipedalWalkerHeuristics()
    action = np.zeros(4, dtype=np.float32)
    total, done, steps = 0.0, False, 0
    while not done:
        observation, reward, terminated, truncated, _ = env.step(action)
        action = heuristic.step_heuristic(observation).astype(np.float32)
        total += float(reward)
        steps += 1
        done = terminated or truncated
    return total, steps


def main():
    kinds = []
    for name, options in KINDS.items():
        with ProcessPoolExecutor(2) as pool:
            played = list(pool.map(heuristic_return, [name] * EPISODES, range(EPISODES)))
        returns = np.array([total for total, _ in played])
        error = returns.std(ddof=1) / np.sqrt(EPISODES)
        kinds.append({
            "name": name,
            "options": {key: float(value) for key, value in options.items()},
            "early": [early(name, seed) for seed in (0, 1, 42)],
            "mean_return": returns.mean(),
            "low": returns.mean() - 1.96 * error,
            "high": returns.mean() + 1.96 * error,
            "mean_length": float(np.mean([steps for _, steps in played])),
            "returns": [round(float(x), 4) for x in returns],
        })
        print(name, kinds[-1]["mean_return"], kinds[-1]["low"], kinds[-1]["high"])
    path = Path(__file__).with_name("bipedal_walker.json")
    path.write_text(json.dumps(kinds, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
