"""The bus as any client in any language sees it: topics, Avro in single-object framing, CloudEvents
headers, partitions. It relies on the schemas and the documented contracts, not on the product's
code."""

import io
import json
import os
import pathlib
import subprocess
import sys
import time
import uuid

import confluent_kafka
import fastavro
from confluent_kafka import admin
from fastavro import schema as avro_schema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from environment import environment  # noqa: E402

REPO = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = REPO / "schemas" / "avro"

COMMANDS = "sharing.commands"
DIRECTORY = "sharing.directory"
EVENTS = "sharing.events"
NOTIFICATIONS = "sharing.notifications"
HANDOFFS = "sharing.handoffs"
GRANTS = "sharing.grants"
DEADLETTER = "sharing.deadletter"

# Of every public record without a trace; sharing.grants and tombstones have none at all.
EVENT_HEADERS = {"ce_specversion", "ce_id", "ce_source", "ce_type", "content-type"}

GROUP = "sharebus"
PROGRESS_KEY = b"progress"
SILENT = {"log_level": 0}  # brokers are broken on purpose; errors that matter are raised
NIL_ID = "00000000-0000-0000-0000-000000000000"


def new_id():
    """A fresh id for a command: a UUID of version 7, which says when it was made."""
    return id_made_at(int(time.time() * 1000))


def id_made_at(unix_ms):
    """The same, made at another time."""
    random = int.from_bytes(os.urandom(10), "big")
    return str(uuid.UUID(int=unix_ms << 80 | 7 << 76 | (random >> 62 & 0xFFF) << 64 | 2 << 62 | random & (1 << 62) - 1))


class Codec:
    """One record type: its encoding on the bus, and its name in the headers."""

    def __init__(self, path):
        raw = json.loads(path.read_text())
        self.name = raw["name"]
        self.schema = fastavro.parse_schema(raw)
        canonical = avro_schema.to_parsing_canonical_form(raw)
        crc = int(avro_schema.fingerprint(canonical, "CRC-64-AVRO"), 16)
        # fastavro prints the bytes in their order on the wire
        self.head = b"\xc3\x01" + crc.to_bytes(8, "big")
        snake = "".join("_" + c.lower() if c.isupper() else c for c in self.name).lstrip("_")
        self.event_type = f"sharebus.{snake}.v1"

    def encode(self, record):
        out = io.BytesIO()
        out.write(self.head)
        fastavro.schemaless_writer(out, self.schema, record)
        return out.getvalue()

    def decode(self, value):
        return fastavro.schemaless_reader(io.BytesIO(value[10:]), self.schema)


def _plain_logical_types():
    """Reads ids as text, also where the wire has their 16 bytes, and leaves times in milliseconds."""
    for table, plain in (
        (fastavro.read.LOGICAL_READERS, lambda data, *_: data),
        (fastavro.write.LOGICAL_WRITERS, lambda data, *_: data),
    ):
        for kind in ("string-uuid", "long-timestamp-millis"):
            table[kind] = plain
    fastavro.read.LOGICAL_READERS["fixed-uuid"] = lambda data, *_: str(uuid.UUID(bytes=data))
    fastavro.write.LOGICAL_WRITERS["fixed-uuid"] = lambda data, *_: uuid.UUID(data).bytes


_plain_logical_types()
CODECS = {codec.name: codec for codec in map(Codec, sorted(SCHEMAS.glob("*.avsc")))}
_BY_HEAD = {codec.head: codec for codec in CODECS.values()}


class Unreadable(Exception):
    """Bytes that are not a record of this bus."""


def encode(name, record):
    return CODECS[name].encode(record)


def decode(value):
    """(name, record) of single-object bytes, or Unreadable."""
    codec = _BY_HEAD.get(value[:10]) if value else None
    if codec is None:
        raise Unreadable("no schema of ours")
    source = io.BytesIO(value[10:])
    try:
        record = fastavro.schemaless_reader(source, codec.schema)
    except Exception as error:  # whatever fastavro meets in broken bytes
        raise Unreadable(str(error)) from error
    if source.read(1):
        raise Unreadable("bytes left over")
    return codec.name, record


