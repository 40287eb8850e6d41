"""Peer of training-benchmark's ppo_cartpole_8x128: rejax's PPO, the whole training loop compiled by XLA; compilation is not timed."""
import time

import jax
from rejax import PPO

STEPS = 262_144
algorithm = PPO.create(
    env="CartPole-v1", num_envs=8, num_steps=128, num_epochs=4, num_minibatches=4, total_timesteps=STEPS,
    eval_freq=STEPS, agent_kwargs=dict(activation="tanh", hidden_layer_sizes=(64, 64)),
)
key = jax.random.PRNGKey(0)
train = jax.jit(algorithm.train).lower(key).compile()
start = time.perf_counter()
_, evaluation = train(key)
jax.block_until_ready(evaluation)
print(f"rejax_ppo_cartpole_8x128: {STEPS / (time.perf_counter() - start):.0f} steps/s", flush=True)
