"""`sharebus status`, compared with Kafka's own tools and with Redis, and when something is broken."""

import subprocess
import sys
import uuid
from pathlib import Path

import bus
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import stack, until  # noqa: E402, F401

DONE, NO, UNAVAILABLE = 0, 1, 3
NOWHERE = "127.0.0.1:1"  # tcpmux: without a listener
PARTITIONS = 12
KEYS = ["owner", "epoch", "applied", "committed", "end", "lag", "state", "node", "loaded", "goal", "trouble"]
COPY = "cp"  # another prefix in the same Redis
LATER_MS = 4_000_000_000_000  # nobody stamps the copies, so that they would be told to be old


def status(stack, *args, code=DONE):
    """The JSON; asserts its shape."""
    ran = stack.sharebus("status", "-o", "json", *args)
    assert ran.code == code, ran
    assert (ran.err == "") == (code == DONE), ran
    assert list(ran.json) == ["group", "group_state", "partitions", "directory", "notifiers", "problems"]
    assert ran.json["problems"] == ([] if code != NO else said(ran)), ran
    assert all(list(row) == ["partition", *KEYS] for row in ran.json["partitions"])
    assert list(ran.json["directory"]) == KEYS
    return ran.json


def said(ran):
    """The sentences on stderr."""
    return [line.removeprefix("sharebus: ") for line in ran.err.splitlines()]


def column(answer, name):
    return [row[name] for row in answer["partitions"]]


def server(stack):
    return stack.redis_client(decode_responses=True)


def marks(stack):
    names = [*map(str, range(PARTITIONS)), "dir"]
    return {name: server(stack).hgetall(f"sb:{{{name}}}:mark") for name in names}


def send_garbage(stack, count=30):
    """Sends records to every partition, so that each log ends with one. Otherwise a log may end with the
    marker of a transaction, an offset that is never committed."""
    producer = bus.producer(stack.brokers)
    for n in range(count):
        key = str(uuid.uuid4()).encode()
        producer.produce(bus.COMMANDS, b"garbage", key, partition=n % PARTITIONS)
    assert producer.flush(60) == 0


def send_rejected(stack):
    """Sends a command on a workspace that does not exist, which gives an event."""
    workspace = str(uuid.uuid4())
    record = {
        "command_id": str(uuid.uuid4()),
        "issued_at": 1_700_000_000_000,
        "actor": {"id": str(uuid.uuid4()), "kind": "user"},
        "workspace_id": workspace,
        "grants": [],
    }
    producer = bus.producer(stack.brokers)
    producer.produce(bus.COMMANDS, bus.encode("ShareWorkspace", record), workspace)
    assert producer.flush(30) == 0


def settled(stack):
    """Waits until everything on the log is committed."""
    offsets = bus.CommittedOffsets(stack.brokers)
    try:
        ends = bus.log_ends(stack.brokers, bus.COMMANDS)
        until("all is committed", lambda: offsets.get() == ends)
        return ends
    finally:
        offsets.close()


def transaction():
    """Settings of a producer that writes a transaction."""
    return {"transactional.id": f"test-{uuid.uuid4()}", "message.timeout.ms": 30_000}


def owners(stack):
    """{(topic, partition): client id}, as any client may ask the brokers."""
    admin = AdminClient({"bootstrap.servers": stack.brokers})
    group = admin.describe_consumer_groups([bus.GROUP])[bus.GROUP].result(30)
    return {
        (tp.topic, tp.partition): member.client_id
        for member in group.members
        for tp in member.assignment.topic_partitions
    }


@pytest.fixture
def copied(stack):
    """Copies all marks to another prefix; returns a function that changes one of the copies."""
    there = server(stack)
    for name, mark in marks(stack).items():
        there.hset(f"{COPY}:{{{name}}}:mark", mapping={**mark, "looked": LATER_MS})

    def doctor(name, **fields):
        there.hset(f"{COPY}:{{{name}}}:mark", mapping=fields)

    yield doctor
    for key in there.scan_iter(match=f"{COPY}:*", count=1000):
        there.delete(key)


# ---- all is well ----


