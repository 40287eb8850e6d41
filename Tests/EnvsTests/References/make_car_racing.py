"""Writes car_racing.json: tracks, early drives, frames and a fixed controller's returns of Gymnasium's
CarRacing-v3.

    python make_car_racing.py        # gymnasium[box2d] 1.4.0 (box2d 2.3.10, pygame-ce 2.5.8), numpy 2.4.6

The controller looks at the car and the track, not at pixels, and the runs that only need returns draw none.
"""

import base64
import json
import math
import os
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
warnings.filterwarnings("ignore")

import gymnasium as gym
import numpy as np
from gymnasium.envs.box2d.car_racing import CarRacing

EARLY_STEPS = 60
EPISODES = 200


def early_action(step):
    """Gas, then a curve to the left, then to the right with the brake."""
    if step < 20:
        return np.array([0, 1, 0], dtype=np.float32)
    if step < 40:
        return np.array([-0.5, 0.25, 0], dtype=np.float32)
    return np.array([0.75, 0, 0.5], dtype=np.float32)


def text(frame):
    return base64.b64encode(frame.tobytes()).decode()


def early(seed, frames, options):
    env = gym.make("CarRacing-v3", **options)
    frame, _ = env.reset(seed=seed)
    racing = env.unwrapped
    drive, rewards, kept = [], [], {0: text(frame)} if 0 in frames else {}

    def note():
        hull = racing.car.hull
        drive.append([
            hull.position.x, hull.position.y, hull.angle, hull.linearVelocity.x, hull.linearVelocity.y,
            hull.angularVelocity,
        ])

    note()
    for step in range(EARLY_STEPS):
        frame, reward, terminated, _, _ = env.step(early_action(step))
        assert not terminated
        note()
        rewards.append(float(reward))
        if step + 1 in frames:
            kept[step + 1] = text(frame)
    return {
        "seed": seed,
        "options": {key: float(value) for key, value in options.items()},
        "tiles": len(racing.track),
        "polygons": len(racing.road_poly),
        # Every tenth.
        "track": [[float(x) for x in point] for point in racing.track[::10]],
        "next": racing.np_random.random(),
        "drive": drive,
        "rewards": rewards,
        "frames": [{"step": step, "pixels": pixels} for step, pixels in kept.items()],
    }


def controller(racing):
    """Steers towards the track six points ahead of the nearest one, at some 55 m/s."""
    hull = racing.car.hull
    x, y = hull.position
    nearest = min(
        range(len(racing.track)),
        key=lambda i: (racing.track[i][2] - x) ** 2 + (racing.track[i][3] - y) ** 2)
    _, _, goal_x, goal_y = racing.track[(nearest + 6) % len(racing.track)]
    sine, cosine = math.sin(hull.angle), math.cos(hull.angle)
    right = cosine * (goal_x - x) + sine * (goal_y - y)
    ahead = -sine * (goal_x - x) + cosine * (goal_y - y)
    speed = math.hypot(hull.linearVelocity.x, hull.linearVelocity.y)
    steer = max(-1.0, min(1.0, 2 * math.atan2(right, ahead)))
    return np.array([steer, 0.5 if speed < 55 else 0, 0.2 if speed > 70 else 0], dtype=np.float32)


def controlled_return(seed):
    CarRacing._render = lambda self, mode: np.zeros((96, 96, 3), dtype=np.uint8)
    env = gym.make("CarRacing-v3")
    env.reset(seed=seed)
    total, done, steps = 0.0, False, 0
    while not done:
        _, reward, terminated, truncated, _ = env.step(controller(env.unwrapped))
        total += float(reward)
        steps += 1
        done = terminated or truncated
    return total, steps


def main():
    drives = [
        early(0, [0, 20, 60], {}), early(1, [45], {}), early(42, [50], {"domain_randomize": True}),
    ]
    with ProcessPoolExecutor(2) as pool:
        played = list(pool.map(controlled_return, range(EPISODES)))
    returns = np.array([total for total, _ in played])
    error = returns.std(ddof=1) / np.sqrt(EPISODES)
    record = {
        "drives": drives,
        "returns": {
            "name": "CarRacing-v3",
            "options": {},
            "early": [],
            "mean_return": returns.mean(),
            "low": returns.mean() - 1.96 * error,
            "high": returns.mean() + 1.96 * error,
            "mean_length": float(np.mean([steps for _, steps in played])),
            "returns": [round(float(x), 4) for x in returns],
        },
    }
    print({key: value for key, value in record["returns"].items() if key != "returns"})
    path = Path(__file__).with_name("car_racing.json")
    path.write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
