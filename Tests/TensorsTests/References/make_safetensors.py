"""A small file of the safetensors library (safetensors==0.8.0, numpy==2.4.6). Run: python make_safetensors.py"""
import pathlib

import numpy
from safetensors.numpy import save_file

save_file(
    {"a": numpy.arange(6, dtype=numpy.float32).reshape(2, 3), "b": numpy.array([-1.5], dtype=numpy.float32)},
    pathlib.Path(__file__).parent / "python.safetensors",
    metadata={"origin": "python"},
)
