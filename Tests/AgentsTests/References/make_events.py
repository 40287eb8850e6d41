"""An event file (tensorboard==2.21.0) as TensorBoard's own writer frames and encodes it.
Run: python make_events.py"""
import pathlib

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

print("tensorboard", tensorboard.__version__)
with open(pathlib.Path(__file__).parent / "events.tfevents", "wb") as file:
    writer = RecordWriter(file)
    for event in (
        Event(wall_time=1.5, file_version="brain.Event:2"),
        Event(wall_time=1.5, step=7, session_log=SessionLog(status=SessionLog.START)),
        Event(
            wall_time=2.5,
            step=300,
            summary=Summary(
                value=[
                    Summary.Value(tag="rollout/mean_return", simple_value=21.25),
                    Summary.Value(tag="train/entropy", simple_value=-0.5),
                ]
            ),
        ),
    ):
        writer.write(event.SerializeToString())
    writer.flush()
