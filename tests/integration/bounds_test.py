"""What comes in bounds what goes out: no record makes outputs that stop anything but itself."""

import hashlib
import itertools
import sys
import time
import uuid
from pathlib import Path

import bus
import confluent_kafka
import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import stack, until  # noqa: E402, F401

NO, UNAVAILABLE = 1, 3
PEOPLE = 100
LAST_MS = 253_402_300_799_999  # of the year 9999
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
MEGABYTES_70 = 70_000_000
ROOMY = 8 * 1024 * 1024  # what sharing.events takes as it is created
STOP_SECONDS = 25


def ids(kind, names):
    return {name: str(uuid.uuid5(uuid.NAMESPACE_DNS, f"bounds.{kind}.{name}")) for name in names}


USERS = ids("user", ["erin", "bob", *(f"person-{n}" for n in range(PEOPLE))])
BOXES = ids("workspace", [f"box-{n}" for n in range(8)])
ACME = ids("organization", ["acme"])["acme"]
CREW = ids("group", ["crew"])["crew"]


@pytest.fixture(scope="module")
def acme(stack, tmp_path_factory):
    """erin owns some workspaces; the group crew has a hundred people."""
    crew = [name for name in USERS if name.startswith("person")]
    content = {
        "organizations": [{"id": ACME, "name": "acme"}],
        "users": [
            {"id": i, "username": name, "organizations": ["acme"]} for name, i in USERS.items()
        ],
        "groups": [{"id": CREW, "name": "crew", "organization": "acme", "members": crew}],
        "workspaces": [
            {"id": i, "name": name, "owner": "erin", "organization": "acme"}
            for name, i in BOXES.items()
        ],
    }
    stack.apply(content, tmp_path_factory.mktemp("directory"))
    return stack


# ---- sending and hearing ----


class Tap:
    """Hears what is committed to some topics from now on."""

    def __init__(self, stack, *topics):
        self.reader = confluent_kafka.Consumer(
            {
                "bootstrap.servers": stack.brokers,
                "group.id": "bounds-test",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.message.max.bytes": 80_000_000,
                "receive.message.max.bytes": 200_000_000,
                **bus.SILENT,
            }
        )
        places = [
            confluent_kafka.TopicPartition(topic, p, end)
            for topic in topics
            for p, end in bus.log_ends(stack.brokers, topic).items()
        ]
        self.reader.assign(places)
        self.heard = []

    def listen(self, wait_s):
        message = self.reader.poll(wait_s)
        if message is not None and not message.error():
            self.heard.append(message)

    def hear(self, what, is_it, seconds=30):
        """The first record that is_it, which must come within so many seconds."""

        def look():
            self.listen(0.1)
            return [m for m in self.heard if is_it(m)]

        return until(what, look, seconds)[0]

    def has_heard(self, is_it, seconds):
        """Is there such a record, among what comes within so many seconds?"""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.listen(0.1)
        return any(is_it(m) for m in self.heard)


def send(stack, key, value, headers=(), **settings):
    """(partition, offset) of a record that was put on sharing.commands."""
    where = []

    def on_delivery(error, message):
        assert error is None, error
        where.append((message.partition(), message.offset()))

    target = bus.producer(stack.brokers, **{"message.max.bytes": 100_000_000, **settings})
    target.produce(bus.COMMANDS, value, key, headers=list(headers), on_delivery=on_delivery)
    assert target.flush(60) == 0
    return where[0]


def share(stack, box, subject, kind="user", headers=(), expires_at=None, **changed):
    """Sends a ShareWorkspace by erin; its command id."""
    command = {
        "command_id": bus.new_id(),
        "issued_at": int(time.time() * 1000),
        "actor": {"id": USERS["erin"], "kind": "user"},
        "workspace_id": BOXES[box],
        "grants": [
            {"subject": {"kind": kind, "id": subject}, "role": "use", "expires_at": expires_at}
        ],
        "expected_version": None,
        "directory_offset": None,
        "message": None,
        **changed,
    }
    send(stack, BOXES[box], bus.encode("ShareWorkspace", command), headers)
    return command["command_id"]


def of_command(command_id, kind="SharingChanged"):
    """Is the message the event of that command? It must be of that kind then, unless any will do."""

    def is_it(message):
        if message.topic() != bus.EVENTS:
            return False
        name, record = bus.decode(message.value())
        if record["command_id"] != command_id:
            return False
        assert kind in (None, name), record
        return True

    return is_it


def letter_of(position):
    def is_it(message):
        if message.topic() != bus.DEADLETTER:
            return False
        headers = dict(message.headers())
        at = int(headers["sharebus_partition"]), int(headers["sharebus_offset"])
        return at == position

    return is_it


def renamed(box, name, changed_at=1_700_000_000_000):
    fact = {
        "workspace_id": BOXES[box],
        "organization_id": ACME,
        "owner_id": USERS["erin"],
        "name": name,
        "status": "active",
        "changed_at": changed_at,
    }
    return bus.encode("WorkspaceChanged", fact)


# ---- what comes in ----


