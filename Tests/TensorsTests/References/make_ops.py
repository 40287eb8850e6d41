"""Golden values and gradients of every op, from PyTorch 2.15.0 (torch==2.15.0). Run: python make_ops.py

Each case: the inputs, the op's value, a cotangent and the gradient of every input. Float32 numbers are
written as the shortest decimals that read back exactly."""
import json
import pathlib

import torch

torch.manual_seed(7)
cases = []


def numbers(tensor):
    return [float(str(x)) if x == x and abs(x) != float("inf") else str(x) for x in tensor.detach().numpy().ravel()]


def add(op, function, *shapes, low=-2.0, high=2.0, arguments=None, inputs=None):
    inputs = inputs or [torch.rand(shape) * (high - low) + low for shape in shapes]
    inputs = [x.clone().requires_grad_(True) for x in inputs]
    y = function(*inputs)
    cotangent = torch.rand(y.shape) + 0.5
    gradients = torch.autograd.grad(y, inputs, cotangent, allow_unused=True) if y.requires_grad else [None] * len(inputs)
    cases.append(
        {
            "op": op,
            "arguments": arguments or [],
            "inputs": [{"shape": list(x.shape), "values": numbers(x)} for x in inputs],
            "value": {"shape": list(y.shape), "values": numbers(y)},
            "cotangent": numbers(cotangent),
            "gradients": [numbers(torch.zeros_like(x) if g is None else g) for g, x in zip(gradients, inputs)],
        }
    )


F = torch.nn.functional
for shape in [(), (1,), (7,), (3, 5), (2, 3, 19), (0, 4)]:
    for name, f in {
        "negate": lambda x: -x, "exp": torch.exp, "squared": lambda x: x * x, "magnitude": torch.abs, "tanh": torch.tanh,
        "relu": torch.relu, "sigmoid": torch.sigmoid, "silu": F.silu, "softplus": F.softplus, "sign": lambda x: torch.sign(x) + 0 * x,
        "clamped": lambda x: torch.clamp(x, -0.5, 1.25),
        "scaled": lambda x: 1.5 * x - 0.25,
    }.items():
        add(name, f, shape)
    for name, f in {"log": torch.log, "squareRoot": torch.sqrt, "reciprocal": lambda x: 1 / x}.items():
        add(name, f, shape, low=0.2, high=3.0)
add("tanh", torch.tanh, inputs=[torch.tensor([-12.0, -8.0, -3e-4, -1e-20, 0.0, 1e-6, 5e-4, 7.5, 30.0])])
add("exp", torch.exp, inputs=[torch.tensor([-110.0, -100.0, -88.0, -20.0, 0.0, 20.0, 88.0])])
add("softplus", F.softplus, inputs=[torch.tensor([-30.0, -15.0, -1.0, 0.0, 1.0, 15.0, 30.0])])

broadcasts = [((), ()), ((5,), (5,)), ((3, 5), (5,)), ((3, 5), (3, 1)), ((3, 1), (1, 5)), ((2, 1, 4), (3, 1)), ((4, 3), ()), ((0, 3), (3,)), ((2, 33), (2, 33))]
for a, b in broadcasts:
    for name, f in {
        "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "minimum": torch.minimum, "maximum": torch.maximum,
    }.items():
        x, y = torch.rand(a) * 4 - 2, torch.rand(b) * 4 - 2
        if name == "divide":
            y = torch.rand(b) + 0.5
        add(name, f, inputs=[x, y])
    add("less", lambda x, y: (x < y).float() + 0 * (x + y), a, b)
    add("lessOrEqual", lambda x, y: (x <= y).float() + 0 * (x + y), a, b)

