"""Dead letters: unreadable records are kept as they came, shown without harm, and sent again."""

import base64
import functools
import json
import subprocess
import sys
import uuid
from pathlib import Path

import bus
import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import stack, until  # noqa: E402, F401

DONE, NO, USAGE, UNAVAILABLE, UNKNOWN = range(5)
MEGABYTES_10 = 10 * 1024 * 1024
OURS = ["sharebus_reason", "sharebus_topic", "sharebus_partition", "sharebus_offset"]
OURS += ["sharebus_timestamp"]
NOWHERE = "127.0.0.1:1"  # tcpmux: without a listener
BATCH = 200  # records that replay sends before it waits for outcomes


@pytest.fixture(scope="module")
def erin(stack, tmp_path_factory):
    """The user erin with the workspaces box and den, which she may share with alice."""
    people = [{"username": n, "organizations": ["acme"]} for n in ("erin", "alice")]
    boxes = [{"name": n, "owner": "erin", "organization": "acme"} for n in ("box", "den")]
    content = {"organizations": [{"name": "acme"}], "users": people, "workspaces": boxes}
    stack.apply(content, tmp_path_factory.mktemp("directory"))
    return stack


def shown(stack, workspace="box"):
    ran = stack.sharebus("sharing", "show", f"erin/{workspace}", "-o", "json", as_user="erin")
    return ran.done().json


def id_of(stack, name):
    """The id of a user, as sharing erin/den with her shows it."""
    args = ("sharing", "share", "erin/den", "--user", name, "-o", "json")
    users = stack.sharebus(*args, as_user="erin").done().json["users"]
    return next(u["id"] for u in users if u["username"] == name)


def share(stack, actor=None, role="use"):
    """(key, value) of a command that shares erin/box with alice; erin's, or the named actor's."""
    box = shown(stack)["workspace"]
    subject = {"kind": "user", "id": id_of(stack, "alice")}
    command = {
        "command_id": bus.new_id(),
        "issued_at": 1_700_000_000_000,
        "actor": {"id": actor or box["owner_id"], "kind": "user"},
        "workspace_id": box["id"],
        "grants": [{"subject": subject, "role": role, "expires_at": None}],
        "expected_version": None,
        "directory_offset": None,
        "message": None,
    }
    return box["id"].encode(), bus.encode("ShareWorkspace", command)


# ---- the bus ----


@functools.cache
def plain_producer(brokers):
    settings = {"message.max.bytes": 64 * 1024 * 1024, "linger.ms": 0, "log_level": 0}
    return bus.producer(brokers, **settings)


def produce(stack, topic, value, key=None, headers=(), partition=None, producer=None):
    """Writes one record; returns its position."""
    where = []
    target = producer or plain_producer(stack.brokers)

    def on_delivery(error, message):
        assert error is None, error
        where.append((message.partition(), message.offset()))

    place = {} if partition is None else {"partition": partition}
    target.produce(topic, value, key, headers=list(headers), on_delivery=on_delivery, **place)
    assert target.flush(30) == 0
    return where[0]


def record_at(stack, topic, position):
    """The record at that position."""
    partition, offset = map(int, position.split(":"))
    found = bus.read_topic(stack.brokers, topic)[partition]
    return next(m for m in found if m.offset() == offset)


def transaction():
    """Settings of a producer that writes a transaction."""
    return {"transactional.id": f"test-{uuid.uuid4()}", "message.timeout.ms": 30_000}


def end_of_commands(stack):
    return sum(bus.log_ends(stack.brokers, bus.COMMANDS).values())


def bury(stack, value, key=None, headers=(), origin=0, **changed):
    """Writes a dead letter as a consumer would; its headers can be changed."""
    said = {
        "sharebus_reason": "of a schema that is not known here",
        "sharebus_topic": bus.COMMANDS,
        "sharebus_partition": str(origin),
        "sharebus_offset": "1000000000",
        "sharebus_timestamp": "1700000000000",
    }
    said |= changed
    ours = [(name, text) for name, text in said.items() if text is not None]
    partition, offset = produce(stack, bus.DEADLETTER, value, key, [*headers, *ours])
    return f"{partition}:{offset}"


# ---- the command line ----


