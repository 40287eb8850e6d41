"""Runs each benchmark and its peer in turn, A B A B ..., and prints the medians and their ratio.

    python3 Benchmarks/peers/compare.py --peers PYTHON [--rejax PYTHON] [--rounds 3]
    python3 Benchmarks/peers/compare.py --peers PYTHON --only engine [--levels best avx2] [--seconds 0.2] [row ...]

PYTHON is the interpreter of a virtual environment made from Benchmarks/peers/requirements.txt; rejax wants one
of its own (requirements-rejax.txt). Build first: swift build -c release; swift build -c release --package-path
Benchmarks. The engine's table comes once at the processor's best SIMD level and once with both sides held to AVX2."""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BUILT = HERE.parent / ".build" / "release"
SWIRL = HERE.parent.parent / ".build" / "release" / "swirl"
PARTS = ("engine", "environments", "training", "ddpg", "tokenizer")

arguments = argparse.ArgumentParser()
arguments.add_argument("--peers", required=True)
arguments.add_argument("--rejax")
arguments.add_argument("--rounds", type=int, default=3)
arguments.add_argument("--only", choices=PARTS)
arguments.add_argument("--model", help="a folder with a tokenizer.json, as `swirl export` writes it, for the tokenizer")
arguments.add_argument("--levels", nargs="+", choices=("best", "avx2"), default=["best", "avx2"])
arguments.add_argument("--seconds", type=float, default=0.2, help="that a row of the engine takes")
arguments.add_argument("rows", nargs="*", help="of the engine; all when left out")
arguments = arguments.parse_args()

# What the engine is to reach: how many times as fast as its peer.
ENGINE_GOALS = {
    "gemm_64": 1.3, "gemm_256x64x64": 1.3, "gemm_1x64x64": 5, "gemm_512x576x1536": 0.9, "gemm_2048": 0.9,
    "mlp_train_b64": 15, "mlp_train_b256": 8, "mlp_train_b2048": 3, "ddpg_nets_train_b256": 1.5,
    "nature_cnn_train_b32": 1, "lstm_train": 2, "attention_2048": 1, "transformer_block_512": 1.2, "exp_1m": 1,
    "tanh_1m": 1, "gelu_1m": 1,
}
# How each side is held to AVX2: swirl, ATen's own kernels, MKL, oneDNN and OpenBLAS.
AVX2 = {
    "SWIRL_SIMD": "avx2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}


def figures(command):
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name: float(value) for name, value in re.findall(r"^(\w+): ([\d.]+)", output, re.MULTILINE)}


# What environments are to reach beside EnvPool.
ENVIRONMENT_GOALS = {
    "CartPole_v1_1024": 45, "MountainCar_v0_1024": 45, "MountainCarContinuous_v0_1024": 45, "Pendulum_v1_1024": 45,
    "Acrobot_v1_1024": 8, "FrozenLake_v1_1024": 60, "CliffWalking_v1_1024": 60, "Taxi_v4_1024": 60,
    "Blackjack_v1_1024": 60, "LunarLander_v3_64": 1, "HalfCheetah_v5_64": 1.2,
}
IDS = ["CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1", "Acrobot-v1", "FrozenLake-v1",
       "CliffWalking-v1", "Taxi-v4", "Blackjack-v1", "LunarLander-v3", "HalfCheetah-v5"]


# What training is to reach beside Stable-Baselines3 and sb3-contrib.
TRAINING_GOALS = {
    "ppo_cartpole_8x128": 30, "ppo_cartpole_default": 30, "ppo_cartpole_zoo": 30, "a2c_cartpole": 30, "trpo_cartpole": 25,
    "ppo_halfcheetah": 3,
}


def compare(ours, theirs, rows, goals={}):
    """Prints a row for each (our name, their name, whether more is better), and the goal beside that peer."""
    found = {}
    for _ in range(arguments.rounds):
        for command in (ours, theirs):
            for name, value in figures(command).items():
                found.setdefault(name, []).append(value)
    for mine, peer, more in rows:
        a, b = statistics.median(found[mine]), statistics.median(found[peer])
        goal = f"{goals[peer]} x" if peer in goals else ""
        print(f"| {mine} | {a:,.1f} | {peer} | {b:,.1f} | {a / b if more else b / a:.1f} x | {goal} |", flush=True)


