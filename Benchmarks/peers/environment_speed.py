"""Peers of environment-benchmark: 1,024 environments, 64 of LunarLander and HalfCheetah, random actions drawn beforehand, resets included.

    python Benchmarks/peers/environment_speed.py [id ...]

EnvPool on 2 threads, and Gymnasium's own vectorised CartPole (NumPy, one thread). Taxi is EnvPool's v3, which
does the same work, and HalfCheetah its v4, likewise."""
import sys
import time

import envpool
import numpy
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv

COUNTS = {"LunarLander-v3": 64, "HalfCheetah-v5": 64}
IDS = {
    "CartPole-v1": "CartPole-v1", "MountainCar-v0": "MountainCar-v0",
    "MountainCarContinuous-v0": "MountainCarContinuous-v0", "Pendulum-v1": "Pendulum-v1", "Acrobot-v1": "Acrobot-v1",
    "FrozenLake-v1": "FrozenLake-v1", "CliffWalking-v1": "CliffWalking-v1", "Taxi-v4": "Taxi-v3",
    "Blackjack-v1": "Blackjack-v1", "LunarLander-v3": "LunarLander-v3",
    "HalfCheetah-v5": "HalfCheetah-v4",
}


def rate(step, rounds, count=1024, repeats=5):
    rates = []
    for _ in range(repeats):
        start = time.perf_counter()
        for i in range(rounds):
            step(i)
        rates.append(count * rounds / (time.perf_counter() - start))
    return sorted(rates)[len(rates) // 2]


def key(id):
    return "".join(c if c.isalnum() else "_" for c in id)


wanted = sys.argv[1:] or IDS
for id in wanted:
    if id not in IDS:
        continue
    count = COUNTS.get(id, 1024)
    pool = envpool.make_gymnasium(IDS[id], num_envs=count, num_threads=2, seed=0)
    pool.reset()
    pool.action_space.seed(0)
    actions = [numpy.array([pool.action_space.sample() for _ in range(count)]) for _ in range(16)]
    for i in range(20):
        pool.step(actions[i % 16])
    steps = rate(lambda i: pool.step(actions[i % 16]), 300, count)
    print(f"envpool_{key(id)}_{count}: {steps:.0f} steps/s", flush=True)

if "CartPole-v1" in wanted:
    generator = numpy.random.default_rng(0)
    actions = [generator.integers(0, 2, 1024) for _ in range(16)]
    vector = CartPoleVectorEnv(num_envs=1024)
    vector.reset(seed=0)
    for i in range(20):
        vector.step(actions[i % 16])
    print(f"gymnasium_CartPole_v1_1024: {rate(lambda i: vector.step(actions[i % 16]), 1000):.0f} steps/s", flush=True)
