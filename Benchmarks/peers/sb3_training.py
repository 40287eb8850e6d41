"""Peers of training-benchmark: Stable-Baselines3 and sb3-contrib with the same settings, 2 threads; whole training
loops.

    python3 Benchmarks/peers/sb3_training.py [row ...]"""
import sys
import time

import torch
from sb3_contrib import TRPO
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.env_util import make_vec_env

ROWS = {
    "ppo_cartpole_8x128": (PPO, "CartPole-v1", 8, 40_960, dict(n_steps=128, batch_size=256, n_epochs=4)),
    "ppo_cartpole_default": (PPO, "CartPole-v1", 1, 20_480, {}),
    "ppo_cartpole_zoo": (
        PPO, "CartPole-v1", 8, 51_200,
        dict(n_steps=32, batch_size=256, n_epochs=20, gae_lambda=0.8, gamma=0.98, learning_rate=1e-3),
    ),
    "a2c_cartpole": (A2C, "CartPole-v1", 8, 50_000, {}),
    "trpo_cartpole": (TRPO, "CartPole-v1", 2, 51_200, dict(n_steps=512, batch_size=512)),
    "ppo_halfcheetah": (PPO, "HalfCheetah-v5", 8, 32_768, {}),
}

torch.set_num_threads(2)
for name in sys.argv[1:] or ROWS:
    agent, environment, count, steps, settings = ROWS[name]
    model = agent("MlpPolicy", make_vec_env(environment, count), device="cpu", **settings)
    start = time.perf_counter()
    model.learn(steps)
    print(f"sb3_{name}: {model.num_timesteps / (time.perf_counter() - start):.0f} steps/s", flush=True)
