"""Writes mujoco.json: what Gymnasium's MuJoCo tasks do.

gymnasium 1.4.0, mujoco 4.0.0 (with mujoco-core 4.0.0), numpy 2.4.6, Python 3.11, glibc 2.36, an x86-64 processor
with AVX2 and FMA (MuJoCo calls the C library's functions).

Run it from this folder, which takes a minute: python make_mujoco.py

A run plays `steps` steps of one task for each of the seeds 0 ..< n, with resets without a seed after each ending;
actions come from the action space, seeded with seed + 1. For each seed there is one CRC-32 of the observations'
Float64 numbers, those of resets included, each step followed by one byte for the ending (0 none, 1 terminated, 2
truncated); the sum of the rewards; and for the first seed every reward, as the bits of Float64 numbers.
"""

import json
import zlib

import gymnasium
import mujoco
import numpy as np

INF = float("inf")


def flat(observation):
    assert observation.dtype == np.float64
    return observation.astype("<f8").tobytes()


def play(env, seed, steps):
    env.action_space.seed(seed + 1)
    observation, _ = env.reset(seed=seed)
    pieces, rewards, endings = [flat(observation)], [], [0, 0]
    for _ in range(steps):
        observation, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        ending = 1 if terminated else 2 if truncated else 0
        pieces += [flat(observation), bytes([ending])]
        rewards.append(float(reward))
        if ending:
            endings[ending - 1] += 1
            observation, _ = env.reset()
            pieces.append(flat(observation))
    return zlib.crc32(b"".join(pieces)), rewards, endings


def text(value):
    """A keyword as the command line has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(str(float(number)) for number in value)
    return str(value)


def run(id, seeds, steps, **keywords):
    env = gymnasium.make(id, disable_env_checker=True, **keywords)
    checksums, returns, first, terminated, truncated = [], [], None, 0, 0
    for seed in range(seeds):
        checksum, rewards, endings = play(env, seed, steps)
        checksums.append(checksum)
        returns.append(sum(rewards))
        terminated += endings[0]
        truncated += endings[1]
        first = first or rewards
    print(id, keywords, f"{terminated} terminated, {truncated} truncated", flush=True)
    return {
        "id": id,
        "options": [f"{name}={text(value)}" for name, value in keywords.items()],
        "limit": env.spec.max_episode_steps,
        "threshold": env.spec.reward_threshold,
        "observation_space": str(env.observation_space),
        "action_space": str(env.action_space),
        "steps": steps,
        "terminated": terminated,
        "truncated": truncated,
        "checksums": checksums,
        "returns": returns,
        "rewards": np.array(first, dtype=">f8").tobytes().hex(),
    }


def main():
    assert gymnasium.__version__ == "1.4.0" and mujoco.__version__ == "4.0.0" and np.__version__ == "2.4.6"
    shown = {"exclude_current_positions_from_observation": False}
    bare = {
        "include_cinert_in_observation": False,
        "include_cvel_in_observation": False,
        "include_qfrc_actuator_in_observation": False,
        "include_cfrc_ext_in_observation": False,
    }
    runs = [
        run("HalfCheetah-v5", 8, 1000),
        run(
            "HalfCheetah-v5", 2, 300, frame_skip=3, forward_reward_weight=2.5, ctrl_cost_weight=0.3,
            reset_noise_scale=0.02, **shown,
        ),
        run("Hopper-v5", 8, 1000),
        run(
            "Hopper-v5", 2, 300, frame_skip=3, forward_reward_weight=2.5, ctrl_cost_weight=0.3, healthy_reward=0.7,
            healthy_state_range=(-3.0, 2.5), healthy_z_range=(0.6, 1.4), healthy_angle_range=(-0.3, 0.1),
            reset_noise_scale=0.02, **shown,
        ),
        run("Hopper-v5", 1, 200, terminate_when_unhealthy=False),
        run("Walker2d-v5", 8, 1000),
        run(
            "Walker2d-v5", 2, 300, frame_skip=3, forward_reward_weight=2.5, ctrl_cost_weight=0.3, healthy_reward=0.7,
            healthy_z_range=(1.1, 1.4), healthy_angle_range=(-0.3, 0.2), reset_noise_scale=0.02, **shown,
        ),
        run("Walker2d-v5", 1, 200, terminate_when_unhealthy=False, xml_file="walker2d.xml"),
        run("Swimmer-v5", 4, 1000),
        run(
            "Swimmer-v5", 2, 300, frame_skip=3, forward_reward_weight=2.5, ctrl_cost_weight=0.3,
            reset_noise_scale=0.02, **shown,
        ),
        run("Ant-v5", 3, 1000),
        run(
            "Ant-v5", 2, 300, frame_skip=3, forward_reward_weight=2.5, ctrl_cost_weight=0.3, contact_cost_weight=0.01,
            healthy_reward=0.7, main_body=3, healthy_z_range=(0.5, 0.9), contact_force_range=(-0.5, 2.0),
            reset_noise_scale=0.05, **shown,
        ),
        run("Ant-v5", 1, 200, include_cfrc_ext_in_observation=False, main_body="aux_2", terminate_when_unhealthy=False),
        run("Humanoid-v5", 2, 400),
        run(
            "Humanoid-v5", 1, 150, frame_skip=3, forward_reward_weight=2.5, ctrl_cost_weight=0.3,
            contact_cost_weight=1e-4, contact_cost_range=(0.01, 2.0), healthy_reward=0.7, healthy_z_range=(1.2, 1.5),
            reset_noise_scale=0.05, **shown,
        ),
        run("Humanoid-v5", 1, 100, terminate_when_unhealthy=False, **bare),
        run("HumanoidStandup-v5", 1, 400),
        run(
            "HumanoidStandup-v5", 1, 150, frame_skip=3, uph_cost_weight=2.0, ctrl_cost_weight=0.3,
            impact_cost_weight=1e-4, impact_cost_range=(0.01, 2.0), reset_noise_scale=0.05, **shown,
        ),
        run("HumanoidStandup-v5", 1, 100, **bare),
        run("Reacher-v5", 8, 1000),
        run("Reacher-v5", 2, 300, frame_skip=3, reward_dist_weight=2.5, reward_control_weight=0.3),
        run("Pusher-v5", 4, 1000),
        run(
            "Pusher-v5", 2, 300, frame_skip=3, reward_near_weight=0.7, reward_dist_weight=2.5,
            reward_control_weight=0.3,
        ),
        run("InvertedPendulum-v5", 8, 1000),
        run("InvertedPendulum-v5", 2, 300, frame_skip=3, reset_noise_scale=0.05),
        run("InvertedDoublePendulum-v5", 8, 1000),
        run("InvertedDoublePendulum-v5", 2, 300, frame_skip=3, healthy_reward=7.5, reset_noise_scale=0.02),
    ]
    with open("mujoco.json", "w") as file:
        json.dump(runs, file, indent=0)
        file.write("\n")


main()
