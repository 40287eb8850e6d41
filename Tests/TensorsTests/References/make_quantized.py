"""Blocks of the gguf package (gguf==0.19.0, numpy==2.4.6) and the numbers they stand for.
Run: python make_quantized.py"""
import base64
import json
import pathlib

import numpy
from gguf import GGMLQuantizationType as Type
from gguf import quants

random = numpy.random.default_rng(5)
layouts = {"Q4_0": (32, 18, [0]), "Q4_1": (32, 20, [0, 2]), "Q5_0": (32, 22, [0]), "Q8_0": (32, 34, [0]),
           "Q4_K": (256, 144, [0, 2]), "Q6_K": (256, 210, [208])}


def text(array):
    return base64.b64encode(numpy.ascontiguousarray(array).tobytes()).decode()


cases = []
for name, (numbers, size, scales) in layouts.items():
    rows, blocks = (3, 3) if numbers == 32 else (3, 1)
    data = random.integers(0, 256, (rows, blocks, size), dtype=numpy.uint8)
    for at in scales:  # any code is allowed; scales are finite, of both signs, one 0 and one subnormal
        scale = random.normal(0, 0.01, (rows, blocks)).astype(numpy.float16)
        scale[0, 0], scale[1, 0] = 0, numpy.float16(3e-7)
        data[:, :, at:at + 2] = scale[..., None].view(numpy.uint8)
    data = data.reshape(rows, blocks * size)
    numbers = quants.dequantize(data, Type[name])
    cases.append({"format": name, "inputs": numbers.shape[1], "blocks": text(data), "numbers": text(numbers)})

x = random.normal(0, 1, (2, 96)).astype(numpy.float32)
x[0, :32] = 0
x[1, 3] = -x[1, 5]
quantized = [{"format": name, "inputs": 96, "blocks": text(quants.quantize(x, Type[name])), "numbers": text(x)}
             for name in ["Q8_0", "Q4_0"]]
out = {"dequantized": cases, "quantized": quantized}
(pathlib.Path(__file__).parent / "quantized.json").write_text(json.dumps(out, indent=0))
