"""Golden values of reductions and running sums, from PyTorch 2.15.0 (torch==2.15.0). Run: python make_reductions.py"""
import torch

from golden import Cases

cases = Cases(12)
for shape, axes in [((7,), [0]), ((3, 5), [0]), ((3, 5), [1]), ((3, 5), [0, 1]), ((2, 3, 4), [1]), ((2, 3, 4), [0, 2]), ((2, 3, 4), [-1]), ((2, 37, 3), [1]), ((3, 1), [1]), ((65,), [0]), ((0, 3), [1])]:
    for keep in (False, True):
        arguments = [int(keep)] + axes
        cases.add("logSumExp", lambda x: torch.logsumexp(x, axes, keepdim=keep), shape, arguments=arguments)
        if shape[axes[0]] > 1:
            cases.add("standardDeviation", lambda x: x.std(axes, keepdim=keep), shape, arguments=arguments)
            cases.add("unbiasedVariance", lambda x: x.var(axes, keepdim=keep), shape, arguments=arguments)
        if len(axes) == 1:
            cases.add("product", lambda x: x.prod(axes[0], keepdim=keep), shape, low=0.6, high=1.4, arguments=arguments)
        mask = torch.randint(0, 3, shape).clamp(max=1).float()
        for name, f in {"any": torch.any, "all": torch.all}.items():
            def logical(x):
                y = x != 0
                for axis in sorted((a % x.dim() for a in axes), reverse=True):
                    y = f(y, axis, keepdim=keep)
                return y.float()
            cases.add(name, logical, inputs=[mask], arguments=arguments, smooth=False)
cases.add("product", lambda x: x.prod(0), inputs=[torch.tensor([2.0, 0.0, 3.0])], arguments=[0, 0])
cases.add("product", lambda x: x.prod(0), inputs=[torch.tensor([2.0, 0.0, 3.0, 0.0, 1.0])], arguments=[0, 0])
cases.add("product", lambda x: x.prod(0), (0, 3), arguments=[0, 0])
cases.add("logSumExp", lambda x: torch.logsumexp(x, 1), inputs=[torch.tensor([[1000.0, 999.0], [-1000.0, -1001.0], [float("-inf"), 2.0]])], arguments=[0, 1], smooth=False)
for shape, axis in [((1,), 0), ((7,), 0), ((3, 5), 0), ((3, 5), 1), ((2, 19, 3), 1), ((2, 3, 4), -1), ((0, 3), 1), ((3, 0), 1)]:
    cases.add("cumulativeSum", lambda x: x.cumsum(axis), shape, arguments=[axis])
cases.write(__file__)