def listed(stack, *args):
    list_all = ("deadletter", "list", "--limit", "10000")
    return stack.sharebus(*list_all, *args, "-o", "json").done().json


def letter_from(stack, partition, offset):
    """The row of the dead letter of that command, once there is one."""
    origin = f"{partition}:{offset}"

    def look():
        return [row for row in listed(stack) if row["from"] == origin]

    (row,) = until(f"{origin} is a dead letter", look)
    return row


def show(stack, position):
    return stack.sharebus("deadletter", "show", position, "-o", "json").done().json


def raw(stack, position):
    """The bytes that --raw writes."""
    argv = [stack.bin / "sharebus", "deadletter", "show", position, "--raw"]
    ran = subprocess.run(argv, env=stack.env(), capture_output=True, timeout=60, check=True)
    assert ran.stderr == b""
    return ran.stdout


def replay(stack, *positions, **more):
    return stack.sharebus("deadletter", "replay", *positions, "-o", "json", **more)


def unbase(text):
    return None if text is None else base64.b64decode(text)


# ---- what becomes a dead letter ----

UNREADABLE = {
    "garbage": b"\x00\xff\x1b[2Jgarbage\r\n" * 9,
    "nothing": None,
    "empty": b"",
    "wrong schema id": b"\xc3\x01" + b"\x11" * 8 + b"\x02\x02",
    "unknown id of a registry": b"\x00\x00\x00\x30\x39" + b"\x02\x02",
    "cut off": b"",  # filled in by the test
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_an_unreadable_record_is_kept_as_it_came(erin, what):
    key = f"{what} \x1b]0;{uuid.uuid4()}".encode()
    value = share(erin)[1][:-1] if what == "cut off" else UNREADABLE[what]
    headers = [("ce_id", b"\x1b[31m\xff"), ("twice", b"1"), ("twice", b"2"), ("none", None)]
    partition, offset = produce(erin, bus.COMMANDS, value, key, headers)
    row = letter_from(erin, partition, offset)
    assert row["topic"] == bus.COMMANDS and row["reason"]
    assert row["size"] == (None if value is None else len(value))
    letter = show(erin, row["position"])
    assert {name: letter[name] for name in row} == row
    assert unbase(letter["key"]) == key and unbase(letter["value"]) == value
    found = [(h["name"], unbase(h["value"])) for h in letter["headers"]]
    assert found[: len(headers)] == headers
    assert [name for name, _ in found[len(headers) :]] == OURS
    assert raw(erin, row["position"]) == (value or b"")


@pytest.mark.parametrize("what", ["a record", "bytes", "a hole", "a beginning"])
def test_watch_says_why_a_letter_is_there_and_what_to_do(erin, what, tmp_path):
    """Also where the record can be decoded: the consumer had another reason."""
    watch = ("watch", "--state", str(tmp_path / "state"), "--settled", "--wait", "30s")
    erin.sharebus(*watch).done()
    why = "on the wrong\x1b partition"
    more = {"a hole": {"sharebus_count": "7"}, "a beginning": {"sharebus_size": "99999999"}}.get(what, {})
    value = {"a record": share(erin)[1], "a hole": None}.get(what, b"x" * 10)
    at = bury(erin, value, sharebus_reason=why, **more)
    told = erin.sharebus("watch", "--since", "1m", "--settled", "--wait", "30s", "-o", "json").done().out.splitlines()
    (line,) = [n for n in erin.sharebus(*watch).done().out.splitlines() if f" {at} " in n]
    remedy = f"; once it can be read: sharebus deadletter replay {at}"
    if more:
        remedy = f"; its author must send it again; see sharebus deadletter show {at}"
    assert line == f"dead letter   {at} (from 0:1000000000): on the wrong? partition{remedy}"
    (letter,) = [r for r in map(json.loads, told) if f"{r['partition']}:{r['offset']}" == at and "reason" in r]
    assert (letter["topic"], letter["from"], letter["reason"]) == (bus.DEADLETTER, "0:1000000000", why)
    assert letter["type"] == ("ShareWorkspace" if what == "a record" else None)


def test_show_dumps_bytes_and_text(erin):
    value = bytes(range(256)) * 20
    position = bury(erin, value, b"a key", [("mine", b"yes")])
    out = erin.sharebus("deadletter", "show", position).done().out
    lines = out.splitlines()
    assert lines[0].split() == ["position", position]
    assert ["mine", "yes"] in [line.split() for line in lines]
    dump = lines[lines.index("") + 1 :]
    text = "|0123456789:;<=>?|"
    assert dump[3] == "00000030  30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f  " + text
    assert len(dump) == 4096 // 16 + 1 and dump[-1].startswith(f"and {len(value) - 4096} more bytes")


def test_control_characters_are_made_harmless(erin):
    evil = b"\x1b]0;owned\x07\x9b2J\xe2\x80\xae"
    position = bury(erin, b"\x1b[2J", evil, [("evil\x1b[2J", evil)], sharebus_reason=evil)
    table = erin.sharebus("deadletter", "list", "--limit", "10000").done().out
    letter = erin.sharebus("deadletter", "show", position).done().out
    for out in (table, letter):
        assert "owned" in out
        assert not [c for c in out if c in "\x1b\x07\x9b\u202e"]


@pytest.fixture
def large_commands(stack):
    """sharing.commands accepts records of 16 MB during the test."""
    topic = ConfigResource(ConfigResource.Type.TOPIC, bus.COMMANDS)
    admin = AdminClient({"bootstrap.servers": stack.brokers})

    def limit(size):
        operation = AlterConfigOpType.SET if size else AlterConfigOpType.DELETE
        entry = ConfigEntry("max.message.bytes", size, incremental_operation=operation)
        topic.incremental_configs = [entry]
        admin.incremental_alter_configs([topic])[topic].result(30)

    limit(str(16 * 1024 * 1024))
    yield limit
    limit(None)


def test_ten_megabytes_are_kept_and_replayed_without_delaying_others(erin, large_commands):
    value = bytes(range(251)) * (MEGABYTES_10 // 251)
    row = letter_from(erin, *produce(erin, bus.COMMANDS, value, b"large"))
    assert row["size"] == len(value) and raw(erin, row["position"]) == value
    assert unbase(show(erin, row["position"])["value"]) == value
    erin.sharebus("sharing", "share", "erin/den", "--user", "alice", as_user="erin").done()
    ran = replay(erin, row["position"])
    (again,) = ran.json
    assert (ran.code, again["outcome"]) == (NO, "unreadable")
    new = letter_from(erin, *map(int, again["sent_to"].split(":")))
    assert raw(erin, new["position"]) == value
    large_commands("100000")
    ran = replay(erin, row["position"], bury(erin, b"small"))
    large, small = ran.json
    assert (ran.code, large["outcome"], large["sent_to"]) == (NO, "refused", None)
    assert bus.COMMANDS in large["message"] and small["outcome"] == "unreadable"


def test_help_says_what_each_subcommand_is_for(stack):
    for verb in ("list", "show", "replay"):
        out = stack.sharebus("deadletter", verb, "--help").done().out
        assert f"Usage:   sharebus deadletter {verb}" in out
    out = stack.sharebus("deadletter", "--help").done().out
    assert [verb for verb in ("list", "show", "replay") if f"deadletter {verb}" not in out] == []


# ---- list ----


def test_list_ends_with_the_newest_and_limits_from_there(erin):
    for n in range(4):
        bury(erin, b"n", f"key {n}".encode(), sharebus_timestamp=str(1_800_000_000_000 + n))
    whole = listed(erin)
    assert [row["at"] for row in whole] == sorted(row["at"] for row in whole)
    assert listed(erin, "--limit", "3") == whole[-3:]
    lines = erin.sharebus("deadletter", "list", "--limit", "3").done().out.splitlines()
    assert lines[0].split() == ["POSITION", "FROM", "AT", "SIZE", "REASON"]
    assert [line.split()[0] for line in lines[1:]] == [row["position"] for row in whole[-3:]]


def test_aborted_records_are_not_listed_and_hide_nothing(erin):
    """An aborted transaction takes more offsets than the first step backwards covers."""
    late = {"sharebus_timestamp": "4000000000000"}
    last = bury(erin, b"seen", b"same", **late)
    writer = bus.producer(erin.brokers, **transaction())
    writer.init_transactions(30)
    writer.begin_transaction()
    for _ in range(40):
        produce(erin, bus.DEADLETTER, b"never", b"same", producer=writer)
    stuck = erin.sharebus("deadletter", "list", "--wait", "1s")
    stuck.failed(UNAVAILABLE, bus.DEADLETTER, "end")
    writer.abort_transaction(30)
    partition, offset = last.split(":")
    erin.sharebus("deadletter", "show", f"{partition}:{int(offset) + 1}").failed(UNKNOWN, "no record")
    for limit in ("1", "10000"):
        assert listed(erin, "--limit", limit)[-1]["position"] == last
    assert not [row for row in listed(erin) if row["size"] == len(b"never") and not row["reason"]]


# ---- replay ----


def test_a_record_that_became_readable_is_applied_once(erin):
    erin.sharebus("sharing", "remove", "erin/box", "--user", "alice", as_user="erin")
    key, value = share(erin)
    partition = produce(erin, bus.COMMANDS, b"to learn the partition", key)[0]
    headers = [("ce_id", b"\x00\xff"), ("twice", b"1"), ("twice", None)]
    position = bury(erin, value, key, headers, partition)
    first = replay(erin, position).done().json
    assert first == [
        {
            "position": position,
            "sent_to": first[0]["sent_to"],
            "outcome": "applied",
            "code": None,
            "message": None,
        }
    ]
    assert [u["username"] for u in shown(erin)["users"]] == ["alice"]
    record = record_at(erin, bus.COMMANDS, first[0]["sent_to"])
    assert (record.partition(), record.key(), record.value()) == (partition, key, value)
    assert record.headers() == headers
    ran = erin.sharebus("deadletter", "replay", position).done()
    title, line = ran.out.splitlines()
    assert title.split() == ["POSITION", "SENT", "TO", "OUTCOME"]
    assert line.split()[0] == position and line.split()[2:] == ["duplicate"]


def test_a_record_of_another_partitioner_goes_to_the_partition_of_its_workspace(erin):
    erin.sharebus("sharing", "remove", "erin/box", "--user", "alice", as_user="erin")
    key, value = share(erin)
    right = produce(erin, bus.COMMANDS, b"to learn the partition", key)[0]
    wrong = produce(erin, bus.COMMANDS, value, key, partition=(right + 1) % len(bus.log_ends(erin.brokers, bus.COMMANDS)))
    row = letter_from(erin, *wrong)
    assert "murmur2" in row["reason"]
    (one,) = replay(erin, row["position"]).done().json
    assert (one["outcome"], int(one["sent_to"].split(":")[0])) == ("applied", right)
    assert [u["username"] for u in shown(erin)["users"]] == ["alice"]
    record = record_at(erin, bus.COMMANDS, one["sent_to"])
    assert (record.key(), record.value()) == (key, value)


def test_a_replayed_command_may_be_rejected(erin):
    erin.sharebus("sharing", "remove", "erin/box", "--user", "alice", as_user="erin")

    def forbidden():
        key, value = share(erin, actor=id_of(erin, "alice"), role="admin")
        partition = produce(erin, bus.COMMANDS, b"to learn the partition", key)[0]
        return bury(erin, value, key, origin=partition)

    ran = replay(erin, forbidden())
    (one,) = ran.json
    assert (ran.code, one["outcome"], one["code"]) == (NO, "rejected", "forbidden")
    assert one["message"] and "1 of 1" in ran.err
    line = erin.sharebus("deadletter", "replay", forbidden()).out.splitlines()[1]
    assert f"rejected (forbidden): {one['message']}" in line


def test_a_record_still_unreadable_is_a_dead_letter_of_its_partition_once_more(erin):
    """It keeps its partition, although its key belongs to another one."""
    origins = {produce(erin, bus.COMMANDS, b"x", b"one key", partition=p) for p in (3, 4)}
    for partition, offset in origins:
        row = letter_from(erin, partition, offset)
        ran = replay(erin, row["position"])
        (one,) = ran.json
        assert (ran.code, one["outcome"]) == (NO, "unreadable")
        sent = tuple(map(int, one["sent_to"].split(":")))
        assert sent[0] == partition and sent[1] > offset
        again = letter_from(erin, *sent)
        names = [h["name"] for h in show(erin, again["position"])["headers"]]
        assert names == OURS


def test_nothing_is_sent_if_one_position_is_wrong(erin):
    position = bury(erin, b"garbage")
    before = end_of_commands(erin)
    for wrong, code in (("99:0", UNKNOWN), ("0:99999999", UNKNOWN), ("1", USAGE), ("1:", USAGE)):
        erin.sharebus("deadletter", "replay", position, wrong).failed(code, wrong)
    for wrong in (":1", "1:2:3", "-1:0", "0:-1", "0:0x1", " 0:1", "0:99999999999999999999", ""):
        erin.sharebus("deadletter", "replay", "--", position, wrong).failed(USAGE, f'"{wrong}"')
        erin.sharebus("deadletter", "show", "--", wrong).failed(USAGE, f'"{wrong}"')
    erin.sharebus("deadletter", "replay").failed(USAGE, "--all")
    erin.sharebus("deadletter", "replay", "--all", position).failed(USAGE, "--all")
    for limit in ("0", "-1", "many", "10001", ""):
        erin.sharebus("deadletter", "list", "--limit", limit).failed(USAGE, "--limit")
    both = erin.sharebus("deadletter", "show", position, "--raw", "-o", "json")
    assert both.code == USAGE and "--raw" in both.json["error"]["message"]
    assert end_of_commands(erin) == before


@pytest.mark.parametrize(
    "said",
    [
        {"sharebus_partition": None},
        {"sharebus_partition": "12"},
        {"sharebus_partition": "-1"},
        {"sharebus_partition": "0 "},
        {"sharebus_offset": None},
        {"sharebus_topic": "sharing.directory"},
        {"sharebus_topic": None},
    ],
    ids=str,
)
def test_a_letter_that_the_consumer_did_not_write_is_not_sent(erin, said):
    position = bury(erin, b"garbage", **said)
    before = end_of_commands(erin)
    ran = replay(erin, position)
    (one,) = ran.json
    assert (ran.code, one["outcome"], one["sent_to"]) == (NO, "refused", None)
    assert end_of_commands(erin) == before


def test_no_wait_prints_only_the_new_position(erin):
    ran = replay(erin, bury(erin, b"garbage"), "--no-wait").done()
    (one,) = ran.json
    assert one["outcome"] is None
    letter_from(erin, *map(int, one["sent_to"].split(":")))


def test_without_a_consumer_the_outcome_is_unknown(erin):
    position = bury(erin, b"garbage")
    erin.down("consumer")
    try:
        ran = replay(erin, position, "--wait", "1s")
    finally:
        erin.up()
    (one,) = ran.json
    assert (ran.code, one["outcome"]) == (UNAVAILABLE, None)
    assert one["sent_to"] in ran.err
    letter_from(erin, *map(int, one["sent_to"].split(":")))


def test_an_unavailable_server_is_named(erin):
    position = bury(erin, b"garbage")
    for verb in (["list"], ["show", position], ["replay", position], ["replay", "--all"]):
        args = ("deadletter", *verb, "--wait", "2s", "--brokers", NOWHERE)
        erin.sharebus(*args).failed(UNAVAILABLE, NOWHERE)
    for verb in (["list"], ["show", position]):
        erin.sharebus("deadletter", *verb, "--redis", NOWHERE).done()
    erin.sharebus("deadletter", "replay", position, "--redis", NOWHERE).failed(UNAVAILABLE, NOWHERE)


def test_all_replays_each_existing_letter_once(erin):
    for n in range(2 * BATCH):
        bury(erin, b"%d" % n, b"%d" % n)
    before = listed(erin)
    ran = replay(erin, "--all", seconds=120)
    assert ran.code == NO
    assert sorted(one["position"] for one in ran.json) == sorted(r["position"] for r in before)
    outcomes = [one["outcome"] for one in ran.json]
    assert None not in outcomes and outcomes.count("unreadable") >= 2 * BATCH
    came_back = outcomes.count("unreadable")
    until("all that is unreadable is back", lambda: len(listed(erin)) == len(before) + came_back)
    size = {row["position"]: row["size"] for row in listed(erin)}
    origin = {row["from"]: row["position"] for row in listed(erin)}
    for one in ran.json:
        if one["outcome"] == "unreadable":
            assert size[origin[one["sent_to"]]] == size[one["position"]]
