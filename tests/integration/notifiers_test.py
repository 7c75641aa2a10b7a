"""What `sharebus status` and `sharebus endpoints list` say of notifiers."""

import json
import sys
import time
from pathlib import Path

import pytest
from endpoints_test import DONE, NO, Notified, notified, well  # noqa: F401

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import stack, until  # noqa: E402, F401

STAGES = ["follow", "ledger", "carry", "fetch", "send", "commit", "tell", "report"]


def status(notified, *args):  # noqa: F811
    """(exit code, JSON, stderr), as the notifier's host asks."""
    ran = notified.stack.sharebus("status", "-o", "json", "--config", notified.config, *args, as_user="ola")
    return ran.code, ran.json, ran.err


def running(notified):  # noqa: F811
    return status(notified)[1]["notifiers"]["running"]


def endpoint(notified, name):  # noqa: F811
    told = status(notified)[1]["notifiers"]["endpoints"]
    return next((e for e in told if e["endpoint"] == name), None)


def reported(notified):  # noqa: F811
    until("the notifier has said what it does", lambda: endpoint(notified, notified.hook) is not None)


def test_a_notifier_is_shown_with_its_partitions_and_endpoints(notified):  # noqa: F811
    notified.run("test", notified.hook).done()
    until("it has said so", lambda: [n["delivered"] for n in running(notified)] not in ([None], [0], []))
    code, answer, err = status(notified)
    assert (code, err) == (DONE, ""), err
    told = answer["notifiers"]
    assert (told["group"], told["group_state"]) == ("sharebus.notifier", "Stable")
    (one,) = told["running"]
    assert list(one) == [
        *("instance", "group", "partitions", "uptime_ms", "owed", "oldest", "records"),
        *("delivered", "failed", "dead", "trouble", "trouble_since"),
    ]
    assert one["partitions"] == list(range(12)) and one["uptime_ms"] > 0
    assert (one["owed"], one["oldest"], one["trouble"]) == (0, None, None)
    assert {e["endpoint"] for e in told["endpoints"]} == {notified.hook, notified.agent, notified.idle}
    assert {e["state"] for e in told["endpoints"]} == {"open"}
    assert f"runs as {one['instance']} of the group sharebus.notifier" in notified.log.read_text()


def test_the_tables_agree_with_the_json(notified):  # noqa: F811
    reported(notified)
    out = notified.stack.sharebus("status", "--config", notified.config, as_user="ola").done().out
    _, notifiers, endpoints = out.split("\n\n")
    titles, row = (line.split() for line in notifiers.splitlines())
    assert titles == ["NOTIFIER", "GROUP", "PARTITIONS", "OWED", "OLDEST", "DELIVERED", "FAILED", "DEAD"]
    assert row[:3] == [running(notified)[0]["instance"], "sharebus.notifier", "0-11"]
    assert endpoints.splitlines()[0].split()[:4] == ["ENDPOINT", "STATE", "UNTIL", "OWED"]
    assert [line.split()[0] for line in endpoints.splitlines()[1:]] == sorted(
        [notified.hook, notified.agent, notified.idle]
    )


def test_stages_of_a_notifier_stand_after_those_of_the_consumer(notified):  # noqa: F811
    reported(notified)
    both = notified.stack.sharebus("status", "--stages", "-o", "json").done().json
    assert [one["program"] for one in both] == ["consumer", "notifier"]
    assert [stage["stage"] for stage in both[1]["stages"]] == STAGES
    turns = {stage["stage"]: stage["turns"] for stage in both[1]["stages"]}
    assert turns["report"] > 0
    table = notified.stack.sharebus("status", "--stages").done().out.splitlines()
    assert table[0].split()[:3] == ["INSTANCE", "PROGRAM", "STAGE"]
    assert [line.split()[1:3] for line in table[-len(STAGES) :]] == [["notifier", stage] for stage in STAGES]


def test_notifiers_of_two_groups_under_one_prefix_are_both_shown(notified, stack, tmp_path):  # noqa: F811
    """Each tells to endpoints of its own. Both have partition 0, under which both write."""
    ours, theirs = "sharebus.notifier", "beside.notifier"
    beside = Notified(stack, tmp_path, group="beside", prefix="sb")

    def shown(place):
        return {n["group"]: n for n in running(place)}

    def both_say(place):
        return [n["uptime_ms"] is not None for n in shown(place).values()] == [True, True]

    try:
        until("both have said what they do", lambda: both_say(notified))
        for _ in range(20):  # neither writes over what the other has said
            assert both_say(notified) and both_say(beside)
        everything = list(range(12))
        assert {g: n["partitions"] for g, n in shown(notified).items()} == {ours: everything, theirs: None}
        assert {g: n["partitions"] for g, n in shown(beside).items()} == {ours: None, theirs: everything}
        assert endpoint(notified, beside.hook) and endpoint(beside, notified.hook)
        stages = stack.sharebus("status", "--stages", "-o", "json").done().json
        assert [one["program"] for one in stages] == ["consumer", "notifier", "notifier"]
        out = stack.sharebus("status", "--config", notified.config, as_user="ola").out
        assert ours in out and theirs in out
    finally:
        beside.process.kill()
        beside.close()
    until("nobody has written for it lately", lambda: set(shown(notified)) == {ours}, 60)
    assert shown(notified)[ours]["uptime_ms"] is not None
    assert endpoint(notified, beside.hook) is None


