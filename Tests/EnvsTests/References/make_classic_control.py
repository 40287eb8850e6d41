"""Writes classic_control.json: what Gymnasium's classic control environments do, in checksums.

gymnasium 1.4.0, numpy 2.4.6, Python 3.11, glibc 2.36, a processor with AVX2 and FMA.

Run it from this folder, which takes some minutes: python make_classic_control.py

`checksums.py` says what is summed up. The policies for odd seeds: "pump" pushes the way the car moves, sampled
strength or full; "swing" turns Acrobot's joint against the first link's velocity.
"""

import json

import numpy as np

from checksums import make, run

PUMP = {"pump": lambda action, observation: 2 if observation[1] >= 0 else 0}
PUMP_STRENGTH = {
    "pump": lambda action, observation: np.copysign(np.abs(action), np.float32(observation[1]))
}
SPIN = {"pump": lambda action, observation: np.copysign(np.abs(action), np.float32(observation[2]))}
SWING = {"swing": lambda action, observation: 0 if observation[4] >= 0 else 2}


def acrobot(name, seeds, steps, options=None, parameters=None, **attributes):
    env = make("Acrobot-v1")
    for key, value in attributes.items():
        setattr(env.unwrapped, key, value)
    return run(name, env, SWING, seeds, steps, options, parameters)


def main():
    runs = [
        run("MountainCar-v0", make("MountainCar-v0"), PUMP, 1000, 1000),
        run("MountainCarContinuous-v0", make("MountainCarContinuous-v0"), PUMP_STRENGTH, 1000, 1000),
        run("Pendulum-v1", make("Pendulum-v1"), SPIN, 1000, 1000),
        acrobot("Acrobot-v1", 1000, 1000),
    ]
    for goal in (0.02, 0.07):
        parameters = {"goal_velocity": goal, "low": -1.0, "high": 0.4}
        options = {"low": -1.0, "high": 0.4}
        for id, policy in (("MountainCar-v0", PUMP), ("MountainCarContinuous-v0", PUMP_STRENGTH)):
            env = make(id, goal_velocity=goal)
            runs.append(run(id, env, policy, 60, 500, options, parameters))
    parameters = {"g": 9.81, "x_init": 40.0, "y_init": 3.0}
    options = {"x_init": 40.0, "y_init": 3.0}
    runs.append(run("Pendulum-v1", make("Pendulum-v1", g=9.81), SPIN, 60, 500, options, parameters))
    for low, high in ((-3.0, 3.0), (-200.0, 150.0)):
        for dynamics, dt in (("book", 0.05), ("nips", 0.2)):
            if low < -3:
                dt = 0.01
            parameters = {"low": low, "high": high, "dt": dt, "nips": float(dynamics == "nips")}
            options = {"low": low, "high": high}
            runs.append(
                acrobot(
                    "Acrobot-v1", 60, 300, options, parameters, book_or_nips=dynamics, dt=dt
                )
            )
    runs.append(
        acrobot("Acrobot-v1", 60, 300, None, {"torque_noise_max": 0.5}, torque_noise_max=0.5)
    )
    with open("classic_control.json", "w") as file:
        json.dump(runs, file, indent=0)
        file.write("\n")


main()
