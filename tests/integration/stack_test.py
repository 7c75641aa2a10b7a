"""ops/stack itself: stacks side by side, parts that are killed, frozen and started again, and a cluster
of three brokers that loses one."""

import re
import shutil
import sys
import tempfile
from pathlib import Path

import bus
import pytest
import redis
from confluent_kafka import admin

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import Stack, kafka_or_skip, programs, until  # noqa: E402

NOT_ALL_READY = 3
FAILED = 1
USAGE = 2
NODES = ["kafka-1", "kafka-2", "kafka-3"]


@pytest.fixture(scope="module")
def new_stack():
    """Makes stacks, which are wiped at the end in whatever state they are."""
    kafka_or_skip()
    home = Path(tempfile.mkdtemp(prefix="sharebus stack."))  # a path may have a space
    made = []

    def make(name):
        made.append(Stack(home / name, programs(), "kafka,redis"))
        return made[-1]

    yield make
    for one in made:
        one.wipe()
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def one(new_stack):
    stack = new_stack("one")
    stack.up()
    return stack


@pytest.fixture(scope="module")
def other(new_stack):
    stack = new_stack("other")
    stack.up()
    return stack


@pytest.fixture(scope="module")
def three(new_stack):
    stack = new_stack("three")
    done(stack, "up", "kafka,topics", "--brokers", "3", "--bin", str(stack.bin))
    stack.bootstrap, stack.brokers = bootstrap(stack), brokers(stack)
    return stack


def done(stack, *args):
    ran = stack.ops(*args)
    assert ran.returncode == 0, f"{args}: {ran.stdout}{ran.stderr}"
    return ran


def refused(stack, code, words, *args):
    """Asserts that it exits with that code and one sentence, which has these words."""
    ran = stack.ops(*args)
    assert ran.returncode == code, f"{args}: {ran.stdout}{ran.stderr}"
    assert re.fullmatch(r"ops/stack: [^\n]+\n", ran.stderr) and words in ran.stderr, ran.stderr


def status(stack, *parts):
    """{part: (pid, port, state)}; asserts the exit code that belongs to these states."""
    ran = stack.ops("status", *parts)
    lines = [line.split() for line in ran.stdout.splitlines()]
    found = {part: (pid, port, state) for part, _, pid, _, port, state in lines}
    ready = all(state == "ready" for *_, state in found.values())
    assert ran.returncode == (0 if ready else NOT_ALL_READY), ran
    return found


def state(stack, part):
    return status(stack, part)[part][2]


def processes_of(stack):
    """The command lines that name the stack's directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode(errors="replace")
        except OSError:
            continue  # the process has just ended
        if str(stack.dir) in line:
            found.append(line)
    return found


def index(stack, **options):
    return stack.redis_client(decode_responses=True, **options)


def make_topic(stack, name):
    client = admin.AdminClient({"bootstrap.servers": stack.brokers})
    client.create_topics([admin.NewTopic(name, 1)])[name].result(60)


def write(stack, topic, *values):
    bus.send_all(stack.brokers, topic, [(b"key", value, []) for value in values])


def read(stack, topic):
    """The values of a topic, by partition."""
    return [m.value() for ms in bus.read_topic(stack.brokers, topic).values() for m in ms]


# ---- one broker ---------------------------------------------------------------------------------


def test_stacks_side_by_side_have_nothing_in_common(one, other):
    ports = [port for stack in (one, other) for _, port, _ in status(stack, "kafka,redis").values()]
    assert len(set(ports)) == 4, ports
    assert bus.cluster_id(one.brokers) != bus.cluster_id(other.brokers)
    index(one).set("whose", "one's")
    assert index(other).get("whose") is None


def test_up_again_leaves_running_parts_alone(one):
    before = status(one, "kafka,redis")
    one.up()
    assert status(one, "kafka,redis") == before


def test_killed_kafka_restarts_on_its_port_with_all_it_acknowledged(one):
    make_topic(one, "kept")
    write(one, "kept", b"before")
    before = status(one, "kafka")["kafka"]
    done(one, "kill", "kafka")
    assert state(one, "kafka") == "dead"
    refused(one, FAILED, "kafka is not running", "kill", "kafka")
    one.up("kafka")
    pid, port, _ = status(one, "kafka")["kafka"]
    assert (pid != before[0], port) == (True, before[1])
    write(one, "kept", b"after")
    assert read(one, "kept") == [b"before", b"after"]


def test_killed_redis_restarts_with_the_data_of_its_last_stop(one):
    index(one).set("saved", "yes")
    one.down("redis")
    one.up("redis")
    index(one).set("not-saved", "yes")
    before = one.redis
    done(one, "kill", "redis")
    assert state(one, "redis") == "dead"
    assert "SIGTERM" not in (one.dir / "redis.log").read_text(), "it was stopped instead of killed"
    one.up("redis")
    assert one.redis == before
    assert index(one).mget("saved", "not-saved") == ["yes", None]


def test_frozen_parts_are_silent_until_they_are_thawed(one):
    client = index(one)
    connection = client.client_id()
    done(one, "freeze", "redis")
    assert state(one, "redis") == "frozen"
    with pytest.raises(redis.TimeoutError):
        index(one, socket_timeout=1, retry=None).ping()
    done(one, "thaw", "redis")
    assert state(one, "redis") == "ready"
    assert client.client_id() == connection, "the connection was lost while Redis was frozen"


def test_up_thaws_and_down_does_not_need_to(one):
    done(one, "freeze", "kafka", "redis")
    one.up()
    assert {s for *_, s in status(one, "kafka,redis").values()} == {"ready"}
    index(one).set("frozen-at-the-end", "yes")
    done(one, "freeze", "redis")
    one.down("redis")
    one.up("redis")
    assert index(one).get("frozen-at-the-end") == "yes"


def test_a_stack_keeps_its_number_of_brokers(one):
    refused(one, FAILED, "--brokers 1", "up", "--brokers", "3")
    refused(one, USAGE, "'kafka-1'", "kill", "kafka-1")
    refused(one, USAGE, "'2'", "up", "--brokers", "2", "--dir", str(one.dir.parent / "none"))
    refused(one, USAGE, "which part", "freeze")


def test_wiping_a_stack_leaves_its_neighbour_alone(one, other):
    done(one, "down", "--wipe")
    assert not one.dir.exists(), list(one.dir.rglob("*"))
    assert processes_of(one) == []
    assert {s for *_, s in status(other, "kafka,redis").values()} == {"ready"}


# ---- three brokers ------------------------------------------------------------------------------


def partition(stack, topic):
    """The topic's first partition, once it has a leader; the broker may learn of that late."""
    client = admin.AdminClient({"bootstrap.servers": stack.brokers})

    def led():
        found = client.list_topics(topic, timeout=30).topics[topic].partitions.get(0)
        return found if found and found.leader > 0 else None

    return until(f"{topic} has a leader", led)