# ---- producing ----------------------------------------------------------------------------------


def producer(brokers, **settings):
    return confluent_kafka.Producer(
        {
            "bootstrap.servers": brokers,
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "linger.ms": 20,
            "batch.size": 1_000_000,
            "batch.num.messages": 100_000,
            "queue.buffering.max.messages": 2_000_000,
            "queue.buffering.max.kbytes": 2_000_000,
            "message.timeout.ms": 120_000,
            **SILENT,
            **settings,
        }
    )


def send_all(brokers, topic, records):
    """Writes (key, value, headers) in this order; raises unless every record is acknowledged."""
    send_through(producer(brokers), topic, records)


def send_through(target, topic, records):
    """The same, by this producer; returns {partition: next offset} of those that were written to."""
    failed, ends = [], {}

    def on_delivery(error, message):
        if error is not None:
            failed.append(str(error))
        else:
            ends[message.partition()] = max(message.offset() + 1, ends.get(message.partition(), 0))

    for key, value, headers in records:
        while True:
            try:
                target.produce(topic, value, key, headers=headers, on_delivery=on_delivery)
                break
            except BufferError:
                target.poll(0.1)
        target.poll(0)
    left = target.flush(120)
    if left or failed:
        raise RuntimeError(f"{topic}: {left} records not delivered, {len(failed)} failed: {failed[:3]}")
    return ends


def create_topics(brokers, program, partitions=12):
    subprocess.run(
        [program, "topics", "create", "--partitions", str(partitions)],
        env=environment(SHAREBUS_BROKERS=brokers),
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=60,
    )


# ---- reading ------------------------------------------------------------------------------------


def set_topic(brokers, topic, name, value):
    """Changes a setting of a topic; value None takes it away."""
    how = admin.AlterConfigOpType.SET if value is not None else admin.AlterConfigOpType.DELETE
    entry = admin.ConfigEntry(name, value, incremental_operation=how)
    place = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    client = admin.AdminClient({"bootstrap.servers": brokers, **SILENT})
    for answer in client.incremental_alter_configs([place]).values():
        answer.result(30)


def _reader(brokers, group, isolation="read_committed"):
    return confluent_kafka.Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": group,
            "isolation.level": isolation,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 50,
            "queued.max.messages.kbytes": 262_144,
            **SILENT,
        }
    )


def partitions_of(brokers, topic):
    metadata = admin.AdminClient({"bootstrap.servers": brokers}).list_topics(topic, timeout=30)
    return sorted(metadata.topics[topic].partitions)


def leaders_of(brokers, topic):
    """{partition: node id}"""
    metadata = admin.AdminClient({"bootstrap.servers": brokers}).list_topics(topic, timeout=30)
    return {p: of.leader for p, of in metadata.topics[topic].partitions.items()}


def cluster_id(brokers):
    return admin.AdminClient({"bootstrap.servers": brokers}).list_topics(timeout=30).cluster_id


class LogEnds:
    """The ends of a topic's partitions, for asking often."""

    def __init__(self, brokers, topic, isolation="read_uncommitted"):
        self._settings = (brokers, "sharebus-test-ends", isolation)
        self._reader = _reader(*self._settings)
        self._asked = [
            confluent_kafka.TopicPartition(topic, p) for p in partitions_of(brokers, topic)
        ]

    def get(self, timeout_s=30):
        """{partition: end}"""
        try:
            return {tp.partition: self._end(tp, timeout_s) for tp in self._asked}
        except confluent_kafka.KafkaException:
            # A client without a subscription does not look for the new leader of a partition.
            self._reader.close()
            self._reader = _reader(*self._settings)
            raise

    def _end(self, partition, timeout_s):
        return self._reader.get_watermark_offsets(partition, timeout=timeout_s, cached=False)[1]

    def close(self):
        self._reader.close()


def log_ends(brokers, topic, isolation="read_uncommitted", deadline_s=60):
    """{partition: end} of a topic. Asks again, for a new leader does not know the end at once."""
    ends = LogEnds(brokers, topic, isolation)
    limit = time.monotonic() + deadline_s
    try:
        while True:
            try:
                return ends.get()
            except confluent_kafka.KafkaException:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.1)
    finally:
        ends.close()


