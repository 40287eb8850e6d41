"""Peer of `swirl speed engine`: the same rows in PyTorch, the products in OpenBLAS, on 1 and 2 threads.

    ~/peers/bin/python Benchmarks/peers/engine_speed.py [--threads 1 2] [--seconds 0.5] [--json] [row ...]

A reading is the median of many short windows, in microseconds. OpenBLAS is timed by a C program that is compiled on the
spot (cc and libopenblas), so that no call from Python counts. Swirl's side is EngineWorkloads.swift."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("rows", nargs="*")
parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
parser.add_argument("--seconds", type=float, default=0.5)
parser.add_argument("--json", action="store_true")
arguments = parser.parse_args()

ROWS = {}


def row(function):
    ROWS[function.__name__] = function
    return function


# Each function below prepares its inputs and returns what is timed.


def perceptron_training(rows):
    model = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = torch.randn(rows, 4), torch.randn(rows, 2)
    return lambda: train(model, optimizer, x, y)


def train(model, optimizer, x, y):
    loss = ((model(x) - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@row
def mlp_train_b64():
    return perceptron_training(64)


@row
def mlp_train_b256():
    return perceptron_training(256)


@row
def mlp_train_b2048():
    return perceptron_training(2048)


@row
def ddpg_nets_train_b256():
    def network(inputs, outputs):
        return nn.Sequential(nn.Linear(inputs, 400), nn.ReLU(), nn.Linear(400, 300), nn.ReLU(), nn.Linear(300, outputs))

    actor, critic = nn.Sequential(network(17, 6), nn.Tanh()), network(23, 1)
    optimizers = [torch.optim.Adam(network.parameters(), lr=1e-3) for network in (critic, actor)]
    observations, actions, returns = torch.randn(256, 17), torch.randn(256, 6), torch.randn(256, 1)
    inputs = torch.cat([observations, actions], 1)

    def step():
        train(critic, optimizers[0], inputs, returns)
        train(actor, optimizers[1], observations, actions)

    return step


@row
def nature_cnn_train_b32():
    model = nn.Sequential(
        nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(), nn.Conv2d(64, 64, 3, 1), nn.ReLU(),
        nn.Flatten(), nn.Linear(3136, 512), nn.ReLU(),
    )
    x = torch.randn(32, 4, 84, 84)

    def step():
        model.zero_grad()
        (model(x) ** 2).mean().backward()

    return step


@row
def lstm_train():
    model = nn.LSTM(64, 64)
    x = torch.randn(128, 32, 64)

    def step():
        model.zero_grad()
        (model(x)[0] ** 2).mean().backward()

    return step


@row
def attention_2048():
    # Memory as [B, tokens, heads, dim], as projections leave it.
    q, k, v = (torch.randn(1, 2048, 8, 64).transpose(1, 2).requires_grad_() for _ in range(3))
    received = torch.randn(1, 2048, 8, 64).transpose(1, 2)

    def step():
        q.grad = k.grad = v.grad = None
        F.scaled_dot_product_attention(q, k, v, is_causal=True).backward(received)

    return step


class Block(nn.Module):
    """A layer of SmolLM2-135M: RMSNorm, 9 query and 3 key heads of 64 with RoPE, SwiGLU of 1536."""

    def __init__(self, tokens):
        super().__init__()
        self.first, self.second = nn.RMSNorm(576, eps=1e-5), nn.RMSNorm(576, eps=1e-5)
        self.query, self.output = nn.Linear(576, 576, bias=False), nn.Linear(576, 576, bias=False)
        self.key, self.value = nn.Linear(576, 192, bias=False), nn.Linear(576, 192, bias=False)
        self.gate, self.up = nn.Linear(576, 1536, bias=False), nn.Linear(576, 1536, bias=False)
        self.down = nn.Linear(1536, 576, bias=False)
        angles = torch.outer(torch.arange(tokens), 1e5 ** (-torch.arange(0, 64, 2) / 64))
        self.cos, self.sin = torch.cat([angles, angles], 1).cos(), torch.cat([angles, angles], 1).sin()

    def rotate(self, x):
        a, b = x.chunk(2, -1)
        return x * self.cos + torch.cat([-b, a], -1) * self.sin

    def forward(self, x):
        batch, tokens, _ = x.shape
        h = self.first(x)
        q, k, v = (
            layer(h).view(batch, tokens, -1, 64).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        # Repeating the heads is faster on the CPU than enable_gqa.
        k, v = self.rotate(k).repeat_interleave(3, 1), v.repeat_interleave(3, 1)
        a = F.scaled_dot_product_attention(self.rotate(q), k, v, is_causal=True)
        x = x + self.output(a.transpose(1, 2).reshape(batch, tokens, 576))
        h = self.second(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


@row
def transformer_block_512():
    block = Block(512)
    x = torch.randn(1, 512, 576).requires_grad_()
    received = torch.randn(1, 512, 576)

    def step():
        block.zero_grad()
        x.grad = None
        block(x).backward(received)

    return step


def elementwise(op):
    x = torch.randn(1_000_000)
    return lambda: op(x)


@row
def exp_1m():
    return elementwise(torch.exp)


@row
def tanh_1m():
    return elementwise(torch.tanh)


@row
def gelu_1m():
    return elementwise(F.gelu)


@row
def op_overhead():
    x = torch.tensor(1.0, requires_grad=True)

    def chain():
        x.grad = None
        total = x
        for _ in range(1000):
            total = total + x
        total.backward()

    return chain


def median(work, seconds):
    """The median of a call's seconds over at least five windows; the first calls warm up."""

    def clock(calls):
        start = time.perf_counter()
        for _ in range(calls):
            work()
        return time.perf_counter() - start

    for _ in range(3):
        work()
    calls = 1
    while clock(calls) < seconds / 50:
        calls *= 2
    readings, total = [], 0.0
    while len(readings) < 5 or total < seconds:
        elapsed = clock(calls)
        readings.append(elapsed / calls)
        total += elapsed
    return statistics.median(readings)


