"""Small files of the safetensors library (safetensors==0.8.0, numpy==2.4.6, torch==2.15.0).
Run: python make_safetensors.py"""
import json
import pathlib

import numpy
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch_file

here = pathlib.Path(__file__).parent
save_file(
    {"a": numpy.arange(6, dtype=numpy.float32).reshape(2, 3), "b": numpy.array([-1.5], dtype=numpy.float32)},
    here / "python.safetensors",
    metadata={"origin": "python"},
)

# Every type that can be read. The 8-bit floats hold all their 256 bit patterns.
floats = torch.tensor([-2.0, -0.5, 0.0, 1.5, 3.0, 448.0], dtype=torch.float64)
every = torch.arange(256, dtype=torch.int16).to(torch.uint8)
tensors = {
    "F64": floats.reshape(2, 3), "F32": floats.float().reshape(3, 2), "F16": floats.half(), "BF16": floats.bfloat16(),
    "F8_E4M3": every.clone().view(torch.float8_e4m3fn), "F8_E5M2": every.clone().view(torch.float8_e5m2),
    "F8_E8M0": every.clone().view(torch.float8_e8m0fnu),
    "I64": torch.tensor([-(2**31), -1, 0, 2**31 - 1]), "I32": torch.tensor([-(2**31), 7], dtype=torch.int32),
    "I16": torch.tensor([-32768, 32767], dtype=torch.int16), "I8": torch.tensor([-128, 127], dtype=torch.int8),
    "U64": torch.tensor([0, 9], dtype=torch.uint64), "U32": torch.tensor([2**31 - 1], dtype=torch.uint32),
    "U16": torch.tensor([65535], dtype=torch.uint16), "U8": torch.tensor([0, 255], dtype=torch.uint8),
    "BOOL": torch.tensor([True, False, True]), "none": torch.zeros(0, 4),
}
save_torch_file(tensors, here / "types.safetensors")
values = {
    name: ["nan" if x != x else "inf" if x == float("inf") else "-inf" if x == -float("inf") else x
           for x in tensors[name].float().tolist()]
    for name in ["F8_E4M3", "F8_E5M2", "F8_E8M0"]
}
(here / "float8.json").write_text(json.dumps(values))

# Two shards and their index, as the Hugging Face hub lays them out.
folder = here / "sharded"
folder.mkdir(exist_ok=True)
first = {"embed.weight": torch.arange(6).reshape(3, 2).bfloat16(), "layers.0.weight": torch.ones(2, 2)}
second = {"layers.0.bias": torch.tensor([0.5, -0.5]), "norm.weight": torch.full((2,), 3.0).half()}
files = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
for part, file in zip([first, second], files):
    save_torch_file(part, folder / file, metadata={"format": "pt"})
index = {"metadata": {"total_size": 40}, "weight_map": {n: f for p, f in zip([first, second], files) for n in p}}
(folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))
