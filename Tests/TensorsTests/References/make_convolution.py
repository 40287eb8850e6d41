"""Golden values and gradients of convolution and pooling, from PyTorch 2.15.0 (torch==2.15.0). Run: python make_convolution.py

The cases are of the form of make_ops.py."""
import json
import pathlib

import torch

torch.manual_seed(12)
F = torch.nn.functional
cases = []


def numbers(tensor):
    return [float(f"{x:.7g}") for x in tensor.detach().numpy().ravel()]


def short(tensor):
    """The same numbers with few digits, exact in Float32."""
    return (tensor * 64).round() / 64


def add(op, function, *shapes, arguments=()):
    inputs = [short(torch.rand(shape) * 2 - 1).requires_grad_(True) for shape in shapes]
    y = function(*inputs)
    cotangent = short(torch.rand(y.shape) - 0.3)
    gradients = torch.autograd.grad(y, inputs, cotangent)
    cases.append(
        {
            "op": op,
            "arguments": list(arguments),
            "inputs": [{"shape": list(x.shape), "values": numbers(x)} for x in inputs],
            "value": {"shape": list(y.shape), "values": numbers(y)},
            "cotangent": numbers(cotangent),
            "gradients": [numbers(g) for g in gradients],
        }
    )


acts = {"identity": lambda x: x, "relu": F.relu, "tanh": torch.tanh}


def conv(x, w, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), groups=1, act="identity", bias=True):
    """padding: top, bottom, left, right"""
    t, b, l, r = padding

    def f(x, w, c=None):
        return acts[act](F.conv2d(F.pad(x, (l, r, t, b)), w, c, stride, 0, dilation, groups))

    add("conv2d", f, x, w, *([w[:1]] if bias else []), arguments=[act, *stride, *padding, *dilation, groups])


conv((1, 1, 1, 1), (1, 1, 1, 1))
conv((2, 3, 5, 7), (4, 3, 3, 2))
conv((2, 3, 5, 7), (4, 3, 3, 2), bias=False)
conv((2, 3, 8, 9), (5, 3, 3, 3), stride=(2, 3), act="relu")
conv((2, 2, 5, 4), (3, 2, 3, 3), padding=(1, 1, 1, 1), act="tanh")
conv((1, 2, 4, 5), (3, 2, 3, 2), padding=(0, 2, 1, 0))
conv((2, 2, 9, 8), (3, 2, 3, 3), dilation=(2, 3))
conv((2, 2, 7, 8), (17, 2, 3, 3), dilation=(2, 2), padding=(2, 2, 2, 2), stride=(2, 2))
conv((2, 6, 5, 5), (4, 3, 3, 3), groups=2)
conv((2, 4, 5, 6), (8, 1, 3, 3), groups=4, padding=(1, 1, 1, 1))
conv((2, 6, 4, 4), (9, 2, 2, 2), groups=3, stride=(2, 1), act="tanh")
conv((0, 3, 5, 5), (4, 3, 3, 3))
conv((9, 2, 5, 5), (3, 2, 3, 3))
conv((2, 3, 16, 16), (3, 3, 8, 8), stride=(4, 4), act="relu")
conv((1, 3, 4, 3), (34, 3, 2, 2), act="tanh")
conv((1, 2, 3, 3), (66, 2, 1, 1))
conv((1, 130, 2, 3), (2, 130, 2, 2))
conv((2, 3, 4, 5), (3, 3, 3, 3), padding=(3, 3, 3, 3))
for x, w, stride, padding, dilation, groups in [
    ((2, 3, 9), (4, 3, 3), 1, (0, 0), 1, 1), ((2, 4, 10), (6, 2, 3), 2, (2, 0), 2, 2), ((1, 1, 1), (1, 1, 1), 1, (0, 0), 1, 1),
]:
    add("conv1d", lambda x, w, c: F.conv1d(F.pad(x, padding), w, c, stride, 0, dilation, groups), x, w, w[:1],
        arguments=["identity", stride, *padding, dilation, groups])
for x, k, s, p, d in [
    ((2, 3, 4, 6), (2, 2), (2, 2), (0, 0), (1, 1)), ((1, 2, 7, 5), (3, 2), (2, 1), (1, 1), (1, 1)), ((2, 1, 8, 9), (2, 3), (1, 2), (0, 1), (2, 3)),
    ((1, 1, 1, 1), (1, 1), (1, 1), (0, 0), (1, 1)), ((0, 2, 4, 4), (2, 2), (2, 2), (0, 0), (1, 1)),
]:
    add("maxPool2d", lambda x: F.max_pool2d(x, k, s, p, d), x, arguments=[*k, *s, *p, *d])
    for counts in (1, 0):
        if x[0]:
            add("averagePool2d", lambda x: F.avg_pool2d(x, k, s, p, count_include_pad=bool(counts)), x, arguments=[*k, *s, *p, counts])
add("maxPool1d", lambda x: F.max_pool1d(x, 3, 2, 1), (2, 3, 9), arguments=[3, 2, 1])
add("averagePool1d", lambda x: F.avg_pool1d(x, 3, 2, 1), (2, 3, 9), arguments=[3, 2, 1])
for x, size in [((2, 3, 5, 7), (2, 3)), ((1, 2, 4, 4), (1, 1)), ((1, 2, 2, 3), (3, 5))]:
    add("adaptiveAveragePool2d", lambda x: F.adaptive_avg_pool2d(x, size), x, arguments=size)
add("globalAveragePool", lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0], (2, 3, 5, 7))

path = pathlib.Path(__file__).parent / "convolution.json"
path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
print(len(cases), "cases,", path.stat().st_size, "bytes")
