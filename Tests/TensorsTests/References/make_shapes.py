"""Golden values of ops that move numbers, from PyTorch 2.15.0 (torch==2.15.0). Run: python make_shapes.py"""
import torch

from golden import Cases

cases = Cases(13)
F = torch.nn.functional
cases.add("concatenated", lambda *x: torch.cat(x, 1), (3, 4), (3, 2), (3, 0), (3, 1), arguments=[1])
cases.add("concatenated", lambda *x: torch.cat(x, -1), (2, 3, 1), (2, 3, 5), arguments=[-1])
cases.add("concatenated", lambda x: torch.cat([x], 0), (2,), arguments=[0])
for axis in (0, 1, 2, -1):
    cases.add("stacked", lambda *x: torch.stack(x, axis), (3, 5), (3, 5), (3, 5), arguments=[axis])
cases.add("stacked", lambda *x: torch.stack(x, 0), (), (), arguments=[0])
for shape, sizes, axis in [((7,), [2, 0, 5], 0), ((3, 6), [1, 5], 1), ((2, 4, 3), [1, 3], -2)]:
    # The parts come back in reverse order, so that each is seen.
    cases.add("split", lambda x: torch.cat(x.split(sizes, axis)[::-1], axis), shape, arguments=[axis] + sizes)
cases.add("splitSize", lambda x: torch.cat(x.split(3, 0)[::-1], 0), (8, 2), arguments=[0, 3])
cases.add("chunked", lambda x: torch.cat(x.chunk(3, 1)[::-1], 1), (2, 6), arguments=[1, 3])
for shape, axes in [((5,), [0]), ((3, 5), [0]), ((3, 5), [1]), ((3, 5), [0, 1]), ((2, 3, 4), [0, 2]), ((0, 3), [0]), ((1, 1), [1])]:
    cases.add("flipped", lambda x: x.flip(axes), shape, arguments=axes)
for shape, axis in [((3, 5), 0), ((3, 5), 1), ((3, 5), -1), ((), 0), ((0, 2), 1)]:
    cases.add("expandingDim", lambda x: x.unsqueeze(axis), shape, arguments=[axis])
cases.add("squeezed", lambda x: x.squeeze(1), (3, 1, 5), arguments=[1])
cases.add("squeezed", lambda x: x.squeeze(-1), (3, 1), arguments=[-1])
cases.add("squeezedAll", lambda x: x.squeeze(), (1, 3, 1, 2, 1))
for shape, times in [((3,), [2]), ((2, 3), [2, 3]), ((2, 3), [1, 1]), ((3,), [2, 4]), ((2, 1, 3), [3, 2, 1]), ((2, 3), [0, 2])]:
    cases.add("repeated", lambda x: x.repeat(times), shape, arguments=times)
for shape, shift, axis in [((5,), 2, 0), ((5,), -7, 0), ((3, 4), 1, 1), ((3, 4), 0, 0), ((2, 3, 4), 5, 1), ((0, 3), 1, 0)]:
    cases.add("rolled", lambda x: x.roll(shift, axis), shape, arguments=[shift, axis])
for shape, widths, value in [((4,), [1, 2], 0), ((3, 4), [1, 2, 0, 3], -1.5), ((2, 3, 1), [1, 0, 0, 0, 2, 2], 7), ((0, 2), [1, 1, 0, 1], 3), ((3, 4), [0, 0, 0, 0], 1)]:
    backwards = [w for axis in reversed(range(len(shape))) for w in widths[2 * axis : 2 * axis + 2]]
    cases.add("paddedWith", lambda x: F.pad(x, backwards, value=value), shape, arguments=[value] + widths)
for shape, axis, start, stop, step in [((9,), 0, 0, 9, 2), ((9,), 0, 1, 8, 3), ((3, 10), 1, 2, 10, 4), ((5, 3), 0, 4, 5, 7), ((4, 2), 0, 2, 2, 2)]:
    cases.add("slicedBy", lambda x: x[(slice(None),) * axis + (slice(start, stop, step),)], shape, arguments=[axis, start, stop, step])
cases.write(__file__)
