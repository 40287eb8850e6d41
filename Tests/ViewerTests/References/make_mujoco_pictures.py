"""Writes mujoco-TASK.png: what Gymnasium's MuJoCo tasks look like after eight steps.

gymnasium 1.4.0, mujoco 4.0.0 (with mujoco-core 4.0.0), numpy 2.4.6, pillow 13.0.0, Python 3.11, the
software renderer of Mesa 22.3.6.

Run it from this folder: MUJOCO_GL=egl python make_mujoco_pictures.py

Gymnasium 1.4 looks from a place that stands still even where a model has a camera that goes with the robot; that one is
asked for here.
"""

import gymnasium
import numpy as np
from PIL import Image

SIDE = 120

for task in ["Ant", "HalfCheetah", "Humanoid"]:
    env = gymnasium.make(
        f"{task}-v5", render_mode="rgb_array", width=SIDE, height=SIDE, camera_name="track")
    env.reset(seed=5)
    for _ in range(8):
        env.step(np.full(env.action_space.shape, 0.25, np.float32))
    # MuJoCo has moved the bodies since it computed their places.
    data = env.unwrapped.data
    env.unwrapped.set_state(data.qpos.copy(), data.qvel.copy())
    Image.fromarray(env.render()).save(f"mujoco-{task}.png", optimize=True)
    env.close()
