"""Peer of engine-benchmark: PyTorch, the perceptron 4-64-64-2 with tanh, forward + backward + Adam, one thread."""
import statistics
import time

import torch

torch.set_num_threads(1)
for batch in (64, 256, 2048):
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.Tanh(), torch.nn.Linear(64, 2)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = torch.randn(batch, 4), torch.randn(batch, 2)

    def step():
        loss = ((model(x) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for _ in range(50):
        step()
    steps = max(20, 40_000 // batch)
    windows = []
    for _ in range(15):
        start = time.perf_counter()
        for _ in range(steps):
            step()
        windows.append((time.perf_counter() - start) / steps * 1e6)
    print(f"torch_mlp_train_b{batch}: {statistics.median(windows):.1f} µs a step", flush=True)
