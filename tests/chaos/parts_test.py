"""The parts of chaos: a seed repeats its schedule, and lost or doubled records are noticed."""

import contextlib
import http.client
import inspect
import itertools
import math
import pathlib
import socket
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import chaos  # noqa: E402
import endpoints  # noqa: E402
import faults  # noqa: E402
import line  # noqa: E402
import notifier  # noqa: E402
from arrivals import Arrival, Check, Disturbance, Message, inbox_problems, times_owed  # noqa: E402
from cluster import FORGOTTEN  # noqa: E402
from history import Ledger, differences, repeated  # noqa: E402
from schedule import FORMS, ONLY, Schedule, kinds  # noqa: E402


def drawn(seed, count=200, brokers=1, short=False, redis="server"):
    return list(itertools.islice(Schedule(seed, kinds(brokers, redis), short, brokers), count))


@pytest.mark.parametrize("short", [False, True])
def test_a_seed_repeats_its_schedule(short):
    assert drawn(7, short=short) == drawn(7, short=short)
    assert drawn(7, short=short) != drawn(8, short=short)


@pytest.mark.parametrize("redis", FORMS)
@pytest.mark.parametrize("brokers", [1, 3])
def test_every_kind_occurs_once_before_any_occurs_twice(brokers, redis):
    all_kinds = kinds(brokers, redis)
    assert sorted(f.kind for f in drawn(1, len(all_kinds), brokers, redis=redis)) == sorted(all_kinds)


def test_a_kind_occurs_only_where_it_is_possible():
    found = {redis: {f.kind for f in drawn(1, redis=redis)} for redis in FORMS}
    for kind in set().union(*found.values()):
        assert [redis for redis in FORMS if kind in found[redis]] == list(ONLY.get(kind, FORMS)), kind


def test_every_kind_has_its_fault():
    for brokers, redis in itertools.product((1, 3), FORMS):
        for fault in drawn(5, brokers=brokers, redis=redis):
            inspect.signature(faults.course_of(fault)).bind(None, **fault.numbers)


def options(*arguments):
    return [(o.setting, o.secured, o.redis) for o in chaos.parse(arguments)]


def test_the_seed_draws_the_setting_and_three_in_a_row_draw_all():
    each = [("secured", True, "server"), ("cluster", False, "cluster"), ("sentinel", False, "sentinel")]
    assert options("--setting", "all") == each
    assert [options("--setting", "drawn", "--seed", str(n)) for n in (3, 4, 5)] == [[one] for one in each]
    assert options("--secured") == each[:1] and options() == [("server", False, "server")]
    with pytest.raises(SystemExit):
        options("--setting", "drawn", "--secured")


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
    ledger = Ledger(acknowledged={"a", "b"}, aborted={"c"}, unknown={"d"}, transactional=set("abcd"))
    assert differences(ledger, {"a": 1, "b": 1}) == []
    assert differences(ledger, {"a": 1, "b": 1, "d": 1, "somebody else's": 1}) == []
    for found in ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 1, "d": 2}):
        assert len(differences(ledger, found)) == 1


def test_a_few_records_without_transactions_may_be_on_the_log_twice():
    ledger = Ledger(acknowledged={str(n) for n in range(2000)})
    once = {str(n): 1 for n in range(2000)}
    assert differences(ledger, once) == [] and repeated(ledger, once) == []
    assert differences(ledger, once | {"7": 2, "8": 2}) == []
    assert repeated(ledger, once | {"7": 2}) == ["7"]
    assert len(differences(ledger, once | {str(n): 2 for n in range(3)})) == 1
    assert len(differences(ledger, {"0": 2, **{str(n): 1 for n in range(2, 2000)}})) == 1  # 1 is lost


def test_doubted_records_may_be_anywhere():
    ledger = Ledger(acknowledged={"a", "b"}, aborted={"c"}, transactional=set("abc"))
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


# ---- the notifier's ----


@pytest.mark.parametrize("short", [False, True])
def test_every_fault_of_the_notifier_occurs_and_can_be_carried_out(short):
    first = list(itertools.islice(notifier.NotifierSchedule(6, notifier.KINDS, short), len(notifier.KINDS)))
    assert sorted(f.kind for f in first) == sorted(notifier.KINDS)
    assert not short or first[-1].kind == "broker-killed"
    for fault in first:
        inspect.signature(notifier.course_of(fault.kind)).bind(None, **fault.numbers)


MESSAGES = {id: Message(id, "t", "alice", created, f"about {id}") for id, created in (("a", 1), ("b", 2), ("c", 3))}
LOG = {"a": [("t", 0, 10)], "b": [("t", 0, 11)], "c": [("t", 0, 12)]}
TOLD = [("a", 1.5), ("b", 2.5), ("c", 3.5)]
KILLED_AT_2 = Disturbance("killed", 2.2, {("t", 0): 11}, 2.3)


