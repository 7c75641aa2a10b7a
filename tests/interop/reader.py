"""A reader and writer of the bus that has nothing of sharebus but the published .avsc files.

Everything else is from the specifications: Avro single-object encoding with CRC-64-AVRO of the
Parsing Canonical Form, CloudEvents in Kafka's binary mode, and the murmur2 of Java's clients.
sharing.grants is internal: its records are no CloudEvents, and their ids are 16 bytes.
"""

import json
import os
import time
import uuid
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import fastavro
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.base import Format
from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec
from fastavro.schema import fingerprint, to_parsing_canonical_form

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas" / "avro"
MAGIC = b"\xc3\x01"
DEADLINE_SECONDS = 60
OUTPUTS = ["sharing.events", "sharing.notifications", "sharing.grants", "sharing.deadletter"]


def new_id():
    """A fresh id for a command: a UUID of version 7 (RFC 9562), which says when it was made."""
    random = int.from_bytes(os.urandom(10), "big")
    made = int(time.time() * 1000) << 80
    return str(uuid.UUID(int=made | 7 << 76 | (random >> 62 & 0xFFF) << 64 | 2 << 62 | random & (1 << 62) - 1))


class Schemas:
    """The .avsc files by name and by fingerprint."""

    def __init__(self, directory: Path = SCHEMAS):
        self.by_name, self.by_fingerprint, self.fingerprints = {}, {}, {}
        for path in sorted(directory.glob("*.avsc")):
            schema = json.loads(path.read_text())
            canonical = to_parsing_canonical_form(schema)
            print_ = bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))
            assert len(print_) == 8 and print_ not in self.by_fingerprint, path
            self.by_name[schema["name"]] = fastavro.parse_schema(plain(schema))
            self.by_fingerprint[print_] = schema["name"]
            self.fingerprints[schema["name"]] = print_

    def decode(self, value: bytes) -> tuple[str, dict]:
        """Name of the record, and its fields; ids and times stay as they are on the wire."""
        assert value[:2] == MAGIC, f"no single-object encoding: {value[:10]!r}"
        name = self.by_fingerprint[value[2:10]]
        body = BytesIO(value[10:])
        record = fastavro.schemaless_reader(body, self.by_name[name])
        assert body.read() == b"", f"bytes left over after a {name}"
        return name, record

    def encode(self, name: str, record: dict) -> bytes:
        body = BytesIO()
        fastavro.schemaless_writer(body, self.by_name[name], record, strict_allow_default=True)
        return MAGIC + self.fingerprints[name] + body.getvalue()


def plain(schema):
    """The schema without logical types: the same bytes, read as strings and numbers."""
    if isinstance(schema, dict):
        return {k: plain(v) for k, v in schema.items() if k != "logicalType"}
    return [plain(s) for s in schema] if isinstance(schema, list) else schema


def murmur2(data: bytes) -> int:
    """As org.apache.kafka.common.utils.Utils.murmur2, but unsigned."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    if len(data) > whole:
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def partition_of(key: bytes, partitions: int) -> int:
    return (murmur2(key) & 0x7FFFFFFF) % partitions


class AvroFormat(Format):
    """CloudEvents data that is one of our records: (name, fields)."""

    def __init__(self, schemas: Schemas):
        self.schemas = schemas

    def read_data(self, body, datacontenttype):
        assert datacontenttype == "application/avro", datacontenttype
        return self.schemas.decode(body) if body is not None else (None, None)

    def get_content_type(self):
        return "application/avro"

    def read(self, event_factory, data):
        raise NotImplementedError("binary mode only")

    def write(self, event):
        raise NotImplementedError("binary mode only")

    def write_data(self, data, datacontenttype):
        raise NotImplementedError("reading only")


@dataclass(frozen=True)
class Event:
    """One record of the bus, read as a CloudEvent."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: dict
    attributes: dict
    type: str  # name of the record; None: a tombstone
    record: dict


@dataclass(frozen=True)
class State:
    """One record of the changelog."""

    partition: int
    offset: int
    key: str
    type: str  # name of the record
    record: dict


