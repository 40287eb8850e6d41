"""Compares `swirl rollout ENV --json` with Gymnasium, number by number.

    python compare_rollouts.py .build/release/swirl CartPole-v1 --seeds 1000 --steps 600

For each seed it draws random actions, steps Gymnasium with them (resetting without a seed after each
ending), gives the same actions to `swirl rollout --actions` and demands that every observation, reward
and ending be identical, bit for bit. With --sample it lets both sample their own actions instead and
compares those too.

gymnasium==1.4.0
numpy==2.4.6
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import gymnasium
import numpy


def gymnasium_lines(environment, seed, actions):
    observation, _ = environment.reset(seed=seed)
    yield {"observation": observation, "reset": True}
    for action in actions:
        observation, reward, terminated, truncated, _ = environment.step(action)
        yield {
            "action": action,
            "observation": observation,
            "reward": float(reward),
            "terminated": bool(terminated),
            "truncated": bool(truncated),
        }
        if terminated or truncated:
            observation, _ = environment.reset()
            yield {"observation": observation, "reset": True}


def bits(value):
    """The exact bytes of an observation or action, in the type the environment gives it."""
    return numpy.asarray(value).tobytes()


def same(expected, line):
    if set(line) - {"step"} != set(expected):
        return False
    for key, value in expected.items():
        if key in ("observation", "action"):
            kind = numpy.asarray(value).dtype
            if bits(value) != numpy.asarray(line[key], dtype=kind).tobytes():
                return False
            # The text must name the very number, not one that only rounds to it.
            if kind.kind == "f" and numpy.asarray(value, dtype=numpy.float64).tolist() != line[key]:
                return False
        elif line[key] != value or type(line[key]) is not type(value):
            return False
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("swirl")
    parser.add_argument("environment")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--sample", action="store_true")
    arguments = parser.parse_args()

    environment = gymnasium.make(arguments.environment)
    compared = 0
    for seed in range(arguments.seeds):
        environment.action_space.seed(seed + 1)
        actions = [environment.action_space.sample() for _ in range(arguments.steps)]
        command = [arguments.swirl, "rollout", arguments.environment, "--json"]
        command += ["--seed", str(seed), "--steps", str(arguments.steps)]
        path = None
        if arguments.sample:
            command += ["--action-seed", str(seed + 1)]
        else:
            with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
                path = file.name
                for action in actions:
                    file.write(json.dumps(numpy.asarray(action).tolist()) + "\n")
            command += ["--actions", path]
        result = subprocess.run(command, capture_output=True, text=True)
        if path:
            os.unlink(path)
        if result.returncode != 0:
            sys.exit(f"seed {seed}: exit status {result.returncode}: {result.stderr.strip()}")
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        expected = list(gymnasium_lines(environment, seed, actions))
        if len(lines) != len(expected):
            sys.exit(f"seed {seed}: {len(lines)} lines, Gymnasium gives {len(expected)}")
        for number, (line, wanted) in enumerate(zip(lines, expected)):
            if not same(wanted, line):
                sys.exit(f"seed {seed}, line {number + 1}: {line}, Gymnasium gives {wanted}")
        compared += len(lines)
    print(f"{arguments.environment}: {arguments.seeds} seeds × {arguments.steps} steps, {compared} lines, all identical")


if __name__ == "__main__":
    main()