def test_a_large_header_costs_nothing(acme):
    tap = Tap(acme, bus.EVENTS)
    large = share(acme, "box-0", USERS["bob"], headers=[("ce_id", b"x" * 1_048_000)])
    other = share(acme, "box-1", USERS["bob"])
    for command_id in (large, other):
        event = tap.hear("the event", of_command(command_id))
        assert bus.headers_of(event).keys() == bus.EVENT_HEADERS


@pytest.mark.parametrize("trace", [b"x" * 1000, TRACE + b"-01", b"\xff\xfe", b"", TRACE[:-1] + b"G"])
def test_only_a_traceparent_by_its_grammar_is_passed_on(acme, trace):
    tap = Tap(acme, bus.EVENTS, bus.NOTIFICATIONS)
    headers = [("traceparent", trace), ("tracestate", b"a=b"), ("ce_id", b"\xff\xfe\x00a")]
    acme.sharebus("sharing", "remove", "box-2", "--group", "crew", as_user="erin")
    event = tap.hear(
        "the event", of_command(share(acme, "box-2", CREW, "group", headers=headers))
    )
    assert bus.headers_of(event).keys() == bus.EVENT_HEADERS
    told = [m for m in tap.heard if m.topic() == bus.NOTIFICATIONS]
    assert all(bus.headers_of(m).keys() == bus.EVENT_HEADERS for m in told)


def test_a_valid_traceparent_is_passed_on(acme):
    tap = Tap(acme, bus.EVENTS)
    sent = share(acme, "box-3", USERS["bob"], headers=[("traceparent", TRACE)])
    assert bus.headers_of(tap.hear("the event", of_command(sent)))["traceparent"] == TRACE.decode()


@pytest.mark.parametrize("end", [INT64_MIN, INT64_MIN + 1, -1, LAST_MS + 1, INT64_MAX])
def test_a_time_outside_of_1970_to_9999_is_invalid(acme, end):
    tap = Tap(acme, bus.EVENTS)
    sent = share(acme, "box-4", USERS["bob"], expires_at=end)
    event = tap.hear("the event", of_command(sent, "CommandRejected"))
    record = bus.decode(event.value())[1]
    assert record["code"] == "invalid_command" and "expires_at" in record["message"]
    assert acme.sharebus("check", "bob", "ssh", "erin/box-4").code == NO


@pytest.mark.parametrize(
    ("value", "person"),
    [
        (renamed("box-5", "x" * 1_000_000), "person-1"),
        (renamed("box-5", "box-5", INT64_MAX), "person-2"),
    ],
    ids=["name", "time"],
)
def test_a_fact_beyond_its_bounds_is_a_dead_letter(acme, value, person):
    tap = Tap(acme, bus.EVENTS, bus.DEADLETTER)
    position = send(acme, BOXES["box-5"], value)
    letter = tap.hear("the dead letter", letter_of(position))
    assert letter.value() == value
    tap.hear("the event of the same workspace", of_command(share(acme, "box-5", USERS[person])))


def test_a_record_that_unpacks_to_70_megabytes_is_abridged(acme):
    """It is packed into a hundredth of that, which the topic takes."""
    value = bytes(MEGABYTES_70)
    tap = Tap(acme, bus.EVENTS, bus.DEADLETTER)
    packed = {"compression.type": "lz4", "batch.size": 100_000_000, "message.timeout.ms": 60_000}
    position = send(acme, BOXES["box-6"], value, **packed)
    letter = tap.hear("the dead letter", letter_of(position), 90)
    headers = bus.headers_of(letter)
    assert headers["sharebus_size"] == str(MEGABYTES_70)
    assert headers["sharebus_sha256"] == hashlib.sha256(value).hexdigest()
    assert letter.value() == value[: len(letter.value())] and letter.value()
    tap.hear("the event of another command", of_command(share(acme, "box-6", USERS["bob"])))
    place = f"{letter.partition()}:{letter.offset()}"
    shown = acme.sharebus("deadletter", "show", place, "-o", "json").done().json
    assert (shown["size"], shown["abridged"]) == (MEGABYTES_70, True)
    (again,) = acme.sharebus("deadletter", "replay", place, "-o", "json").json
    assert (again["outcome"], again["sent_to"]) == ("refused", None)


# ---- what cannot go out ----


def limit(stack, topic, size):
    """Sets max.message.bytes of the topic; None: to the default."""
    place = ConfigResource(ConfigResource.Type.TOPIC, topic)
    operation = AlterConfigOpType.SET if size else AlterConfigOpType.DELETE
    entry = ConfigEntry("max.message.bytes", size, incremental_operation=operation)
    place.incremental_configs = [entry]
    admin = AdminClient({"bootstrap.servers": stack.brokers})
    admin.incremental_alter_configs([place])[place].result(30)


@pytest.fixture
def small_events(acme):
    """sharing.events takes small events only."""

    def lower(size):
        limit(acme, bus.EVENTS, str(size))

    yield lower
    limit(acme, bus.EVENTS, str(ROOMY))


