"""Golden values and gradients of normalisation, from PyTorch 2.15.0 (torch==2.15.0). Run: python make_normalization.py

The cases are of the form of make_ops.py."""
import json
import pathlib

import torch

torch.manual_seed(11)
F = torch.nn.functional
cases = []


def numbers(tensor):
    return [float(f"{x:.7g}") for x in tensor.detach().numpy().ravel()]


def short(tensor):
    """The same numbers with few digits, exact in Float32."""
    return (tensor * 64).round() / 64


def add(op, function, *shapes, arguments=()):
    inputs = [short(torch.rand(shape) * 4 - 1.5).requires_grad_(True) for shape in shapes]
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


for shape in [(1,), (7,), (0, 4), (3, 1), (5, 16), (2, 3, 37), (1, 100), (67, 5)]:
    n = shape[-1:]
    add("layerNorm", lambda x: F.layer_norm(x, n), shape)
    add("layerNorm", lambda x, w: F.layer_norm(x, n, w), shape, n)
    add("layerNorm", lambda x, w, b: F.layer_norm(x, n, w, b), shape, n, n)
    add("rmsNorm", lambda x: F.rms_norm(x, n, eps=1e-6), shape)
    add("rmsNorm", lambda x, w: F.rms_norm(x, n, w, eps=1e-6), shape, n)
for shape, groups in [((2, 12), 2), ((1, 6, 5), 3), ((3, 6, 3, 5), 2), ((2, 5, 1), 1), ((0, 4, 3), 2), ((2, 3, 37), 3)]:
    c = shape[1:2]
    if shape[0] * shape[-1] != 1 and shape[0] > 0:
        add("groupNorm", lambda x: F.group_norm(x, groups), shape, arguments=[groups])
    add("groupNorm", lambda x, w, b: F.group_norm(x, groups, w, b), shape, c, c, arguments=[groups])
for shape in [(4, 3), (33, 7), (2, 3, 5), (1, 2, 37), (3, 4, 5, 3), (5, 1, 1, 1)]:
    c = shape[1:2]
    add("batchNorm", lambda x: F.batch_norm(x, None, None, training=True), shape)
    add("batchNorm", lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), shape, c, c)

running = []
for shape in [(5, 3), (2, 3, 4, 5)]:
    layer = torch.nn.BatchNorm1d(3, momentum=0.3) if len(shape) == 2 else torch.nn.BatchNorm2d(3, momentum=0.3)
    batches = [short(torch.rand(shape) * 4 - 1.5) for _ in range(3)]
    for batch in batches:
        layer(batch)
    layer.eval()
    running.append(
        {
            "shape": list(shape), "batches": [numbers(x) for x in batches], "mean": numbers(layer.running_mean),
            "variance": numbers(layer.running_var), "evaluated": numbers(layer(batches[0])),
        }
    )

path = pathlib.Path(__file__).parent / "normalization.json"
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
path.write_text('{"cases":[\n' + lines + '\n],\n"running":' + json.dumps(running, separators=(",", ":")) + "}\n")
print(len(cases), "cases,", path.stat().st_size, "bytes")
