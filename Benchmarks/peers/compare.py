"""Runs each benchmark and its peer in turn, A B A B ..., and prints the medians and their ratio.

    python3 Benchmarks/peers/compare.py --peers PYTHON [--rejax PYTHON] [--rounds 3]

PYTHON is the interpreter of a virtual environment made from Benchmarks/peers/requirements.txt; rejax wants one
of its own (requirements-rejax.txt). Build first: swift build -c release --package-path Benchmarks."""
import argparse
import pathlib
import re
import statistics
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BUILT = HERE.parent / ".build" / "release"

arguments = argparse.ArgumentParser()
arguments.add_argument("--peers", required=True)
arguments.add_argument("--rejax")
arguments.add_argument("--rounds", type=int, default=3)
arguments = arguments.parse_args()


def figures(command):
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name: float(value) for name, value in re.findall(r"^(\w+): ([\d.]+)", output, re.MULTILINE)}


def compare(ours, theirs, rows):
    """Prints a row for each (our name, their name, whether more is better)."""
    found = {}
    for _ in range(arguments.rounds):
        for command in (ours, theirs):
            for name, value in figures(command).items():
                found.setdefault(name, []).append(value)
    for mine, peer, more in rows:
        a, b = statistics.median(found[mine]), statistics.median(found[peer])
        print(f"| {mine} | {a:,.1f} | {peer} | {b:,.1f} | {a / b if more else b / a:.1f} x |", flush=True)


print("| Swirl | | peer | | ratio |\n|---|---|---|---|---|")
mlp = [f"mlp_train_b{batch}" for batch in (64, 256, 2048)]
compare(
    [BUILT / "engine-benchmark"], [arguments.peers, HERE / "mlp_speed.py"],
    [(name, f"torch_{name}", False) for name in mlp],
)
compare(
    [BUILT / "environment-benchmark"], [arguments.peers, HERE / "environment_speed.py"],
    [("cartpole_1024", "envpool_cartpole_1024", True), ("cartpole_1024", "gymnasium_cartpole_1024", True)],
)
compare(
    [BUILT / "ppo-benchmark"], [arguments.peers, HERE / "sb3_ppo.py"],
    [("ppo_cartpole_8x128", "sb3_ppo_cartpole_8x128", True)],
)
if arguments.rejax:
    compare(
        [BUILT / "ppo-benchmark"], [arguments.rejax, HERE / "rejax_ppo.py"],
        [("ppo_cartpole_8x128", "rejax_ppo_cartpole_8x128", True)],
    )
