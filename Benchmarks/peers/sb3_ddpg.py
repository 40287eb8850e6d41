"""Peer of ddpg-benchmark: Stable-Baselines3's DDPG on Pendulum-v1, networks of 400-300, minibatches of 256, one
update a step, 2 threads; the whole training loop, warm-up left out."""
import time

import gymnasium
import torch
from stable_baselines3 import DDPG

torch.set_num_threads(2)
model = DDPG(
    "MlpPolicy", gymnasium.make("Pendulum-v1"), learning_starts=100, batch_size=256, train_freq=1, gradient_steps=1,
    buffer_size=100_000, device="cpu",
)
model.learn(600)
start = time.perf_counter()
model.learn(2_000, reset_num_timesteps=False)
print(f"sb3_ddpg_pendulum_400_300: {2_000 / (time.perf_counter() - start):.1f} steps/s", flush=True)