def all_in_sync(stack, topic):
    return sorted(partition(stack, topic).isrs) == [1, 2, 3]


def bootstrap(stack):
    """Where programs find Kafka, as `env` says it or the configuration that it names."""
    told = done(stack, "env", "kafka").stdout
    if not stack.secured:
        return re.search(r"SHAREBUS_BROKERS=(\S+)", told)[1]
    assert f"SHAREBUS_CONFIG='{stack.role('all.conf')}'" in told, told
    return re.search(r"^brokers = (\S+)$", stack.role("all.conf").read_text(), re.M)[1]


def brokers(stack):
    """Where the tests' own clients find it."""
    if not stack.secured:
        return bootstrap(stack)
    return ",".join("127.0.0.1:" + (stack.dir / "run" / f"{node}-root.port").read_text().strip() for node in NODES)


def setting(stack, topic, name):
    client = admin.AdminClient({"bootstrap.servers": stack.brokers})
    asked = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, topic)
    return client.describe_configs([asked])[asked].result(60)[name].value


def test_three_brokers_are_one_cluster(three):
    found = status(three, "kafka")
    assert list(found) == NODES
    assert three.bootstrap == ",".join(f"127.0.0.1:{port}" for _, port, _ in found.values())
    for topic in (bus.COMMANDS, bus.GRANTS, bus.DIRECTORY):
        assert sorted(partition(three, topic).replicas) == [1, 2, 3]
        assert setting(three, topic, "min.insync.replicas") == "2"
    refused(three, FAILED, "--brokers 3", "up", "--brokers", "1")


def test_a_killed_leader_is_replaced(three):
    make_topic(three, "led")
    write(three, "led", b"before")
    before = status(three, "kafka")
    leader = partition(three, "led").leader
    done(three, "kill", f"kafka-{leader}")
    write(three, "led", b"without")  # acknowledged by all replicas in sync, of which there must be two
    until("another leader", lambda: partition(three, "led").leader != leader)
    assert bootstrap(three) == three.bootstrap
    assert read(three, "led") == [b"before", b"without"]
    done(three, "up", f"kafka-{leader}")
    assert [n for n in NODES if status(three, "kafka")[n] != before[n]] == [f"kafka-{leader}"]
    assert status(three, "kafka")[f"kafka-{leader}"][1] == before[f"kafka-{leader}"][1]
    until("all three in sync", lambda: all_in_sync(three, "led"))
    write(three, "led", b"after")
    assert read(three, "led") == [b"before", b"without", b"after"]


def test_a_majority_of_the_brokers_must_run(three):
    done(three, "kill", "kafka-1,kafka-2")
    done(three, "freeze", "kafka-3")
    refused(three, FAILED, "2 of its 3 nodes", "up", "kafka-1")
    done(three, "up", "kafka-1,kafka-2,kafka-3")
    until("all three in sync", lambda: all_in_sync(three, bus.GRANTS))


def test_three_brokers_restart_with_their_data(three):
    cluster = bus.cluster_id(three.brokers)
    make_topic(three, "stopped")
    write(three, "stopped", b"before")
    done(three, "down", "kafka")  # the last one has no quorum to leave, and may have to be killed
    assert {s for *_, s in status(three, "kafka").values()} == {"stopped"}
    done(three, "up", "kafka")
    assert bus.cluster_id(three.brokers) == cluster
    assert read(three, "stopped") == [b"before"]


def test_three_brokers_leave_nothing_behind(three):
    done(three, "down", "--wipe")
    assert not three.dir.exists(), list(three.dir.rglob("*"))
    assert processes_of(three) == []


def test_a_notifier_runs_where_it_is_named_and_is_one_of_the_parts_until_it_is_stopped(new_stack):
    stack = new_stack("telling")
    stack.up("kafka,redis,topics,consumer")
    assert "notifier" not in status(stack)
    done(stack, "up", "notifier")
    assert status(stack)["notifier"][2] == "ready"
    assert (stack.dir / "endpoints.conf").read_text() == "[endpoint inbox]\ntype = inbox\n"

    def running():
        return stack.sharebus("status", "-o", "json").json["notifiers"]["running"]

    until("it says what it does", lambda: [one["owed"] for one in running()] == [0])
    done(stack, "kill", "notifier")
    assert state(stack, "notifier") == "dead"
    done(stack, "up")
    assert state(stack, "notifier") == "ready"
    done(stack, "down", "notifier")
    assert "notifier" not in status(stack) and not any("sharebus-notifier" in p for p in processes_of(stack))
