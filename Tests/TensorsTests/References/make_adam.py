"""Golden steps of Adam with gradient clipping, from PyTorch 2.15.0 (torch==2.15.0). Run: python make_adam.py"""
import json
import pathlib

import torch

x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
optimizer = torch.optim.Adam([x], lr=0.1, eps=1e-5)
rows = []
for _ in range(3):
    optimizer.zero_grad()
    (x * x * x).sum().backward()
    torch.nn.utils.clip_grad_norm_([x], 2.0)
    optimizer.step()
    rows.append([float(str(v)) for v in x.detach().numpy()])
(pathlib.Path(__file__).parent / "adam.json").write_text(json.dumps(rows) + "\n")
