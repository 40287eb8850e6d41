"""Golden values of losses, from PyTorch 2.15.0 (torch==2.15.0). Run: python make_losses.py"""
import torch

from golden import Cases, numbers

cases = Cases(15)
F = torch.nn.functional
for rows, classes in [(1, 1), (3, 2), (5, 7), (3, 33), (1, 40)]:
    targets = torch.randint(0, classes, (rows,))
    some = targets.clone()
    some[0] = -100
    weights = torch.rand(classes) + 0.5
    for reduction in ("none", "mean", "sum"):
        for smoothing in (0.0, 0.1):
            for weighted in (0, 1):
                w = weights if weighted else None
                head = [reduction, smoothing, weighted]
                extra = (numbers(weights) if weighted else [])
                cases.add("crossEntropy", lambda x: F.cross_entropy(x, targets, weight=w, label_smoothing=smoothing, reduction=reduction), (rows, classes), low=-4, high=4, arguments=head + targets.tolist() + extra)
                if rows > 1:
                    cases.add("crossEntropy", lambda x: F.cross_entropy(x, some, weight=w, label_smoothing=smoothing, reduction=reduction), (rows, classes), low=-4, high=4, arguments=head + some.tolist() + extra)
        for weighted in (0, 1):
            w = weights if weighted else None
            extra = (numbers(weights) if weighted else [])
            chosen = some if rows > 1 else targets
            cases.add("negativeLogLikelihood", lambda x: F.nll_loss(x, chosen, weight=w, reduction=reduction), (rows, classes), arguments=[reduction, 0, weighted] + chosen.tolist() + extra)
cases.add("crossEntropy", lambda x: F.cross_entropy(x, torch.tensor([1, 0])), inputs=[torch.tensor([[1e4, -1e4, 3.0], [-1e4, 1e4, float("-inf")]])], arguments=["mean", 0, 0, 1, 0], smooth=False)
for shape in [(), (1,), (3, 5), (2, 33), (0, 3)]:
    a, b = torch.rand(shape) * 6 - 3, torch.rand(shape) * 6 - 3
    for reduction in ("none", "mean", "sum") if 0 not in shape else ("none", "sum"):
        cases.add("meanSquaredError", lambda x, y: F.mse_loss(x, y, reduction=reduction), inputs=[a, b], arguments=[reduction])
        cases.add("meanAbsoluteError", lambda x, y: F.l1_loss(x, y, reduction=reduction), inputs=[a, b], arguments=[reduction], smooth=False)
        cases.add("huberLoss", lambda x, y: F.huber_loss(x, y, delta=0.75, reduction=reduction), inputs=[a, b], arguments=[reduction, 0.75], smooth=False)
        cases.add("smoothL1Loss", lambda x, y: F.smooth_l1_loss(x, y, beta=0.5, reduction=reduction), inputs=[a, b], arguments=[reduction, 0.5], smooth=False)
        p = torch.rand(shape)
        cases.add("binaryCrossEntropy", lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction=reduction), inputs=[a, p], arguments=[reduction])
        cases.add("binaryCrossEntropyWeighted", lambda x, y: F.binary_cross_entropy_with_logits(x, y, pos_weight=torch.tensor(2.5), reduction=reduction), inputs=[a, p], arguments=[reduction])
for rows, classes in [(1, 1), (3, 5), (2, 9)]:
    logs = torch.log_softmax(torch.randn(rows, classes), -1)
    target = torch.softmax(torch.rand(rows, classes), -1)
    cases.add("klDivergence", lambda x, y: F.kl_div(x, y, reduction="batchmean"), inputs=[logs, target], arguments=[0], smooth=classes < 9)
    cases.add("klDivergence", lambda x, y: F.kl_div(x, y, reduction="batchmean", log_target=True), inputs=[logs, target.log()], arguments=[1])
zeros = torch.tensor([[0.0, 1.0], [0.5, 0.5]])
cases.add("klDivergence", lambda x: F.kl_div(x, zeros, reduction="batchmean"), inputs=[torch.log_softmax(torch.randn(2, 2), -1)], arguments=[0] + numbers(zeros))
cases.write(__file__)
