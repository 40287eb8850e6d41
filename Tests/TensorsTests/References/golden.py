"""What the make_*.py scripts of golden values share: a case is the inputs of an op, its value, a cotangent and
the gradient of every input, as PyTorch 2.15.0 (torch==2.15.0) computes them. Float32 numbers are written as the
shortest decimals that read back exactly."""
import json
import pathlib

import torch


def numbers(tensor):
    values = tensor.detach().to(torch.float32).numpy().ravel()
    return [float(str(x)) if x == x and abs(x) != float("inf") else str(x) for x in values]


class Cases:
    def __init__(self, seed):
        torch.manual_seed(seed)
        self.cases = []

    def add(self, op, function, *shapes, low=-2.0, high=2.0, arguments=None, inputs=None, smooth=True):
        """`smooth`: whether central differences say anything at these inputs."""
        inputs = inputs or [torch.rand(shape) * (high - low) + low for shape in shapes]
        inputs = [x.clone().requires_grad_(True) for x in inputs]
        y = function(*inputs)
        cotangent = torch.rand(y.shape) + 0.5
        gradients = [None] * len(inputs)
        if y.requires_grad:
            gradients = torch.autograd.grad(y, inputs, cotangent.to(y.dtype), allow_unused=True)
        case = {
            "op": op,
            "arguments": arguments or [],
            "inputs": [{"shape": list(x.shape), "values": numbers(x)} for x in inputs],
            "value": {"shape": list(y.shape), "values": numbers(y)},
            "cotangent": numbers(cotangent),
            "gradients": [numbers(torch.zeros_like(x) if g is None else g) for g, x in zip(gradients, inputs)],
        }
        if not smooth:
            case["smooth"] = False
        self.cases.append(case)

    def write(self, script):
        path = pathlib.Path(script).parent / (pathlib.Path(script).stem.removeprefix("make_") + ".json")
        lines = [json.dumps(case, separators=(",", ":")) for case in self.cases]
        path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
        print(len(self.cases), "cases,", path.stat().st_size, "bytes")
