"""Writes rollout_checksums.csv: what Gymnasium's CartPole-v1 does, one checksum a seed.

    python rollout_checksums.py > rollout_checksums.csv

Columns: seed, actions, checksum. `actions` is "sampled" when the 600 actions come from the action space
seeded with seed + 1; else they are written out as hexadecimal digits of four actions each, first action in
the highest bit, and balance the pole, so that episodes end at the time limit. The checksum is 64-bit FNV-1a
over, for a reset, the four float32 of the observation, and for a step the action (one byte), the four
float32, the reward (float64) and two bytes for terminated and truncated; all little-endian.

gymnasium==1.4.0
numpy==2.4.6
"""

import gymnasium
import numpy

STEPS = 600


class Checksum:
    def __init__(self):
        self.value = 0xCBF29CE484222325

    def add(self, data):
        for byte in data:
            self.value = ((self.value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF


def run(environment, seed, choose):
    checksum = Checksum()
    actions = []
    observation, _ = environment.reset(seed=seed)
    checksum.add(observation.tobytes())
    for _ in range(STEPS):
        action = int(choose(observation))
        actions.append(action)
        observation, reward, terminated, truncated, _ = environment.step(action)
        checksum.add(bytes([action]) + observation.tobytes() + numpy.float64(reward).tobytes())
        checksum.add(bytes([terminated, truncated]))
        if terminated or truncated:
            observation, _ = environment.reset()
            checksum.add(observation.tobytes())
    return actions, checksum.value


def main():
    environment = gymnasium.make("CartPole-v1")
    print("seed,actions,checksum")
    for seed in range(1000):
        environment.action_space.seed(seed + 1)
        _, value = run(environment, seed, lambda _: environment.action_space.sample())
        print(f"{seed},sampled,{value:016x}")
    for seed in range(1000, 1010):
        actions, value = run(environment, seed, lambda o: o[2] + 0.3 * o[3] + 0.02 * o[1] > 0)
        digits = "".join(f"{int(''.join(map(str, actions[i:i + 4])), 2):x}" for i in range(0, STEPS, 4))
        print(f"{seed},{digits},{value:016x}")


if __name__ == "__main__":
    main()
