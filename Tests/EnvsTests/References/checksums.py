"""What the scripts beside this one share: plays Gymnasium's environments and sums up what they do.

A run plays `steps` steps of one environment for each of the seeds 0 ..< `seeds`, with resets without a seed
after each ending. The actions come from the action space, seeded with seed + 1; for odd seeds a rule, the run's
`policy`, replaces the sampled action so that episodes end in every way there is. For each seed there is one
CRC-32 of the bytes, all little-endian: for a reset the observation's Float32 numbers; for a step the
observation, the reward as a Float64 and one byte for the ending (0 none, 1 terminated, 2 truncated).
"""

import zlib

import gymnasium
import numpy as np


def flat(observation):
    return np.asarray(observation, dtype="<f4").tobytes()


def play(env, seed, steps, policy, options=None):
    """The checksum of one seed, and how many episodes terminated and were truncated."""
    env.action_space.seed(seed + 1)
    observation, _ = env.reset(seed=seed, options=options)
    pieces, endings = [flat(observation)], [0, 0]
    for _ in range(steps):
        action = env.action_space.sample()
        if seed % 2:
            action = policy(action, observation)
        observation, reward, terminated, truncated, _ = env.step(action)
        ending = 1 if terminated else 2 if truncated else 0
        pieces += [flat(observation), np.float64(reward).tobytes(), bytes([ending])]
        if ending:
            endings[ending - 1] += 1
            observation, _ = env.reset(options=options)
            pieces.append(flat(observation))
    return zlib.crc32(b"".join(pieces)), endings


def run(name, env, policies, seeds, steps, options=None, parameters=None):
    """One run; `policies` holds the rule by name, `parameters` what the test needs to make the environment.

    `env` is an environment, or a function that makes one, which is then called for each seed."""
    (policy, rule), = policies.items()
    checksums, terminated, truncated = [], 0, 0
    for seed in range(seeds):
        value, endings = play(env() if callable(env) else env, seed, steps, rule, options)
        checksums.append(value)
        terminated += endings[0]
        truncated += endings[1]
    print(f"{name}: {seeds} seeds × {steps} steps, {terminated} terminated, {truncated} truncated", flush=True)
    return {
        "name": name,
        "policy": policy,
        "parameters": parameters or {},
        "limit": (env() if callable(env) else env).spec.max_episode_steps,
        "steps": steps,
        "terminated": terminated,
        "truncated": truncated,
        "checksums": "".join(f"{value:08x}" for value in checksums),
    }


def make(id, **keywords):
    assert gymnasium.__version__ == "1.4.0" and np.__version__ == "2.4.6"
    return gymnasium.make(id, disable_env_checker=True, **keywords)
