"""The progress of the consumers, polled in a thread of its own, for the servers may answer slowly or not
at all."""

import dataclasses
import threading
import time

import bus
import redis
from confluent_kafka import KafkaException

EVERY_S = 0.1
CALL_S = 5


@dataclasses.dataclass(frozen=True)
class Progress:
    """One reading of the progress; None or {} where a server did not answer."""

    at: float  # monotonic, before the first question
    ends: dict | None
    committed: dict | None
    applied: dict | None  # of the partitions whose mark is `ready`

    def has_reached(self, target):
        """Is everything before `target` applied, published and readable?"""
        return bool(self.committed) and self.applied is not None and all(
            self.committed.get(p, 0) >= end and self.applied.get(p, -1) >= end
            for p, end in target.items()
        )

    def lag(self):
        if not self.ends or not self.committed:
            return None
        return sum(max(end - self.committed.get(p, 0), 0) for p, end in self.ends.items())


class Watch(threading.Thread):
    def __init__(self, world):
        super().__init__(name="watch", daemon=True)
        self.latest = Progress(0, None, None, None)
        self._end = threading.Event()
        self._partitions = bus.partitions_of(world.brokers, bus.COMMANDS)
        self._log = bus.LogEnds(world.brokers, bus.COMMANDS)
        self._committed = bus.CommittedOffsets(world.brokers)
        self._redis = world.redis(timeout_s=CALL_S)

    def run(self):
        while not self._end.wait(EVERY_S):
            self.latest = Progress(time.monotonic(), self._ends(), self._offsets(), self._marks())
        self._log.close()
        self._committed.close()
        self._redis.close()

    def finish(self):
        self._end.set()
        self.join(60)

    def _ends(self):
        try:
            return self._log.get(CALL_S)
        except KafkaException:
            return None

    def _offsets(self):
        try:
            return self._committed.get()
        except KafkaException:
            return None

    def _marks(self):
        pipeline = self._redis.pipeline(transaction=False)
        for p in self._partitions:
            pipeline.hmget(f"sb:{{{p}}}:mark", "state", "applied")
        try:
            marks = zip(self._partitions, pipeline.execute())
        except redis.RedisError:
            return None
        return {p: int(applied) for p, (state, applied) in marks if state == b"ready"}
