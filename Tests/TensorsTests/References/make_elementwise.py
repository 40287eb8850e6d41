"""Golden values of elementwise ops, comparisons and powers, from PyTorch 2.15.0 (torch==2.15.0).
Run: python make_elementwise.py"""
import torch

from golden import Cases

cases = Cases(11)
F = torch.nn.functional
inf, nan = float("inf"), float("nan")
ops = {
    "logSigmoid": F.logsigmoid, "expMinusOne": torch.expm1, "erf": torch.erf, "sin": torch.sin, "cos": torch.cos,
    "gelu": F.gelu, "geluTanh": lambda x: F.gelu(x, approximate="tanh"),
}
kinked = {
    "elu": lambda x: F.elu(x, 1.5), "leakyRelu": lambda x: F.leaky_relu(x, 0.125),
    "floor": torch.floor, "ceiling": torch.ceil, "rounded": torch.round,
    "isNaN": lambda x: x.isnan().float() + 0 * x.nan_to_num(0), "isFinite": lambda x: x.isfinite().float() + 0 * x.nan_to_num(0),
}
positive = {"logOnePlus": torch.log1p, "reciprocalSquareRoot": torch.rsqrt}
for shape in [(), (1,), (7,), (3, 5), (2, 3, 19), (0, 4)]:
    for name, f in ops.items():
        cases.add(name, f, shape)
    for name, f in kinked.items():
        cases.add(name, f, shape, smooth=False)
    for name, f in positive.items():
        cases.add(name, f, shape, low=0.2, high=3.0)
    for exponent in (2.5, -1.5, 0.5, -0.5, 3, -2, 0, 1, -1):
        cases.add("powScalar", lambda x: x.pow(exponent), shape, low=0.3, high=2.0, arguments=[exponent])
for exponent in (4, 3, -3, 5, 2):
    cases.add("powScalar", lambda x: x.pow(exponent), arguments=[exponent], inputs=[torch.tensor([-1.5, -0.75, 0.5, 1.25])])
far = torch.tensor([-40.0, -20.0, -6.0, -3.5, -1e-3, -1e-8, 0.0, 1e-6, 0.3, 4.0, 7.5, 30.0])
for name in ("logSigmoid", "expMinusOne", "erf", "gelu", "geluTanh"):
    cases.add(name, ops[name], inputs=[far], smooth=False)
for name in ("sin", "cos"):
    cases.add(name, ops[name], inputs=[torch.tensor([-2e5, -1e4, -100.0, -3.14159274, 0.0, 1.57079637, 50.0, 12345.678, 1e6])], smooth=False)
cases.add("logOnePlus", torch.log1p, inputs=[torch.tensor([-0.999, -0.5, -1e-4, 1e-10, 0.0, 1e-5, 3.0, 1e9])], smooth=False)
for name in ("floor", "rounded", "ceiling"):
    cases.add(name, kinked[name], inputs=[torch.tensor([-2.5, -1.5, -0.5, 0.0, 0.5, 1.5, 2.5, 1e8, -0.2])], smooth=False)
special = torch.tensor([nan, inf, -inf, 0.0, 1.0])
for name in ("isNaN", "isFinite"):
    cases.add(name, kinked[name], inputs=[special], smooth=False)
cases.add("elu", kinked["elu"], inputs=[torch.tensor([-50.0, -1e-6, 0.0, 1e-6, 50.0])], smooth=False)

broadcasts = [((), ()), ((5,), (5,)), ((3, 5), (5,)), ((3, 5), (3, 1)), ((3, 1), (1, 5)), ((2, 1, 4), (3, 1)), ((4, 3), ()), ((), (4, 3)), ((0, 3), (3,)), ((2, 33), (2, 33))]
for a, b in broadcasts:
    cases.add("pow", torch.pow, inputs=[torch.rand(a) * 2 + 0.3, torch.rand(b) * 4 - 2])
    away = lambda shape: (torch.rand(shape) + 0.5) * (torch.randint(0, 2, shape) * 2 - 1)
    cases.add("atan2", torch.atan2, inputs=[away(a), away(b)])
    whole = [torch.randint(-1, 2, a).float(), torch.randint(-1, 2, b).float()]
    for name, f in {"less": torch.lt, "lessOrEqual": torch.le, "greater": torch.gt, "greaterOrEqual": torch.ge, "equal": torch.eq, "notEqual": torch.ne}.items():
        cases.add(name, lambda x, y: f(x, y).float() + 0 * (x + y), inputs=whole, smooth=False)
    condition = torch.randint(0, 2, torch.broadcast_shapes(a, b)).float()
    cases.add("where", lambda c, x, y: torch.where(c != 0, x, y) + 0 * c, inputs=[condition, torch.rand(a), torch.rand(b)], smooth=False)
cases.add("where", lambda c, x, y: torch.where(c != 0, x, y) + 0 * c, inputs=[torch.tensor([[1.0], [0.0]]), torch.rand(3), torch.rand(2, 3)], smooth=False)
cases.write(__file__)
