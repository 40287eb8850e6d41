"""What onnxruntime makes of the policies of ONNXTests (onnx==1.23.2, onnxruntime==1.31.1).
First: SWIRL_WRITE_REFERENCES=1 swift test --filter ONNXTests, which writes the files and the rows.
Run: python run_onnx.py"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime

folder = pathlib.Path(__file__).parent
rows = json.loads((folder / "onnx_rows.json").read_text())
results = {}
for name, numbers in sorted(rows.items()):
    path = folder / f"{name}.onnx"
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    observation = session.get_inputs()[0]
    element = np.uint8 if "uint8" in observation.type else np.float32
    batch = np.array(numbers, np.float32).astype(element).reshape(-1, observation.shape[1])
    names = [o.name for o in session.get_outputs()]

    def run(rows, states):
        feeds = {observation.name: rows}
        if states is not None:
            feeds["state"] = states
        return dict(zip(names, session.run(None, feeds)))

    states = None
    if "next_state" in names:
        states = np.zeros((len(batch), session.get_inputs()[1].shape[1]), np.float32)
    actions = []
    for _ in range(3 if states is not None else 1):
        outputs = run(batch, states)
        # A row must not depend on its batch's size.
        alone = [run(batch[i : i + 1], None if states is None else states[i : i + 1]) for i in range(len(batch))]
        assert np.allclose(np.stack([a["action"][0] for a in alone]), outputs["action"], atol=1e-6)
        states = outputs.get("next_state")
        actions.append(outputs["action"].astype(np.float64).flatten())
    if "log_std" in outputs:
        assert np.allclose(outputs["log_std"], -0.5)
    print(name, {k: (v.dtype.name, v.shape) for k, v in outputs.items()})
    output = next((outputs[k] for k in ("logits", "mean", "values") if k in outputs), np.zeros(0))
    results[name] = {
        "action": np.concatenate(actions).tolist(),
        "output": output.astype(np.float64).flatten().tolist(),
    }
(folder / "onnx_outputs.json").write_text(json.dumps(results) + "\n")
print("onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__)