def test_each_number_agrees_with_kafka_and_redis(stack):
    send_garbage(stack)
    ends = settled(stack)
    answer = status(stack)
    assert (answer["group"], answer["group_state"]) == (bus.GROUP, "Stable")
    assert column(answer, "partition") == list(range(PARTITIONS))
    assert {p: row["end"] for p, row in enumerate(answer["partitions"])} == ends
    held, theirs = marks(stack), owners(stack)
    for p, row in enumerate(answer["partitions"]):
        assert row["owner"] == theirs[bus.COMMANDS, p] is not None
        assert row["epoch"] == int(held[str(p)]["epoch"])
        assert row["applied"] == int(held[str(p)]["applied"]) == row["end"]
        assert row["committed"] == (row["end"] or None)
        assert row["lag"] == (0 if row["end"] else None)
        assert (row["state"], row["loaded"], row["goal"]) == ("ready", None, None)
    directory = answer["directory"]
    assert directory["owner"] == theirs[bus.DIRECTORY, 0]
    assert directory["applied"] == int(held["dir"]["applied"])
    assert directory["end"] == bus.log_ends(stack.brokers, bus.DIRECTORY)[0]
    assert directory["lag"] == directory["end"] - directory["applied"]
    assert directory["state"] == "ready"


def test_the_table_agrees_with_the_json(stack):
    settled(stack)
    answer = status(stack)
    lines = stack.sharebus("status").done().out.splitlines()
    titles = ["PARTITION", "OWNER", "EPOCH", "APPLIED", "COMMITTED", "END", "LAG", "STATE"]
    assert lines[0].split() == titles
    rows = [*answer["partitions"], {"partition": "directory", **answer["directory"]}]
    wanted = [[row[title.lower()] for title in titles] for row in rows]
    shown = [["-" if cell is None else str(cell) for cell in row] for row in wanted]
    assert [line.split() for line in lines[1:]] == shown


# ---- how consumers spend their time ----


def stages(stack):
    """{stage: turns} of the one consumer, as JSON has them."""
    (consumer, *_) = stack.sharebus("status", "--stages", "-o", "json").done().json
    return {row["stage"]: row["turns"] for row in consumer["stages"]}


def test_stages_are_those_of_the_loop_and_count_on(stack):
    before = stages(stack)
    assert list(before) == [
        *("publish", "settle", "follow", "watch", "tell", "rebuild"),
        *("recover", "reap", "fetch", "holes", "apply", "scrub", "report"),
        *(f"publish:{step}" for step in ("write", "offsets", "note", "commit", "see")),
    ]
    send_garbage(stack)
    settled(stack)
    grown = lambda name: stages(stack)[name] > before[name]  # noqa: E731
    until("a later report counts more turns", lambda: grown("apply") and grown("publish:see"))


def test_the_table_of_stages_names_the_consumer_of_the_json(stack):
    (consumer,) = stack.sharebus("status", "--stages", "-o", "json").done().json
    titles, *rows = stack.sharebus("status", "--stages").done().out.splitlines()
    assert titles.startswith("INSTANCE")
    assert [row.split()[:3] for row in rows] == [
        [consumer["instance"], "consumer", row["stage"]] for row in consumer["stages"]
    ]


def test_without_a_consumer_there_are_no_stages(stack):
    ran = stack.sharebus("status", "--stages", "--prefix", COPY)
    assert (ran.code, ran.err.strip()) == (NO, "sharebus: no consumer has written its figures lately")


# ---- Kafka's side ----


def test_an_open_transaction_counts_to_the_end_but_is_not_committed(stack):
    plain = bus.producer(stack.brokers)
    plain.produce(bus.COMMANDS, b"garbage", partition=7)
    assert plain.flush(30) == 0
    settled(stack)
    before = status(stack)
    writer = bus.producer(stack.brokers, **transaction())
    writer.init_transactions(30)
    writer.begin_transaction()
    writer.produce(bus.COMMANDS, b"garbage", partition=7)
    assert writer.flush(30) == 0
    during = status(stack)["partitions"][7]
    writer.abort_transaction(30)
    assert during["end"] == before["partitions"][7]["end"] + 1
    assert during["committed"] == before["partitions"][7]["committed"]
    assert during["lag"] == before["partitions"][7]["lag"] + 1 == 1


def test_offsets_of_an_open_transaction_are_waited_for(stack):
    group = f"other-{uuid.uuid4()}"
    member = Consumer({"bootstrap.servers": stack.brokers, "group.id": group})
    writer = bus.producer(stack.brokers, **transaction())
    writer.init_transactions(30)

    def begin(offset):
        place = TopicPartition(bus.COMMANDS, 7, offset)
        writer.begin_transaction()
        writer.send_offsets_to_transaction([place], member.consumer_group_metadata(), 30)

    def committed(code):
        answer = status(stack, "--consumer-group", group, "--wait", "1s", code=code)
        return answer["partitions"][7]["committed"]

    begin(5)
    writer.commit_transaction(30)
    assert committed(NO) == 5
    begin(9)
    assert committed(UNAVAILABLE) is None
    writer.abort_transaction(30)
    assert committed(NO) == 5
    member.close()


