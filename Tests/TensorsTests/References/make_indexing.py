"""Golden values of picking, ordering and embedding, from PyTorch 2.15.0 (torch==2.15.0). Run: python make_indexing.py"""
import torch

from golden import Cases

cases = Cases(14)
F = torch.nn.functional
for shape, axis, count in [((7,), 0, 4), ((5, 3), 0, 2), ((5, 3), 1, 6), ((2, 4, 3), 1, 5), ((2, 4, 3), -1, 1), ((2, 1, 33), 1, 3)]:
    sizes = list(shape)
    sizes[axis] = count
    indices = torch.randint(0, shape[axis], sizes)
    flat = indices.ravel().tolist()
    cases.add("gatherAxis", lambda x: x.gather(axis, indices), shape, arguments=[axis] + flat)
    cases.add("scatterAdding", lambda x, y: x.scatter_add(axis, indices, y), shape, tuple(sizes), arguments=[axis] + flat)
    line = torch.randint(0, shape[axis], (count,))
    cases.add("selecting", lambda x: x.index_select(axis, line), shape, arguments=[axis] + line.tolist())
cases.add("selecting", lambda x: x.index_select(1, torch.tensor([], dtype=torch.long)), (3, 2), arguments=[1])


def distinct(shape):
    """Numbers far enough apart that a small step does not change their order."""
    n = max(1, torch.Size(shape).numel())
    return (torch.randperm(n).float() * 0.37 - 3).reshape(shape) if torch.Size(shape).numel() else torch.rand(shape)


for shape, axis in [((1,), 0), ((9,), 0), ((4, 6), 0), ((4, 6), 1), ((2, 5, 3), 1), ((2, 70), -1), ((60, 2), 0), ((0, 4), 1), ((3, 0), 1)]:
    for descending in (False, True):
        cases.add("sorted", lambda x: x.sort(dim=axis, descending=descending, stable=True)[0], arguments=[axis, int(descending)], inputs=[distinct(shape)])
        ties = torch.randint(0, 4, shape).float()
        cases.add("sortingOrder", lambda x: x.argsort(dim=axis, descending=descending, stable=True).float(), arguments=[axis, int(descending)], inputs=[ties], smooth=False)
    for k in {0, 1, shape[axis] // 2, shape[axis]}:
        if k <= shape[axis]:
            for largest in (True, False):
                cases.add("topK", lambda x: x.topk(k, dim=axis, largest=largest)[0], arguments=[axis, k, int(largest)], inputs=[distinct(shape)])
    if shape[axis]:
        cases.add("argmax", lambda x: x.argmax(axis).float(), arguments=[axis], inputs=[distinct(shape)], smooth=False)
        cases.add("argmin", lambda x: x.argmin(axis).float(), arguments=[axis], inputs=[distinct(shape)], smooth=False)
nan, inf = float("nan"), float("inf")
odd = torch.tensor([1.0, nan, -inf, 0.0, -0.0, inf, -1.0, nan])
cases.add("sortingOrder", lambda x: x.argsort(stable=True).float(), arguments=[0, 0], inputs=[odd], smooth=False)
cases.add("argmax", lambda x: x.argmax(0).float(), arguments=[0], inputs=[odd], smooth=False)
cases.add("argmin", lambda x: x.argmin(0).float(), arguments=[0], inputs=[odd], smooth=False)
cases.add("argmax", lambda x: x.argmax(0).float(), arguments=[0], inputs=[torch.tensor([1.0, 3.0, 3.0])], smooth=False)
tokens = torch.tensor([3, 0, 3, 1, 3, 2])
cases.add("embedding", lambda w: F.embedding(tokens, w), (5, 3), arguments=[-1] + tokens.tolist())
cases.add("embedding", lambda w: F.embedding(tokens, w, padding_idx=3), (5, 3), arguments=[3] + tokens.tolist(), smooth=False)
cases.write(__file__)
