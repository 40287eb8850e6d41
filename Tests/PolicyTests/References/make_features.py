"""Features of a row with two pictures among numbers, and their gradients, from PyTorch 2.15.0 (torch==2.15.0).
Run: python make_features.py"""
import json
import pathlib

import torch

torch.manual_seed(5)


def short(*shape):
    """Numbers with few digits, exact in Float32."""
    return ((torch.rand(shape) * 2 - 1) * 64).round() / 64


# A row: 3 numbers, a picture of 7 × 6 pixels of 2 channels, 2 numbers, 3 planes of 5 × 5, 1 number.
rows = short(4, 3 + 84 + 2 + 75 + 1)
parameters = {
    "convolutions.0.weight": short(3, 2, 3, 3),
    "convolutions.0.bias": short(3),
    "convolutions.1.weight": short(4, 3, 2, 2),
    "convolutions.1.bias": short(4),
    "convolutions.2.weight": short(2, 3, 3, 3),
    "convolutions.2.bias": short(2),
}
# Stored [inputs, outputs].
joined = 3 + 2 * 1 * 4 + 2 + 2 * 2 * 2 + 1
parameters["dense.layers.0.weight"] = short(joined, 6) / 2
parameters["dense.layers.0.bias"] = short(6)
for tensor in [rows, *parameters.values()]:
    tensor.requires_grad_(True)


def convolved(pictures, *layers):
    for number, stride in layers:
        weight, bias = (parameters[f"convolutions.{number}.{k}"] for k in ("weight", "bias"))
        pictures = torch.relu(torch.nn.functional.conv2d(pictures, weight, bias, stride))
    # A pixel's channels side by side.
    return pictures.permute(0, 2, 3, 1).flatten(1)


first = rows[:, 3:87].reshape(-1, 7, 6, 2).permute(0, 3, 1, 2)
second = rows[:, 89:164].reshape(-1, 3, 5, 5)
features = torch.cat(
    [
        rows[:, :3],
        convolved(first, (0, 2), (1, 1)),
        rows[:, 87:89],
        convolved(second, (2, 2)),
        rows[:, 164:],
    ],
    1,
)
assert features.shape[1] == joined
y = torch.tanh(features @ parameters["dense.layers.0.weight"] + parameters["dense.layers.0.bias"])
cotangent = short(*y.shape)
gradients = torch.autograd.grad(y, [rows, *parameters.values()], cotangent)


def numbers(tensor):
    return [float(f"{x:.8g}") for x in tensor.detach().numpy().ravel()]


pathlib.Path(__file__).with_name("features.json").write_text(
    json.dumps(
        {
            "rows": numbers(rows),
            "parameters": {k: numbers(v) for k, v in parameters.items()},
            "cotangent": numbers(cotangent),
            "features": numbers(y),
            "gradients": {k: numbers(g) for k, g in zip(["rows", *parameters], gradients)},
        }
    )
    + "\n"
)