def test_two_members_are_distinguished_by_their_instances(stack, tmp_path):
    argv = [stack.bin / "sharebus-consumer", "--instance", "the-second"]
    with (tmp_path / "log").open("w") as log:
        second = subprocess.Popen(argv, env=stack.env("consumer", argv), stdout=log, stderr=log)

    def shared():
        ran = stack.sharebus("status", "-o", "json")
        names = column(ran.json, "owner")
        return names if ran.code == DONE and "the-second" in names else None

    try:
        names = until("both own some", shared)
    finally:
        second.terminate()
        second.wait(60)
    assert len(set(names)) == 2
    one = set(names) - {"the-second"}
    until("the first owns all again", lambda: owned_by(stack) == one)


def owned_by(stack):
    ran = stack.sharebus("status", "-o", "json")
    return set(column(ran.json, "owner")) if ran.code == DONE else None


# ---- something is wrong ----


def test_without_a_consumer_partitions_have_no_owner_and_the_lag_grows(stack):
    send_garbage(stack)
    settled(stack)
    stack.down("consumer")
    try:
        send_garbage(stack, 100)
        nobody = lambda: status(stack, code=NO)  # noqa: E731
        until("nobody looks", lambda: set(column(nobody(), "state")) == {"unwatched"})
        answer = nobody()
    finally:
        stack.up()
    assert set(column(answer, "owner")) == {None} and answer["directory"]["owner"] is None
    assert set(column(answer, "state")) == {answer["directory"]["state"]} == {"unwatched"}
    assert sum(column(answer, "lag")) == 100
    assert answer["problems"] == [f"no consumer of group {bus.GROUP} runs: start sharebus-consumer"]
    for row in answer["partitions"]:
        assert row["lag"] == row["end"] - row["committed"]
    settled(stack)
    status(stack)


def test_an_unknown_group_has_no_owners_and_no_offsets(stack):
    answer = status(stack, "--consumer-group", "nobody", code=NO)
    assert answer["group"] == "nobody"
    assert set(column(answer, "owner")) == set(column(answer, "committed")) == {None}
    assert set(column(answer, "lag")) == {None}
    assert set(column(answer, "state")) == {"ready"}


def test_an_absent_index_is_shown_as_missing(stack):
    answer = status(stack, "--prefix", "nothing", code=NO)
    assert set(column(answer, "state")) == {answer["directory"]["state"]} == {"missing"}
    assert set(column(answer, "epoch")) == set(column(answer, "applied")) == {None}
    assert None not in column(answer, "owner") + column(answer, "end")


def test_a_copy_of_the_index_is_shown_as_ready(stack, copied):
    status(stack, "--prefix", COPY)


def test_an_owner_that_does_not_look_is_told(stack, copied):
    copied("3", looked="1")
    ran = stack.sharebus("status", "--prefix", COPY)
    (sentence,) = said(ran)
    assert ran.code == NO and sentence.startswith("partition 3: the owner has not looked at the index for ")


def test_lag_is_counted_from_the_committed_offset(stack, copied):
    send_garbage(stack)
    settled(stack)
    before = status(stack)
    copied("7", applied="1000000")
    after = status(stack, "--prefix", COPY)
    assert column(after, "applied")[7] == 1_000_000
    for name in ("committed", "end", "lag"):
        assert column(after, name) == column(before, name)


@pytest.mark.parametrize(
    "loaded, goal, shown",
    [
        ("43", "100", "rebuilding 43 %"),
        ("0", "7", "rebuilding 0 %"),
        ("999", "1000", "rebuilding 99 %"),
        ("8", "7", "rebuilding 100 %"),
        ("9000000000000000000", "9000000000000000001", "rebuilding 100 %"),
        ("0", "0", "rebuilding"),
        ("x", "7", "rebuilding"),
        (None, None, "rebuilding"),
    ],
)
def test_a_rebuild_shows_its_progress(stack, copied, loaded, goal, shown):
    fields = {"state": "rebuilding", "loaded": loaded, "goal": goal}
    copied("3", **{k: v for k, v in fields.items() if v is not None})
    row = status(stack, "--prefix", COPY, code=NO)["partitions"][3]
    assert row["state"] == "rebuilding"
    assert row["loaded"] == (int(loaded) if loaded and loaded.isdigit() else None)
    assert row["goal"] == (int(goal) if goal else None)
    ran = stack.sharebus("status", "--prefix", COPY)
    (line,) = [line for line in ran.out.splitlines() if line.startswith("3 ")]
    assert ran.code == NO and line.rstrip().endswith(f"  {shown}")


