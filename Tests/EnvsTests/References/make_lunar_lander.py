"""Writes lunar_lander.json: moons, early paths and the heuristic's returns of Gymnasium's LunarLander-v3.

    python make_lunar_lander.py        # gymnasium[box2d] 1.4.0 (box2d 2.3.10), numpy 2.4.6

Box2D 2.3 and 2.4 solve joints differently, so only draws are equal; paths are close for some steps, and
mean returns agree within their intervals.
"""

import json
import warnings
from pathlib import Path

import gymnasium as gym
import numpy as np
from gymnasium.envs.box2d.lunar_lander import heuristic

warnings.filterwarnings("ignore")
EARLY_STEPS = 30
EPISODES = 200
KINDS = {
    "discrete": {},
    "continuous": {"continuous": True},
    "windy": {"enable_wind": True},
    "windy continuous": {
        "continuous": True, "enable_wind": True, "wind_power": 10.0, "turbulence_power": 1.0,
    },
    "light": {"gravity": -6.5},
}


def early_action(step, continuous):
    if continuous:
        return np.array([(step % 7) / 3 - 1, (step % 5) / 2 - 1], dtype=np.float32)
    return step // 2 % 4


def early(options, seed):
    env = gym.make("LunarLander-v3", **options)
    observation, _ = env.reset(seed=seed)
    lander = env.unwrapped
    continuous = options.get("continuous", False)
    ground = [poly[0][1] for poly in lander.sky_polys] + [lander.sky_polys[-1][1][1]]
    observations, rewards = [observation], []
    for step in range(EARLY_STEPS):
        observation, reward, terminated, _, _ = env.step(early_action(step, continuous))
        assert not terminated
        observations.append(observation)
        rewards.append(float(reward))
    return {
        "seed": seed,
        "ground": ground,
        # What the stream gives next: nothing was drawn that Gymnasium does not draw.
        "next": lander.np_random.random(),
        "observations": [[float(x) for x in row] for row in observations],
        "rewards": rewards,
    }


def heuristic_return(env, seed):
    observation, _ = env.reset(seed=seed)
    total, done, steps = 0.0, False, 0
    while not done:
        action = heuristic(env, observation)
        if isinstance(action, np.ndarray):
            action = action.astype(np.float32)
        observation, reward, terminated, truncated, _ = env.step(action)
        total += float(reward)
        steps += 1
        done = terminated or truncated
    return total, steps


def main():
    kinds = []
    for name, options in KINDS.items():
        env = gym.make("LunarLander-v3", **options)
        played = [heuristic_return(env, seed) for seed in range(EPISODES)]
        returns = np.array([total for total, _ in played])
        error = returns.std(ddof=1) / np.sqrt(EPISODES)
        kinds.append({
            "name": name,
            "options": {key: float(value) for key, value in options.items()},
            "early": [early(options, seed) for seed in (0, 1, 42)],
            "mean_return": returns.mean(),
            "low": returns.mean() - 1.96 * error,
            "high": returns.mean() + 1.96 * error,
            "mean_length": float(np.mean([steps for _, steps in played])),
            "returns": [round(float(x), 4) for x in returns],
        })
        print(name, kinds[-1]["mean_return"], kinds[-1]["low"], kinds[-1]["high"])
    path = Path(__file__).with_name("lunar_lander.json")
    path.write_text(json.dumps(kinds, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