def is_orphan(m):
    """A record that is there only because a transaction had to have one in that log: see producer/bus.h."""
    return m.key() == b"orphan" and m.value() is None and not m.headers()


def read_topic(brokers, topic, deadline_s=120, isolation="read_committed"):
    """{partition: [message]} of the whole topic, as a read_committed reader sees it that skips what says nothing.
    Reads to the high watermark, so that records of a transaction that is still open are waited for."""
    ends = log_ends(brokers, topic)
    out = {p: [] for p in ends}
    reader = _reader(brokers, "sharebus-test-reader", isolation)
    waiting = {p for p, end in ends.items() if end > 0}
    limit = time.monotonic() + deadline_s
    try:
        reader.assign([confluent_kafka.TopicPartition(topic, p, 0) for p in ends])
        while waiting:
            if time.monotonic() > limit:
                raise TimeoutError(
                    f"{topic}: partitions {sorted(waiting)} were not readable to their ends "
                    f"{ends} in {deadline_s} s: a transaction seems to stay open"
                )
            for m in reader.consume(10_000, 0.2):
                error = m.error()
                if error is None:
                    if not is_orphan(m):
                        out[m.partition()].append(m)
                elif error.code() == confluent_kafka.KafkaError._PARTITION_EOF:
                    if m.offset() >= ends[m.partition()]:
                        waiting.discard(m.partition())
                elif not error.retriable():
                    raise confluent_kafka.KafkaException(error)
        return out
    finally:
        reader.close()


# What a group's coordinator says that has moved, has not loaded its log, or waits for a transaction's end.
NOT_YET = (
    confluent_kafka.KafkaError._TIMED_OUT,
    confluent_kafka.KafkaError.UNSTABLE_OFFSET_COMMIT,
    confluent_kafka.KafkaError.NOT_COORDINATOR,
    confluent_kafka.KafkaError.COORDINATOR_NOT_AVAILABLE,
    confluent_kafka.KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
)


class CommittedOffsets:
    """The consumer group's offsets in sharing.commands, for asking often."""

    def __init__(self, brokers, group=GROUP):
        self._reader = _reader(brokers, group)
        self._asked = [
            confluent_kafka.TopicPartition(COMMANDS, p) for p in partitions_of(brokers, COMMANDS)
        ]

    def get(self):
        """{partition: next offset}: 0 where nothing was committed; {} while that cannot be known yet."""
        try:
            answer = self._reader.committed(self._asked, timeout=5)
        except confluent_kafka.KafkaException as error:
            if error.args[0].code() in NOT_YET or error.args[0].retriable():
                return {}
            raise
        return {tp.partition: max(tp.offset, 0) for tp in answer}

    def close(self):
        self._reader.close()


# Of the records OffsetCommitKey and OffsetCommitValue of Kafka 4.3.
OFFSET_KEY_VERSION_MAX = 1  # higher ones are keys of other records
OFFSET_VALUE_VERSION = 4


def offset_texts(brokers, group=GROUP):
    """The texts that the group's offsets in sharing.commands have had, as the brokers' own topic has them."""
    out = set()
    for messages in read_topic(brokers, "__consumer_offsets").values():
        for m in messages:
            key, value = io.BytesIO(m.key()), io.BytesIO(m.value() or b"")
            if _short(key) > OFFSET_KEY_VERSION_MAX or _text(key) != group or not m.value():
                continue
            if _text(key) == COMMANDS:
                assert _short(value) == OFFSET_VALUE_VERSION, "the brokers have another version"
                value.read(12)  # the offset and its leader epoch
                out.add(value.read(value.read(1)[0] - 1).decode())  # a compact string, which is short
    return out


def _short(stream):
    return int.from_bytes(stream.read(2), "big")


def _text(stream):
    return stream.read(_short(stream)).decode()


def headers_of(message):
    """{name: text} of a record; raises if a name occurs twice."""
    out = {}
    for name, value in message.headers() or []:
        if name in out:
            raise AssertionError(f"header {name} occurs twice: {message.headers()}")
        out[name] = value.decode() if value is not None else None
    return out
