"""Peer of ppo-benchmark: Stable-Baselines3's PPO on CartPole-v1, 8 environments x 128 steps, minibatches of 256,
4 epochs, two networks of 64-64 tanh, 2 threads; the whole training loop."""
import time

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

torch.set_num_threads(2)
model = PPO(
    "MlpPolicy", make_vec_env("CartPole-v1", 8), n_steps=128, batch_size=256, n_epochs=4, device="cpu"
)
start = time.perf_counter()
model.learn(40_960)
print(f"sb3_ppo_cartpole_8x128: {40_960 / (time.perf_counter() - start):.0f} steps/s", flush=True)
