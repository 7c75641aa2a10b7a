"""The parts of chaos: a seed repeats its schedule, and lost or doubled records are noticed."""

import itertools
import pathlib
import socket
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import line  # noqa: E402
from cluster import FORGOTTEN  # noqa: E402
from history import Ledger, differences  # noqa: E402
from schedule import Schedule, kinds  # noqa: E402


def drawn(seed, count=200, brokers=1, short=False):
    return list(itertools.islice(Schedule(seed, kinds(brokers), short, brokers), count))


@pytest.mark.parametrize("short", [False, True])
def test_a_seed_repeats_its_schedule(short):
    assert drawn(7, short=short) == drawn(7, short=short)
    assert drawn(7, short=short) != drawn(8, short=short)


@pytest.mark.parametrize("brokers", [1, 3])
def test_every_kind_occurs_once_before_any_occurs_twice(brokers):
    all_kinds = kinds(brokers)
    assert sorted(f.kind for f in drawn(1, len(all_kinds), brokers)) == sorted(all_kinds)


def test_faults_hit_only_consumers_that_run():
    running = 2
    for fault in drawn(3, 2000):
        assert fault.numbers.get("victim", 0) < running
        running = fault.numbers.get("rest", running)
    assert running in (1, 2)


def test_a_frozen_consumer_sleeps_longer_than_its_session():
    frozen = [f.numbers["seconds"] for f in drawn(4, 500, short=True) if f.kind == "freeze"]
    assert frozen and min(frozen) > 10


def test_acknowledged_records_must_be_on_the_log_once():
    ledger = Ledger(acknowledged={"a", "b"}, aborted={"c"}, unknown={"d"})
    assert differences(ledger, {"a": 1, "b": 1}) == []
    assert differences(ledger, {"a": 1, "b": 1, "d": 1, "somebody else's": 1}) == []
    for found in ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 1, "d": 2}):
        assert len(differences(ledger, found)) == 1


def test_doubted_records_may_be_anywhere():
    ledger = Ledger(acknowledged={"a", "b"}, aborted={"c"})
    ledger.doubt(["b", "c"])
    assert differences(ledger, {"a": 1}) == []
    assert differences(ledger, {"a": 1, "b": 1, "c": 1}) == []
    assert len(differences(ledger, {"b": 1, "c": 2})) == 2


def test_a_transaction_is_forgotten_by_name():
    line = (
        "2026-11-29 01:06:31.685 INFO  [Transaction Marker Channel Manager 1]: Couldn't find leader endpoint"
        " for partitions HashSet(a-2, a-4) while trying to send transaction markers for sharebus-chaos-2,"
        " these partitions are likely deleted already and hence can be skipped (TransactionMarkerChannelManager)"
    )
    found = FORGOTTEN.match(line)
    assert (found["at"], found["name"]) == ("2026-11-29 01:06:31.685", "sharebus-chaos-2")


def test_a_trickling_line_passes_single_bytes_and_a_plain_one_passes_all():
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = line.Line(f"127.0.0.1:{server.getsockname()[1]}")
        near = socket.create_connection(one.address.rsplit(":", 1))
        far, _ = server.accept()
        far.sendall(b"all at once")
        assert near.recv(100) == b"all at once"
        one.trickle(True)
        far.sendall(b"byte by byte")
        assert near.recv(100) == b"b"
        one.trickle(False)
        near.close()
        far.close()
        one.close()