def engine(level):
    """The engine's table: microseconds of both sides, row by row in turn, and how many times as fast swirl is."""
    environment = dict(os.environ, **(AVX2 if level == "avx2" else {}))

    def readings(command):
        output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        return json.loads(output)

    ours, theirs, shares = {}, {}, {}
    seconds = ["--seconds", str(arguments.seconds), "--json"]
    rows = [f"--row={row}" for row in arguments.rows]
    for _ in range(arguments.rounds):
        for reading in readings([SWIRL, "speed", "engine", *seconds, *rows]):
            key = (reading["name"], reading["threads"])
            ours.setdefault(key, []).append(reading["value"])
            shares.setdefault(key, []).append(reading["roofline"])
        for reading in readings([arguments.peers, HERE / "engine_speed.py", *seconds, *arguments.rows]):
            theirs.setdefault((reading["name"], reading["threads"]), []).append(reading["value"])
    print(f"\n{'AVX2' if level == 'avx2' else 'Best SIMD level'}, median of {arguments.rounds} rounds\n")
    print("| row | threads | Swirl, us | of the roofline | peer, us | ratio | goal |\n|---|---|---|---|---|---|---|")
    for (name, threads), values in theirs.items():
        key = (name, threads)
        if key not in ours:
            print(f"| {name} | {threads} | - | - | {statistics.median(values):.3f} | - | {ENGINE_GOALS.get(name, '')} |")
            continue
        mine, peer = statistics.median(ours[key]), statistics.median(values)
        share = "-" if None in shares[key] else f"{statistics.median(shares[key]):.0%}"
        goal = f"{ENGINE_GOALS[name]} x" if name in ENGINE_GOALS else "0.5 us"
        print(f"| {name} | {threads} | {mine:.3f} | {share} | {peer:.3f} | {peer / mine:.2f} x | {goal} |", flush=True)


wanted = [arguments.only] if arguments.only else PARTS
if "engine" in wanted:
    for level in arguments.levels:
        engine(level)
if wanted != ["engine"]:
    print("\n| Swirl | | peer | | ratio | goal |\n|---|---|---|---|---|---|")
if "environments" in wanted:
    compare(
        [BUILT / "environment-benchmark", "2", *IDS], [arguments.peers, HERE / "environment_speed.py"],
        [(name, f"envpool_{name}", True) for name in ENVIRONMENT_GOALS]
        + [("CartPole_v1_1024", "gymnasium_CartPole_v1_1024", True)],
        {f"envpool_{name}": goal for name, goal in ENVIRONMENT_GOALS.items()},
    )
if "training" in wanted:
    compare(
        [BUILT / "training-benchmark"], [arguments.peers, HERE / "sb3_training.py"],
        [(name, f"sb3_{name}", True) for name in TRAINING_GOALS],
        {f"sb3_{name}": goal for name, goal in TRAINING_GOALS.items()},
    )
    if arguments.rejax:
        compare(
            [BUILT / "training-benchmark", "ppo_cartpole_8x128"], [arguments.rejax, HERE / "rejax_ppo.py"],
            [("ppo_cartpole_8x128", "rejax_ppo_cartpole_8x128", True)],
        )
if "ddpg" in wanted:
    compare(
        [BUILT / "ddpg-benchmark"], [arguments.peers, HERE / "sb3_ddpg.py"],
        [("ddpg_pendulum_400_300", "sb3_ddpg_pendulum_400_300", True)],
    )
if "tokenizer" in wanted and arguments.model:
    text = HERE.parent.parent / "CHANGELOG.md"
    compare(
        [BUILT / "tokenizer-benchmark", arguments.model, text],
        [arguments.peers, HERE / "tokenizer_speed.py", arguments.model, text],
        [(f"tokenizer_{name}", f"tokenizers_{name}", name != "load") for name in ("load", "encode", "decode")],
    )