@pytest.mark.parametrize("field", [{"cluster": "another"}, {"partitions": "6"}, {"layout": "99"}])
@pytest.mark.parametrize("name", ["5", "dir"])
def test_a_mark_of_another_deployment_is_shown_as_foreign(stack, copied, name, field):
    copied(name, **field)
    ran = stack.sharebus("status", "--prefix", COPY, "-o", "json")
    assert ran.code == NO and stack.redis_named in ran.err and ran.err.count("\n") == 1
    rows = [*ran.json["partitions"], ran.json["directory"]]
    foreign = [n for n, row in enumerate(rows) if row["state"] == "foreign"]
    assert foreign == [PARTITIONS if name == "dir" else int(name)]


def test_without_brokers_the_marks_are_shown(stack):
    answer = status(stack, "--brokers", NOWHERE, "--wait", "1s", code=UNAVAILABLE)
    assert column(answer, "epoch") == [int(m["epoch"]) for m in marks(stack).values()][:-1]
    assert set(column(answer, "state")) == {"ready"}
    for name in ("owner", "committed", "end", "lag"):
        assert set(column(answer, name)) == {None}
    ran = stack.sharebus("status", "--brokers", NOWHERE, "--wait", "1s")
    assert ran.code == UNAVAILABLE and NOWHERE in ran.err and ran.err.count("\n") == 1
    assert len(ran.out.splitlines()) == 1 + PARTITIONS + 1


def test_without_redis_the_log_is_shown(stack):
    send_garbage(stack)
    ends = settled(stack)
    answer = status(stack, "--redis", NOWHERE, code=UNAVAILABLE)
    assert column(answer, "end") == list(ends.values())
    assert None not in column(answer, "owner")
    for name in ("epoch", "applied", "state"):
        assert set(column(answer, name)) == {None}
    ran = stack.sharebus("status", "--redis", NOWHERE)
    assert ran.code == UNAVAILABLE and NOWHERE in ran.err and ran.err.count("\n") == 1
    assert len(ran.out.splitlines()) == 1 + PARTITIONS + 1


def test_without_both_one_sentence_names_both(stack):
    nothing = ("--brokers", NOWHERE, "--redis", "127.0.0.1:2", "--wait", "1s")
    stack.sharebus("status", *nothing).failed(UNAVAILABLE, NOWHERE, "127.0.0.1:2")
    assert status(stack, *nothing, code=UNAVAILABLE)["partitions"] == []


# ---- something stands still ----


def problem(stack, *words):
    """Waits until status exits 1 and one of its sentences has all these words; returns the sentence."""

    def told():
        ran = stack.sharebus("status")
        found = [line for line in said(ran) if all(word in line for word in words)]
        return found[0] if ran.code == NO and found else None

    return until(f"status says {words}", told)


def test_a_transaction_that_a_producer_leaves_open_is_told(stack):
    settled(stack)
    writer = bus.producer(stack.brokers, **transaction())
    writer.init_transactions(30)
    writer.begin_transaction()
    writer.produce(bus.COMMANDS, b"garbage", partition=7)
    assert writer.flush(30) == 0
    sentence = problem(stack, "a producer has left a transaction open")
    writer.abort_transaction(30)
    assert sentence.startswith("partition 7: sharing.commands partition 7 cannot be read from offset ")
    until("all is well again", lambda: stack.sharebus("status").code == DONE)


def test_brokers_that_refuse_the_outputs_are_told_and_forgotten(stack):
    """The trouble is that of the publisher or of the partition that it stands for; either names the topic's limit."""
    bus.set_topic(stack.brokers, bus.EVENTS, "max.message.bytes", "100")
    try:
        send_rejected(stack)
        problem(stack, "partition")
    finally:
        bus.set_topic(stack.brokers, bus.EVENTS, "max.message.bytes", None)
    until("all is well again", lambda: stack.sharebus("status").code == DONE)
