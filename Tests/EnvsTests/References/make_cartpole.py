"""Writes cartpole.json: what Gymnasium's CartPole does.

gymnasium 1.4.0, numpy 2.4.6, Python 3.11, glibc 2.36 (NumPy's float64 sin and cos are the C library's).

Run it from this folder: python make_cartpole.py

Bits are in hexadecimal, big-endian: observations eight digits a Float32, rewards sixteen a Float64. The
observations of an episode begin with the reset's; after an ending the next is the reset's without a new seed.
Endings are one letter a step: '.' none, 't' terminated, 'x' truncated.
"""

import json

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv


def bits(array, kind):
    return np.asarray(array, dtype=kind).astype(f">{np.dtype(kind).str[1:]}").tobytes().hex()


def letter(terminated, truncated):
    return "t" if terminated else "x" if truncated else "."


def balance(observation):
    """A controller that keeps the pole up beyond every time limit."""
    x, v, angle, speed = observation
    return int(angle + 0.5 * speed + 0.05 * x + 0.1 * v > 0)


def run(id, seed, steps, policy, keywords=None, options=None):
    env = gymnasium.make(id, **(keywords or {}))
    random = np.random.default_rng(1000 + seed)
    observation, _ = env.reset(seed=seed, options=options)
    observations, rewards, endings, actions = [observation], [], "", ""
    for _ in range(steps):
        action = balance(observation) if policy == "balance" else int(random.integers(2))
        observation, reward, terminated, truncated, _ = env.step(action)
        actions += str(action)
        observations.append(observation)
        rewards.append(reward)
        endings += letter(terminated, truncated)
        if terminated or truncated:
            observation, _ = env.reset(options=options)
            observations.append(observation)
    return {
        "id": id,
        "seed": seed,
        "sutton_barto_reward": bool((keywords or {}).get("sutton_barto_reward", False)),
        "low": (options or {}).get("low", -0.05),
        "high": (options or {}).get("high", 0.05),
        "actions": actions,
        "observations": bits(observations, "f4"),
        "rewards": bits(rewards, "f8"),
        "endings": endings,
    }


def run_vector(mode, count, seed, steps):
    envs = SyncVectorEnv(
        [lambda: gymnasium.make("CartPole-v1", max_episode_steps=25)] * count, autoreset_mode=mode
    )
    random = np.random.default_rng(7)
    observations, _ = envs.reset(seed=seed)
    record = {
        "mode": mode.value.lower(),
        "count": count,
        "seed": seed,
        "time_limit": 25,
        "actions": "",
        "observations": bits(observations, "f4"),
        "rewards": "",
        "endings": "",
        "final_observations": "",
        "resets": [],
    }
    for step in range(steps):
        actions = random.integers(2, size=count)
        observations, rewards, terminated, truncated, infos = envs.step(actions)
        record["actions"] += "".join(map(str, actions))
        record["observations"] += bits(observations, "f4")
        record["rewards"] += bits(rewards, "f8")
        ended = terminated | truncated
        for n in range(count):
            record["endings"] += letter(terminated[n], truncated[n])
            if ended[n] and mode == AutoresetMode.SAME_STEP:
                record["final_observations"] += bits(infos["final_obs"][n], "f4")
        if mode == AutoresetMode.DISABLED and ended.any():
            observations, _ = envs.reset(options={"reset_mask": ended})
            record["resets"].append({"step": step, "observations": bits(observations, "f4")})
    return record


def main():
    assert gymnasium.__version__ == "1.4.0" and np.__version__ == "2.4.6"
    episodes = [run("CartPole-v1", seed, 300, "random") for seed in (0, 1, 42, 2**40 + 5)]
    episodes += [run("CartPole-v1", 3, 1100, "balance"), run("CartPole-v0", 4, 450, "balance")]
    episodes += [
        run("CartPole-v1", 5, 100, "random", {"sutton_barto_reward": True}),
        run("CartPole-v1", 6, 100, "random", options={"low": -0.1, "high": 0.2}),
    ]
    vectors = [run_vector(mode, 3, 42, 120) for mode in AutoresetMode]
    with open("cartpole.json", "w") as file:
        json.dump({"episodes": episodes, "vectors": vectors}, file, indent=0)
        file.write("\n")


main()
