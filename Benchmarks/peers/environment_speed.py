"""Peers of environment-benchmark: CartPole-v1, 1024 environments, random actions drawn beforehand, resets
included. EnvPool on 2 threads; Gymnasium's own vectorised CartPole (NumPy, one thread)."""
import time

import envpool
import numpy
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv

COUNT = 1024


def rate(step, rounds, repeats=5):
    rates = []
    for _ in range(repeats):
        start = time.perf_counter()
        for i in range(rounds):
            step(i)
        rates.append(COUNT * rounds / (time.perf_counter() - start))
    return sorted(rates)[len(rates) // 2]


generator = numpy.random.default_rng(0)
actions = [generator.integers(0, 2, COUNT) for _ in range(16)]

pool = envpool.make_gymnasium("CartPole-v1", num_envs=COUNT, num_threads=2, seed=0)
pool.reset()
for i in range(20):
    pool.step(actions[i % 16])
print(f"envpool_cartpole_1024: {rate(lambda i: pool.step(actions[i % 16]), 300):.0f} steps/s", flush=True)

vector = CartPoleVectorEnv(num_envs=COUNT)
vector.reset(seed=0)
for i in range(20):
    vector.step(actions[i % 16])
print(f"gymnasium_cartpole_1024: {rate(lambda i: vector.step(actions[i % 16]), 1000):.0f} steps/s", flush=True)