@dataclass(frozen=True)
class Raw:
    """One record of the bus as it came."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: list
    timestamp: int


def raw_of(message) -> Raw:
    return Raw(
        message.topic(),
        message.partition(),
        message.offset(),
        message.key(),
        message.value(),
        message.headers() or [],
        message.timestamp()[1],
    )


def with_id_texts(value):
    """The record with its ids of 16 bytes as the text that other records have."""
    if isinstance(value, dict):
        return {k: with_id_texts(v) for k, v in value.items()}
    if isinstance(value, list):
        return [with_id_texts(v) for v in value]
    return str(uuid.UUID(bytes=value)) if isinstance(value, bytes) else value


def cause_of(raw: Raw) -> tuple[int, int]:
    """Partition and offset of the command that a public output came of."""
    headers = {n: v.decode() for n, v in raw.headers if n.startswith(("ce_id", "sharebus_")) and v}
    if raw.topic == "sharing.deadletter":
        return int(headers["sharebus_partition"]), int(headers["sharebus_offset"])
    partition, offset, _ = headers["ce_id"].split("-")
    return int(partition), int(offset)


class Bus:
    """Reads the bus as a stranger would: committed records only, from where it was opened on."""

    def __init__(self, brokers: str):
        self.brokers = brokers
        self.schemas = Schemas()
        self.format = AvroFormat(self.schemas)
        self.admin = AdminClient({"bootstrap.servers": brokers})
        self.metadata = self.admin.list_topics(timeout=DEADLINE_SECONDS)
        self.cluster = self.metadata.cluster_id
        self.partitions = len(self.metadata.topics["sharing.commands"].partitions)
        self.producer = Producer({"bootstrap.servers": brokers, "linger.ms": 0})
        self.consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": "interop",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
            }
        )
        topics = [*OUTPUTS, "sharing.commands"]
        places = [(t, p) for t in topics for p in range(len(self.metadata.topics[t].partitions))]
        self.reached = self.ends(places)
        self.begin = dict(self.reached)
        self.raw: list[Raw] = []
        self.applied: dict[int, int] = {}
        self.consumer.assign([TopicPartition(t, p, o) for (t, p), o in self.reached.items()])

    def close(self):
        """What was read can still be looked at."""
        self.consumer.close()
        self.producer = self.admin = None

    def committed(self, partition: int) -> int:
        """The next offset that the group of the consumers has to read, once that is stable."""
        place = TopicPartition("sharing.commands", partition)
        asked = ConsumerGroupTopicPartitions("sharebus", [place])
        (future,) = self.admin.list_consumer_group_offsets([asked], require_stable=True).values()
        return future.result(DEADLINE_SECONDS).topic_partitions[0].offset

    def ends(self, places):
        """Where each partition ends, with what is not committed yet."""
        asked = self.admin.list_offsets(
            {TopicPartition(t, p): OffsetSpec.latest() for t, p in places},
            isolation_level=IsolationLevel.READ_UNCOMMITTED,
            request_timeout=DEADLINE_SECONDS,
        )
        return {(tp.topic, tp.partition): f.result().offset for tp, f in asked.items()}

    def write(self, value, key, headers=None, partition=None) -> tuple[int, int]:
        """Puts bytes on sharing.commands and returns where they are."""
        delivered = []
        if partition is None:
            partition = partition_of(key, self.partitions)
        self.producer.produce(
            "sharing.commands",
            value=value,
            key=key,
            headers=headers,
            partition=partition,
            on_delivery=lambda e, m: delivered.append((e, m)),
        )
        assert self.producer.flush(DEADLINE_SECONDS) == 0, "the broker does not answer"
        error, message = delivered[0]
        assert error is None, error
        return message.partition(), message.offset()

    def whole(self, topic) -> list[Raw]:
        """All that is on a topic's first partition."""
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": "interop-whole"})
        consumer.assign([TopicPartition(topic, 0, 0)])
        last = self.ends([(topic, 0)])[topic, 0] - 1
        found = []
        end = time.monotonic() + DEADLINE_SECONDS
        while not found or found[-1].offset < last:
            assert time.monotonic() < end, f"timed out waiting for the end of {topic}, {last}"
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                found.append(raw_of(message))
        consumer.close()
        return found

    def _take(self, message):
        one = raw_of(message)
        if self._is_older(one):
            return
        self.raw.append(one)
        if one.topic == "sharing.grants" and one.key == b"progress":
            name, record = self.schemas.decode(one.value)
            assert name == "Progress", name
            self.applied[one.partition] = max(record["applied"], self.applied.get(one.partition, 0))

    def _is_older(self, one: Raw) -> bool:
        """Did it come of a command that was there before we were?"""
        if one.topic == "sharing.commands":
            return False
        if one.topic == "sharing.grants":
            return self._last_command(one) < self.begin["sharing.commands", one.partition]
        partition, offset = cause_of(one)
        return offset < self.begin["sharing.commands", partition]

    def _last_command(self, one: Raw) -> int:
        """Offset of the last command that a record of the changelog has in it."""
        assert one.value is not None, "these tests delete no workspace"
        _, record = self.schemas.decode(one.value)
        return record["source_offset"] if "source_offset" in record else record["applied"] - 1

    def _poll(self, end):
        assert time.monotonic() < end, f"{DEADLINE_SECONDS} s are over; applied: {self.applied}"
        message = self.consumer.poll(0.2)
        if message is None:
            return
        error = message.error()
        if error is None:
            self._take(message)
            place, offset = (message.topic(), message.partition()), message.offset() + 1
        else:
            assert error.code() == KafkaError._PARTITION_EOF, error
            place, offset = (message.topic(), message.partition()), message.offset()
        self.reached[place] = max(self.reached[place], offset)

    def follow(self, positions) -> None:
        """Reads until all that came of these commands is in `raw`.

        Each transaction says how far the partition has got. It is committed when that can be read,
        but its other records may become readable a little later: they lie below the ends of now.
        """
        end = time.monotonic() + DEADLINE_SECONDS
        for partition, offset in positions:
            while self.applied.get(partition, 0) <= offset:
                self._poll(end)
        ends = self.ends(list(self.reached))
        while any(self.reached[place] < ends[place] for place in ends):
            self._poll(end)

    def event(self, raw: Raw) -> Event:
        names = [name for name, _ in raw.headers]
        assert len(set(names)) == len(names), f"a header twice: {names}"
        message = KafkaMessage(headers=dict(raw.headers), key=raw.key, value=raw.value)
        cloud = from_binary(message, self.format)
        name, record = cloud.get_data()
        headers = {n: v.decode() for n, v in raw.headers}
        return Event(
            raw.topic,
            raw.partition,
            raw.offset,
            raw.key.decode(),
            headers,
            cloud.get_attributes(),
            name,
            record,
        )

    def of(self, topic: str) -> list[Raw]:
        """What was read of a topic, each partition in its order."""
        found = [r for r in self.raw if r.topic == topic]
        return sorted(found, key=lambda r: (r.partition, r.offset))

    def states(self) -> list[State]:
        """The changelog."""
        return [
            State(r.partition, r.offset, r.key.decode(), name, with_id_texts(record))
            for r in self.of("sharing.grants")
            for name, record in [self.schemas.decode(r.value)]
        ]

    def events(self, topic: str) -> list[Event]:
        return [self.event(r) for r in self.of(topic)]
