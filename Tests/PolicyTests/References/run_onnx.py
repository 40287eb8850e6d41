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
    (observation,) = session.get_inputs()
    batch = np.array(numbers, np.float32).reshape(-1, observation.shape[1])
    outputs = dict(zip([o.name for o in session.get_outputs()], session.run(None, {observation.name: batch})))
    # A row must not depend on its batch's size.
    alone = [session.run(["action"], {observation.name: row[None]})[0][0] for row in batch]
    assert np.allclose(np.stack(alone), outputs["action"], atol=1e-6)
    output = outputs["logits"] if "logits" in outputs else outputs["mean"]
    if "log_std" in outputs:
        assert np.allclose(outputs["log_std"], -0.5)
    print(name, {k: (v.dtype.name, v.shape) for k, v in outputs.items()})
    results[name] = {
        "action": outputs["action"].astype(np.float64).flatten().tolist(),
        "output": output.astype(np.float64).flatten().tolist(),
    }
(folder / "onnx_outputs.json").write_text(json.dumps(results) + "\n")
print("onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__)