def test_one_name_in_two_groups_of_notifiers_is_wrong(notified, stack, tmp_path):  # noqa: F811
    reported(notified)
    beside = Notified(stack, tmp_path, group="namesake", prefix="sb", hook=notified.hook)
    said = f"sharebus.notifier and namesake.notifier both have an endpoint {notified.hook}, and take"
    try:
        until("it is said", lambda: any(said in problem for problem in status(notified)[1]["problems"]), 60)
        code, answer, _ = status(notified)
        assert code == NO and len(answer["problems"]) == 1, answer["problems"]
    finally:
        beside.process.kill()
        beside.close()
    until("nobody has written for it lately", lambda: status(notified)[0] == DONE, 60)


def test_that_none_of_our_group_runs_is_said_while_another_runs(notified):  # noqa: F811
    reported(notified)
    said = "no notifier of group nobody.notifier runs: start sharebus-notifier"
    code, answer, _ = status(notified, "--consumer-group", "nobody")
    assert code == NO and said in answer["problems"]
    assert [n["group"] for n in answer["notifiers"]["running"]] == ["sharebus.notifier"]
    assert answer["notifiers"]["lag"] is None


def test_an_endpoint_that_is_left_alone_does_not_look_healthy(notified):  # noqa: F811
    notified.receiver.status = 503
    for _ in range(5):
        assert notified.run("test", notified.agent).code == NO
    until("it is left alone", lambda: endpoint(notified, notified.agent)["state"] == "left_alone")
    code, answer, err = status(notified)
    told = next(e for e in answer["notifiers"]["endpoints"] if e["endpoint"] == notified.agent)
    assert "503" in told["problem"] and told["failed_at"]
    (problem,) = answer["problems"]
    assert code == NO and problem.startswith(f"endpoint {notified.agent} is left alone until ")
    assert "503" in problem and err == f"sharebus: {problem}\n"
    row = notified.row(notified.agent)
    assert row["state"] == "left_alone" and "503" in row["reason"]
    table = notified.run("list").done().out.splitlines()
    assert any(line.startswith(notified.agent) and "left alone" in line and "503" in line for line in table)
    notified.receiver.status = 204
    until("it works again", lambda: notified.run("test", notified.agent).code == DONE)
    until("that is said", lambda: status(notified)[:1] == (DONE,))
    assert notified.row(notified.agent)["state"] == "open"


def test_a_disabled_endpoint_is_a_problem_that_says_the_remedy(notified):  # noqa: F811
    notified.receiver.status = 410
    assert notified.run("test", notified.hook).code == NO
    until("it is disabled", lambda: endpoint(notified, notified.hook)["state"] == "disabled")
    code, answer, _ = status(notified)
    (problem,) = answer["problems"]
    assert code == NO and f"is disabled until `sharebus endpoints enable {notified.hook}`: " in problem
    notified.receiver.status = 204
    notified.run("enable", notified.hook).done()
    until("the notifier tells it", lambda: notified.run("test", notified.hook).code == DONE)
    until("that is said", lambda: status(notified)[0] == DONE)


def test_that_no_notifier_runs_is_said_only_where_endpoints_are_configured(notified):  # noqa: F811
    said = "no notifier of group nobody.notifier runs: start sharebus-notifier"
    assert said in status(notified, "--consumer-group", "nobody")[1]["problems"]
    ran = notified.stack.sharebus("status", "-o", "json", "--consumer-group", "nobody", as_user="ola")
    assert ran.code == NO and said not in ran.json["problems"]


def test_what_is_owed_is_shown_and_a_notifier_that_ended_is_not(notified, stack, tmp_path):  # noqa: F811
    """Its receiver answers 429, so everything waits; then nobody is left who would tell anything."""
    own = Notified(stack, tmp_path, group="owing")
    try:
        stack.apply({"users": [{"username": "ida", "email": "ida@x.example", "organizations": ["debts"]},
                               {"username": "una", "email": "una@x.example", "organizations": ["debts"]}],
                     "organizations": [{"name": "debts"}],
                     "workspaces": [{"name": "due", "owner": "ida", "organization": "debts"}]}, tmp_path)  # fmt: skip
        until("it has its partitions", lambda: [n["partitions"] for n in running(own)] == [list(range(12))])
        own.receiver.status = 429
        before = int(time.time())
        stack.sharebus("sharing", "share", "due", "--user", "una", as_user="ida").done()
        until("it is owed", lambda: (endpoint(own, own.hook) or {"owed": 0})["owed"] > 0)
        told = endpoint(own, own.hook)
        assert told["oldest"] >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(before)) and "429" in told["problem"]
        (one,) = running(own)
        assert one["owed"] >= told["owed"] and one["failed"] > 0
        own.process.kill()
        own.process.wait(30)
        until("the group has noticed", lambda: running(own) == [])
        assert "no notifier of group owing.notifier runs: start sharebus-notifier" in json.dumps(status(own)[1])
    finally:
        own.close()


@pytest.mark.parametrize("redis", ["127.0.0.1:1"])
def test_without_redis_the_notifier_still_tells_and_its_group_is_shown(notified, stack, tmp_path, redis):  # noqa: F811
    own = Notified(stack, tmp_path, group="deaf", redis=redis)
    try:
        until("the group has it", lambda: [n["partitions"] for n in running(own)] == [list(range(12))])
        assert own.run("test", own.hook, "--prefix", "sb").done()
        assert [n["uptime_ms"] for n in running(own)] == [None]
        until("the log says so", lambda: "`sharebus status` does not show what this notifier does" in own.log.read_text())
    finally:
        own.close()


def test_an_endpoint_that_is_opened_and_owed_nothing_is_open(notified):  # noqa: F811
    notified.receiver.status = 410
    assert notified.run("test", notified.hook).code == NO
    until("it is disabled", lambda: endpoint(notified, notified.hook)["state"] == "disabled")
    notified.receiver.status = 204
    notified.run("enable", notified.hook).done()
    until("the notifier says that it is open", lambda: endpoint(notified, notified.hook)["state"] == "open")
    assert status(notified)[0] == DONE
