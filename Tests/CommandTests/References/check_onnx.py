"""Does an exported policy act in onnxruntime as it does in Swirl (numpy==2.4.6, onnx==1.23.2, onnxruntime==1.31.1)?
  swirl evaluate RUN --save-demonstrations SHOWN.safetensors
  swirl export RUN --format onnx --out POLICY.onnx
Run: python check_onnx.py SHOWN.safetensors POLICY.onnx"""
import json
import struct
import sys

import numpy as np
import onnx
import onnxruntime

with open(sys.argv[1], "rb") as file:
    data = file.read()
(length,) = struct.unpack("<Q", data[:8])
header = json.loads(data[8 : 8 + length])


def tensor(name):
    entry = header[name]
    first, last = entry["data_offsets"]
    assert entry["dtype"] == "F32", entry
    return np.frombuffer(data[8 + length + first : 8 + length + last], np.float32).reshape(entry["shape"])


onnx.checker.check_model(onnx.load(sys.argv[2]), full_check=True)
session = onnxruntime.InferenceSession(sys.argv[2], providers=["CPUExecutionProvider"])
observation = session.get_inputs()[0]
numbers = tensor("observations").astype(np.uint8 if observation.type == "tensor(uint8)" else np.float32)
if len(session.get_inputs()) == 1:
    (action,) = session.run(["action"], {"observation": numbers})
else:
    # A policy that remembers: one step after another, from zeros where an episode begins.
    zeros = np.zeros((1, session.get_inputs()[1].shape[1]), np.float32)
    actions, state = [], zeros
    for row, ending in zip(numbers, tensor("endings")):
        action, state = session.run(["action", "next_state"], {"observation": row[None], "state": state})
        actions.append(action[0])
        state = zeros if ending else state
    action = np.stack(actions)
shown = tensor("actions")
difference = np.abs(action.reshape(shown.shape).astype(np.float64) - shown).max()
print(f"{len(shown)} observations: actions differ by {difference} at most")
sys.exit(int(difference >= 1e-5))