PRODUCTS = {
    "gemm_64": (64, 64, 64), "gemm_256x64x64": (256, 64, 64), "gemm_1x64x64": (1, 64, 64),
    "gemm_512x576x1536": (512, 576, 1536), "gemm_2048": (2048, 2048, 2048),
}
SOURCE = pathlib.Path(__file__).with_name("openblas_speed.c")


def openblas(threads, wanted):
    """The rows of products, from the C program: m, k and n of each row in turn."""
    wanted = [name for name in PRODUCTS if name in wanted]
    if not wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "openblas_speed")
        subprocess.run(["cc", "-O2", SOURCE, "-o", program, "-lopenblas"], check=True)
        sizes = [str(size) for name in wanted for size in PRODUCTS[name]]
        environment = dict(os.environ, OPENBLAS_NUM_THREADS=str(threads))
        output = subprocess.run(
            [program, str(arguments.seconds), *sizes], env=environment, capture_output=True, text=True, check=True
        ).stdout
    yield from zip(wanted, map(float, output.split()))


wanted = arguments.rows or [*PRODUCTS, *ROWS]
readings = []
for threads in arguments.threads:
    torch.set_num_threads(threads)
    found = list(openblas(threads, wanted))
    for name, prepare in ROWS.items():
        if name in wanted:
            torch.manual_seed(0)
            per_call = 1000 if name == "op_overhead" else 1
            found.append((name, median(prepare(), arguments.seconds) * 1e6 / per_call))
    for name, value in found:
        readings.append({"name": name, "value": value, "unit": "us", "threads": threads})
        if not arguments.json:
            print(f"{name}, {threads} threads: {value:.3f} us", flush=True)
if arguments.json:
    print(json.dumps(readings))
