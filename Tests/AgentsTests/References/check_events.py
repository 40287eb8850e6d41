"""Reads the event files of a run with TensorBoard's own reader (tensorboard==2.21.0) and compares every scalar with
metrics.csv, and the evaluations with evaluations.json.
Run: python check_events.py RUN"""
import csv
import json
import math
import pathlib
import struct
import sys

import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = pathlib.Path(sys.argv[1])
accumulator = EventAccumulator(str(run), size_guidance={"scalars": 0})
accumulator.Reload()


def scalars(tag):
    return {event.step: event.value for event in accumulator.Scalars(tag)}


def single(x):
    return struct.unpack("f", struct.pack("f", x))[0]


with open(run / "metrics.csv") as file:
    rows = list(csv.DictReader(file))
tags = accumulator.Tags()["scalars"]
compared = 0
for tag in tags:
    group, name = tag.split("/", 1)
    if group == "evaluation":
        continue
    found = scalars(tag)
    expected = {int(row["steps"]): float(row[name]) for row in rows if math.isfinite(float(row[name]))}
    assert found.keys() == expected.keys(), f"{tag}: steps differ"
    assert all(single(found[step]) == single(expected[step]) for step in found), f"{tag}: values differ"
    compared += len(found)
columns = {name for name in rows[0] if name not in ("steps", "iteration", "episodes", "seconds")}
missing = {n for n in columns if not n.startswith("seconds_")} - {t.split("/", 1)[1] for t in tags}
assert not missing, f"TensorBoard has no {missing}"
if "evaluation/mean_return" in tags:
    found = scalars("evaluation/mean_return")
    for entry in json.loads((run / "evaluations.json").read_text()):
        if entry["step"] in found:
            mean = sum(entry["returns"]) / len(entry["returns"])
            assert math.isclose(found[entry["step"]], mean, rel_tol=1e-6), entry["step"]
    compared += len(found)
print(f"tensorboard {tensorboard.__version__}: {compared} scalars of {len(tags)} tags are those of the run")
