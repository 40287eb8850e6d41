"""Writes minatar.json: what MinAtar's games do when they draw from NumPy's default generator.

MinAtar 1.0.15, numpy 2.4.6, Python 3.11.

Run it from this folder: python make_minatar.py

The games draw from a RandomState; here each of its calls is answered by `default_rng(seed)`, so that this
project's generator gives the same numbers. Per game and seed: the actions as digits, each step's reward, the
ending ('.' or 't' a step), and the FNV-1a hash of all observations in order, the reset's included. Actions are
random with some aim, so that episodes reach rescues, new waves and ramped difficulty. An episode that ends is
followed by the next.
"""

import json

import numpy as np
from minatar.environments import asterix, breakout, freeway, seaquest, space_invaders


class Draws:
    """RandomState's methods as the games call them, from a Generator."""

    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)

    def rand(self, count=None):
        if count is not None:
            return np.array([self.generator.random() for _ in range(count)])
        return self.generator.random()

    def randint(self, low, high=None, size=None):
        if high is None:
            low, high = 0, low
        if size is not None:
            return np.array([self.generator.integers(low, high) for _ in range(size)])
        return self.generator.integers(low, high)


def fnv(data, value):
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


def toward(env, x, y, targets):
    if not targets:
        return None
    tx, ty = min(targets, key=lambda t: abs(t[0] - x) + abs(t[1] - y))
    return 1 if tx < x else 3 if tx > x else 2 if ty < y else 4 if ty > y else 0


def aim(name, env, random):
    """An action with some sense, as one of the six."""
    if random.random() < 0.03:
        return int(random.integers(6))
    if name == "breakout":
        dx = 1 if env.ball_dir in (1, 2) else -1
        x = env.ball_x if env.ball_y == 8 else min(9, max(0, env.ball_x + dx))
        return 1 if x < env.pos else 3 if x > env.pos else 0
    if name == "freeway":
        return 2 if random.random() < 0.9 else 0
    if name == "space_invaders":
        if env.e_bullet_map[max(0, 6) : 9, env.pos].any():
            return 1 if env.pos > 4 else 3
        return 5 if env.shot_timer == 0 else int(random.choice([0, 1, 3]))
    if name == "asterix":
        gold = [(e[0], e[1]) for e in env.entities if e is not None and e[3]]
        near = [e for e in env.entities if e is not None and not e[3] and e[1] == env.player_y]
        if near and abs(near[0][0] - env.player_x) <= 2:
            return 2 if random.random() < 0.5 else 4
        move = toward(env, env.player_x, env.player_y, gold)
        return int(random.integers(5)) if move is None else move
    if env.diver_count > 0 and env.oxygen < 40 or env.diver_count == 6:
        return 2
    dangers = env.e_fish + env.e_subs + env.e_bullets
    for dx, dy in ((0, 0), (1, 0), (-1, 0), (2, 0), (-2, 0)):
        for other in dangers:
            if other[0] == env.sub_x + dx and other[1] == env.sub_y + dy:
                facing = (other[0] > env.sub_x) == env.sub_or
                if env.shot_timer == 0 and facing and dx != 0:
                    return 5
                rows = [r for r in (env.sub_y - 1, env.sub_y + 1) if 1 <= r <= 8]
                free = [r for r in rows if not any(o[1] == r and abs(o[0] - env.sub_x) < 3 for o in dangers)]
                if free:
                    return 2 if free[0] < env.sub_y else 4
    if env.sub_y == 0:
        return 4
    move = toward(env, env.sub_x, env.sub_y, [(d[0], d[1]) for d in env.divers])
    if move == 2 and env.sub_y == 1:
        move = 0
    if env.shot_timer == 0 and any(o[1] == env.sub_y and (o[0] > env.sub_x) == env.sub_or for o in dangers):
        return 5
    return int(random.choice([0, 1, 3])) if move is None else move


def run(name, module, seed, steps, sticky):
    env = module.Env(ramping=True)
    env.random = Draws(seed)
    # Six divers within one tank are rare: one run begins every episode with five on board.
    divers = 5 if name == "seaquest" and seed == 4 else 0
    env.reset()
    if divers:
        env.diver_count = divers
    policy = np.random.default_rng(1000 + seed)
    last = 0
    actions, endings, rewards, ramp = "", "", [], 0
    value = fnv(env.state().astype(np.uint8).tobytes(), 0xCBF29CE484222325)
    for _ in range(steps):
        action = aim(name, env, policy)
        actions += str(action)
        if sticky:
            if env.random.rand() >= 0.1:
                last = action
            action = last
        reward, done = env.act(action)
        rewards.append(int(reward))
        endings += "t" if done else "."
        ramp = max(ramp, env.difficulty_ramp() or 0)
        value = fnv(env.state().astype(np.uint8).tobytes(), value)
        if done:
            env.reset()
            if divers:
                env.diver_count = divers
            last = 0
            value = fnv(env.state().astype(np.uint8).tobytes(), value)
    return {
        "game": name,
        "seed": seed,
        "sticky": sticky,
        "divers": divers,
        "actions": actions,
        "rewards": rewards,
        "endings": endings,
        "observations": f"{value:016x}",
        "ramp": ramp,
    }


episodes = []
for name, module in {
    "asterix": asterix,
    "breakout": breakout,
    "freeway": freeway,
    "seaquest": seaquest,
    "space_invaders": space_invaders,
}.items():
    for seed in range(6):
        episodes.append(run(name, module, seed, 6000 if name == "freeway" else 3000, seed % 2 == 1))
        last = episodes[-1]
        print(name, seed, "reward", sum(last["rewards"]), "ends", last["endings"].count("t"), "ramp", last["ramp"])
for episode in episodes:
    # Most steps earn nothing: [step, reward] of those that do.
    episode["rewards"] = [[i, r] for i, r in enumerate(episode["rewards"]) if r]
    episode["endings"] = [i for i, e in enumerate(episode["endings"]) if e == "t"]
with open("minatar.json", "w") as file:
    json.dump({"episodes": episodes}, file)
    file.write("\n")