def of_deletion(box):
    def is_it(message):
        name, record = bus.decode(message.value())
        return (
            name == "SharingChanged"
            and record["reason"] == "workspace_deleted"
            and record["workspace"]["id"] == BOXES[box]
        )

    return is_it


def share_with_everybody(stack, box, tap):
    """Shares the box with a hundred people; the partition of its events. The consumer may yet have to hear
    that the topic takes such an event again: until then the share is too large."""
    people = [
        {"subject": {"kind": "user", "id": i}, "role": "use", "expires_at": None}
        for name, i in USERS.items()
        if name.startswith("person")
    ]

    def shared():
        sent = share(stack, box, USERS["bob"], grants=people)
        event = tap.hear("an event", of_command(sent, kind=None))
        return event if bus.decode(event.value())[0] == "SharingChanged" else None

    return until("the event of a hundred grants", shared).partition()


def delete(stack, box):
    fact = {"workspace_id": BOXES[box], "deleted_at": 1_700_000_000_000}
    send(stack, BOXES[box], bus.encode("WorkspaceDeleted", fact))


def test_what_a_topic_refuses_costs_only_its_own_partition(acme, small_events):
    """The event of a deletion with a hundred grants is refused; a neighbour's goes out."""
    tap = Tap(acme, bus.EVENTS)
    partition = share_with_everybody(acme, "box-6", tap)
    places = {box: share_with_everybody(acme, box, tap) for box in ("box-0", "box-1", "box-2")}
    neighbour = next(box for box, p in places.items() if p != partition)
    small_events(1500)
    delete(acme, "box-6")
    assert not tap.has_heard(of_deletion("box-6"), 3)
    for person in ("person-1", "person-2"):
        sent = share(acme, neighbour, USERS[person], grants=[role_of(person, "admin")])
        tap.hear("a neighbour's event", of_command(sent), 15)
    small_events(ROOMY)
    tap.hear("the event that was refused", of_deletion("box-6"), 60)
    acme.sharebus("sharing", "show", "erin/box-0", as_user="erin").done()


def test_a_topic_that_is_gone_costs_only_the_partition_whose_output_needs_it(acme):
    """What cannot be read needs sharing.deadletter; shares do not."""
    tap = Tap(acme, bus.EVENTS)
    ends = itertools.count(int(time.time() * 1000) + 86_400_000)

    def renew(box):
        """Shares it until another time than before, which always changes something; the event."""
        sent = share(acme, box, USERS["person-8"], expires_at=next(ends))
        return tap.hear(f"an event of {box}", of_command(sent), 90)

    partitions = {box: renew(box).partition() for box in ("box-3", "box-4", "box-5", "box-7")}
    neighbour = next(box for box, p in partitions.items() if p != partitions["box-3"])
    admin = AdminClient({"bootstrap.servers": acme.brokers})
    admin.delete_topics([bus.DEADLETTER])[bus.DEADLETTER].result(30)
    try:
        send(acme, BOXES["box-3"], b"garbage")
        until("status names the topic", lambda: bus.DEADLETTER in acme.sharebus("status").err, 60)
        renew(neighbour)
        renew(neighbour)
    finally:
        acme.sharebus("topics", "create").done()
    renew("box-3")
    until("all is well again", lambda: acme.sharebus("status").code == 0, 60)


def role_of(person, role):
    return {"subject": {"kind": "user", "id": USERS[person]}, "role": role, "expires_at": None}


def test_a_consumer_stops_while_a_topic_refuses_a_record(acme, small_events):
    tap = Tap(acme, bus.EVENTS)
    share_with_everybody(acme, "box-7", tap)
    small_events(1500)
    delete(acme, "box-7")
    assert not tap.has_heard(of_deletion("box-7"), 3)
    begin = time.monotonic()
    acme.down("consumer")
    assert time.monotonic() - begin < STOP_SECONDS
    small_events(ROOMY)
    acme.up("consumer")
    tap.hear("the event that was refused", of_deletion("box-7"), 60)


# ---- what another version wrote ----


def test_a_state_that_cannot_be_read_is_not_passed_over(acme):
    """Redis is lost, and the changelog has a state of a schema that is not known here."""
    tap = Tap(acme, bus.EVENTS)
    tap.hear("the event", of_command(share(acme, "box-3", USERS["person-9"])))
    key = BOXES["box-3"].encode()
    states = [m for p in bus.read_topic(acme.brokers, bus.GRANTS).values() for m in p]
    good = [m for m in states if m.key() == key][-1]

    def put(value):
        target = bus.producer(acme.brokers)
        target.produce(bus.GRANTS, value, key, partition=good.partition())
        assert target.flush(30) == 0

    put(b"\xc3\x01" + b"\x11" * 8 + b"\x02\x02")
    acme.redis_client().flushall()
    for _ in range(3):
        ran = acme.sharebus("check", "person-9", "ssh", BOXES["box-3"], "--wait", "2s")
        assert ran.code == UNAVAILABLE, ran
    put(good.value())
    check = ("check", "person-9", "ssh", BOXES["box-3"])
    until("access is known again", lambda: acme.sharebus(*check).code == 0)