for shape, axes in [((7,), [0]), ((3, 5), [0]), ((3, 5), [1]), ((3, 5), [0, 1]), ((2, 3, 4), [1]), ((2, 3, 4), [0, 2]), ((2, 3, 4), [-1]), ((2, 37, 3), [1]), ((3, 1), [1]), ((65,), [0])]:
    for keep in (False, True):
        arguments = [int(keep)] + axes
        add("sum", lambda x: x.sum(axes, keepdim=keep), shape, arguments=arguments)
        add("mean", lambda x: x.mean(axes, keepdim=keep), shape, arguments=arguments)
        add("max", lambda x: x.amax(axes, keepdim=keep), shape, arguments=arguments)
        add("min", lambda x: x.amin(axes, keepdim=keep), shape, arguments=arguments)
        add("variance", lambda x: x.var(axes, correction=0, keepdim=keep), shape, arguments=arguments)
add("max", lambda x: x.amax([0], keepdim=False), arguments=[0, 0], inputs=[torch.tensor([1.0, 3.0, 3.0, 2.0])])
add("sum", lambda x: x.sum([0]), (0, 3), arguments=[0, 0])

for m, k, n in [(1, 1, 1), (3, 4, 5), (7, 64, 2), (13, 33, 17), (2, 5, 65), (1, 20, 33), (6, 0, 3)]:
    add("matmul", torch.matmul, (m, k), (k, n))
    add("matmulTransposed", lambda a, b: a.T @ b.T, (k, m), (n, k))
    for name in ("identity", "tanh", "relu", "sigmoid"):
        act = {"identity": lambda x: x, "tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}[name]
        if k:
            add("linear", lambda x, w, b: act(x @ w + b), (m, k), (k, n), (n,), arguments=[name], low=-1, high=1)
add("matmul", torch.matmul, (2, 3, 4), (4, 5))
add("matmul", torch.matmul, (2, 3, 4), (2, 4, 5))
add("matmulBatchTransposed", lambda a, b: a @ b.transpose(-1, -2), (2, 3, 4), (2, 5, 4))

for shape in [(1, 1), (5, 2), (3, 16), (4, 17), (2, 100), (20, 6)]:
    add("logSoftmax", lambda x: F.log_softmax(x, -1), shape, low=-8, high=8)
    add("softmax", lambda x: F.softmax(x, -1), shape, low=-8, high=8)
    columns = torch.randint(0, shape[1], (shape[0],))
    add("gather", lambda x: x.gather(1, columns[:, None])[:, 0], shape, arguments=columns.tolist())
    rows = torch.randint(0, shape[0], (7,))
    add("selectingRows", lambda x: x[rows], shape, arguments=rows.tolist())

add("reshaped", lambda x: x.reshape(6, 2), (3, 4), arguments=[6, 2])
add("reshaped", lambda x: x.T.reshape(2, 6), (3, 4), arguments=["transposed", 2, 6])
add("permuted", lambda x: x.permute(2, 0, 1), (2, 3, 4), arguments=[2, 0, 1])
add("broadcast", lambda x: x.expand(4, 3, 5), (3, 1), arguments=[4, 3, 5])
add("sliced", lambda x: x[:, 1:3], (3, 4), arguments=[1, 1, 3])
add("sliced", lambda x: x[2:2], (3, 4), arguments=[0, 2, 2])
add("padded", lambda x: F.pad(x, (1, 2)), (3, 4), arguments=[1, 1, 2])
add("concatenated", lambda a, b: torch.cat([a, b], 1), (3, 4), (3, 2), arguments=[1])
add("concatenated", lambda a, b: torch.cat([a, b], 0), (1, 4), (3, 4), arguments=[0])

normal = torch.distributions.Normal
for rows, width in [(1, 1), (5, 3)]:
    a = torch.rand(rows, width) * 2 - 1
    add(
        "gaussianLogProbability",
        lambda m, s: normal(m, s.exp()).log_prob(a).sum(-1),
        inputs=[torch.rand(rows, width) - 0.5, torch.rand(width) - 0.7],
        arguments=numbers(a),
    )

path = pathlib.Path(__file__).parent / "ops.json"
path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
print(len(cases), "cases,", path.stat().st_size, "bytes")