def arrived(*told, accepted=True):
    return [Arrival(id, at, accepted, f"about {id}".encode()) for id, at in told]


def problems(arrivals, disturbances=(), **how):
    check = Check(MESSAGES, LOG, list(disturbances))
    check.look("one", arrivals, **{"healthy": True, "ordered": True} | how)
    return [problem for _, problem in check.problems]


def test_each_message_must_have_arrived():
    assert problems(arrived(*TOLD)) == []
    (lost,) = problems(arrived(*TOLD[:2]))
    assert lost.startswith("was told nothing of c (t 0:12; at no time)")
    refused = arrived(*TOLD[:2]) + arrived(TOLD[2], accepted=False)
    (lost,) = problems(refused, healthy=False)
    assert lost.startswith("was told nothing of c (t 0:12; at 3.50 in vain)")


def test_only_what_was_on_its_way_may_come_again():
    for again, excused in (("a", False), ("b", True), ("c", False)):  # committed; on its way; written later
        found = problems(arrived(*TOLD, (again, 9)), [KILLED_AT_2])
        assert (not found) == excused, again
    assert problems(arrived(*TOLD, ("b", 9)))[0].startswith("was told again, without a reason, of b")
    assert problems(arrived(*TOLD, ("b", 9)), healthy=False) == []
    early = Disturbance("killed", 9.5, {})  # began after the second arrival
    assert len(problems(arrived(*TOLD, ("b", 9)), [early])) == 1


def test_what_was_on_its_way_is_counted():
    check = Check(MESSAGES, LOG, [KILLED_AT_2])
    check.look("one", arrived(*TOLD, ("b", 9)), healthy=True, ordered=False)
    assert check.on_their_way == {"killed": {"b"}} and check.repeated == {"killed": {"b"}}


def test_what_stands_in_the_ledger_is_on_its_way_though_it_is_committed():
    assert times_owed([(1, True), (2, True), (3, False), (4, False), (5, True)]) == [(1, 3), (5, math.inf)]
    again = arrived(*TOLD, ("a", 9))
    assert problems(again, [KILLED_AT_2], owed={"a": [(1.6, 2.25)]}) == []
    assert len(problems(again, [KILLED_AT_2], owed={"a": [(1.6, 2.1)]})) == 1
    assert len(problems(again, [KILLED_AT_2], owed={"a": [(2.4, math.inf)]})) == 1


def test_order_is_that_of_what_was_accepted_first():
    late = [("a", 1.5), ("c", 2.5), ("b", 3.5)]
    assert problems(arrived(*late))[0].startswith("was told too early of c")
    assert problems(arrived(*late), ordered=False) == []
    in_vain = arrived(("c", 1), accepted=False)  # the answer was none: it counts for nothing
    assert problems(arrived(*TOLD) + in_vain, healthy=False) == []


def test_the_same_id_tells_the_same():
    other = [Arrival("b", 9, True, b"about b, and more")]
    assert problems(arrived(*TOLD) + other, [KILLED_AT_2])[0].startswith("was told something else of b")
    assert problems(arrived(*TOLD, ("x", 9)))[0].startswith("was told of what is not on the log: x")


def test_an_inbox_has_what_is_wanted_once_and_nothing_of_others():
    assert inbox_problems("i", ["a", "b"], ["b"], {"a", "b"}) == []
    assert inbox_problems("i", ["a"], ["b"], {"a", "b"}) == [("i", "lacks b")]
    assert inbox_problems("i", ["b", "b"], ["b"], {"b"}) == [("i", "has b 2 times")]
    assert len(inbox_problems("i", ["b", "x"], ["b"], {"b"})) == 1


@pytest.mark.parametrize("mood", notifier.MOODS.values())
def test_an_endpoint_that_was_broken_works_again_at_its_address(mood):
    one = endpoints.Endpoint("weak", False, False)
    try:
        one.set_mood(mood)
        with contextlib.suppress(OSError, http.client.HTTPException):
            assert post(one, "a", timeout=0.2) >= 400
        while not one.set_mood(endpoints.WORKS):
            pass
        assert post(one, "b", timeout=30) == 204
        assert [a.id for a in one.arrivals() if a.accepted] == ["b"]
    finally:
        one.close()


def post(endpoint, id, timeout):
    connection = http.client.HTTPConnection(endpoint.url.split("/")[2], timeout=timeout)
    with contextlib.closing(connection):
        connection.request("POST", "/hook", b"body", {"webhook-id": id})
        answer = connection.getresponse()
        answer.read()
        return answer.status
