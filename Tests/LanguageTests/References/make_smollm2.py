"""Writes some of the logits transformers gives for SmolLM2-135M-Instruct, as smollm2-logits.json.

    python Tests/LanguageTests/References/make_smollm2.py .swirl/models/SmolLM2-135M-Instruct.Q4_1.gguf

torch 2.15.0, transformers 5.23.0, gguf. The weights are the numbers the blocks stand for, in Float32; the tokens of a prompt
of n are t(i) = 1 + (i · i · 31 + i · 7) mod 49151 for i < n.
"""
import json
import os
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM

folder, name = os.path.split(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(folder or ".", gguf_file=name, dtype=torch.float32).eval()
IDS = [(997 * i * i + 13 * i) % 49152 for i in range(48)]
result = {"ids": IDS, "prompts": []}
with torch.no_grad():
    for length in (1, 2, 17, 96, 97, 256, 512):
        tokens = [1 + (i * i * 31 + i * 7) % 49151 for i in range(length)]
        logits = model(torch.tensor([tokens])).logits[0, -1]
        result["prompts"].append({"length": length, "argmax": int(logits.argmax()),
                                  "logits": [float(logits[i]) for i in IDS]})
(pathlib.Path(__file__).parent / "smollm2-logits.json").write_text(json.dumps(result))
