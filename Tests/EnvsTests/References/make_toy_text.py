"""Writes toy_text.json: what Gymnasium's toy text environments do, in checksums, and their tables.

gymnasium 1.4.0, numpy 2.4.6, Python 3.11.

Run it from this folder, which takes some minutes: python make_toy_text.py

`checksums.py` says what is summed up. The policies for odd seeds: "walk" in FrozenLake goes right or down by
the parity of the sampled action; in CliffWalking it goes up from the start, right, and down in the last column;
"fetch" drives the taxi towards the stand it needs by a rule that walls do not stop for long; "limit" sticks in
Blackjack from 17 on.

`tables` holds a CRC-32 for each environment that Gymnasium gives a table P: of the bytes, little-endian, of
probability (Float64), next state (Int32), reward (Float64) and terminated (one byte) of every transition, by
state and action. `maps` are Gymnasium's random maps.
"""

import json
import struct
import zlib

from gymnasium.envs.toy_text.frozen_lake import generate_random_map

from checksums import make, run

STANDS = [(0, 0), (0, 4), (4, 0), (4, 3)]


def walk_lake(action, observation):
    return 1 + action % 2


def walk_cliff(action, observation):
    return 0 if observation == 36 else 2 if observation % 12 == 11 else 1


def fetch(action, observation):
    row, column, passenger, destination = (
        observation // 100, observation // 20 % 5, observation // 4 % 5, observation % 4
    )
    goal = STANDS[destination if passenger == 4 else passenger]
    if (row, column) == goal:
        return 5 if passenger == 4 else 4
    if row == 2:  # the row without walls: along it to the column, then up or down
        return 2 if column < goal[1] else 3 if column > goal[1] else 0 if goal[0] == 4 else 1
    if column == goal[1]:
        return 0 if row < goal[0] else 1
    return 0 if row < 2 else 1


def limit(action, observation):
    return int(observation[0] < 17)


def table(env):
    pieces = []
    for state in sorted(env.unwrapped.P):
        for action in sorted(env.unwrapped.P[state]):
            for p, next_state, reward, terminated in env.unwrapped.P[state][action]:
                pieces.append(struct.pack("<did?", p, next_state, reward, terminated))
    return zlib.crc32(b"".join(pieces))


def main():
    runs, tables = [], []

    def add(id, policy, seeds=60, steps=500, parameters=None, **keywords):
        env = make(id, **keywords)
        name, rule = policy
        runs.append(run(id, env, {name: rule}, seeds, steps, parameters=parameters))
        if "desc" in keywords:
            runs[-1]["map"] = keywords["desc"]
        if hasattr(env.unwrapped, "P"):
            tables.append({"run": len(runs) - 1, "checksum": table(env)})

    lake, cliff = ("walk", walk_lake), ("walk", walk_cliff)
    for id in ("FrozenLake-v1", "FrozenLake8x8-v1"):
        add(id, lake, 1000, 1000)
        add(id, lake, parameters={"is_slippery": 0}, is_slippery=False)
    add(
        "FrozenLake-v1", lake, desc=["SHF", "FFS", "SFG"], success_rate=0.7,
        reward_schedule=(5, -2, -0.25),
        parameters={"success_rate": 0.7, "goal": 5, "hole": -2, "ice": -0.25},
    )
    add("FrozenLake-v1", lake, desc=["SFFFHFG", "FSGHFFF"], success_rate=1,
        parameters={"success_rate": 1})
    add("FrozenLake-v1", lake, desc=generate_random_map(size=11, p=0.7, seed=5))
    for id in ("CliffWalking-v1", "CliffWalkingSlippery-v1"):
        add(id, cliff, 1000, 1000)
    taxi = ("fetch", fetch)
    add("Taxi-v4", taxi, 1000, 1000)
    add("Taxi-v4", taxi, is_rainy=True, parameters={"rain": 0.8})
    add("Taxi-v4", taxi, is_rainy=True, rainy_probability=0.55, parameters={"rain": 0.55})
    add("Taxi-v4", taxi, fickle_passenger=True, parameters={"fickleness": 0.3})
    add(
        "Taxi-v4", taxi, is_rainy=True, fickle_passenger=True, fickle_probability=0.9,
        parameters={"rain": 0.8, "fickleness": 0.9},
    )
    blackjack = ("limit", limit)
    add("Blackjack-v1", blackjack, 1000, 1000)
    add("Blackjack-v1", blackjack, sab=False, parameters={"sab": 0})
    add("Blackjack-v1", blackjack, sab=False, natural=True, parameters={"sab": 0, "natural": 1})
    maps = [
        {"size": size, "p": p, "seed": seed, "map": generate_random_map(size, p, seed)}
        for size, p in ((8, 0.8), (2, 0.4), (5, 0.5), (12, 0.65), (4, 1.0))
        for seed in range(8)
    ]
    with open("toy_text.json", "w") as file:
        json.dump({"runs": runs, "tables": tables, "maps": maps}, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
