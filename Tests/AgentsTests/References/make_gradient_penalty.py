"""The gradient penalty of a small network and its gradient (torch==2.15.0, double backpropagation).
Run: python make_gradient_penalty.py"""
import json
import pathlib

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
sizes = [5, 7, 6, 1]
layers = [torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
network = torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1], torch.nn.Tanh(), layers[2])
rows = torch.randn(4, 5, requires_grad=True)
(slopes,) = torch.autograd.grad(network(rows).sum(), rows, create_graph=True)
penalty = ((slopes.norm(dim=1) - 1) ** 2).mean()
penalty.backward()
numbers = lambda x: x.detach().flatten().tolist()
out = {
    "torch": torch.__version__.split("+")[0],
    "sizes": sizes,
    "rows": numbers(rows),
    # [in, out], as Swirl stores them.
    "parameters": [numbers(p.T if p.dim() == 2 else p) for layer in layers for p in (layer.weight, layer.bias)],
    "penalty": penalty.item(),
    # The last bias moves no slope, and PyTorch gives it no gradient.
    "gradients": [
        numbers(g.T if g.dim() == 2 else g)
        for layer in layers
        for p in (layer.weight, layer.bias)
        for g in [p.grad if p.grad is not None else torch.zeros_like(p)]
    ],
}
file = pathlib.Path(__file__).parent / "gradient_penalty.json"
file.write_text(json.dumps(out) + "\n")
