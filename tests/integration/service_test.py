"""What a supervisor such as systemd is told (sd_notify(3)), and the log in the forms that it and machines read."""

import json
import os
import re
import select
import signal
import socket
import time

import bus
import load
import pytest
import world as worlds
from stack import fail_or_skip

SHAPE = load.Shape(users=20, groups=2, workspaces=30, seed=43)
WAIT_S = 60
WATCHDOG_S = 0.4


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    try:
        one = worlds.World(tmp_path_factory.mktemp("service"))
    except worlds.NoStack as error:
        fail_or_skip(f"there is no Kafka to test with: {error}")
    one.populate(SHAPE)
    yield one
    one.close()


class Supervisor:
    """The other end of NOTIFY_SOCKET: remembers what it was told, in order."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1) if address[0] == "@" else address)
        self.told = []
        self.environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}

    def hear(self, seconds):
        """Takes what is told within that time; true if it was anything."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return False
        self.told.extend(self.socket.recv(4096).decode().split("\n"))
        return True

    def hear_of(self, pattern):
        limit = time.monotonic() + WAIT_S
        while not any(re.fullmatch(pattern, line) for line in self.told):
            assert time.monotonic() < limit, (pattern, self.told)
            self.hear(1)

    def forget(self):
        while self.hear(0):
            pass
        self.told.clear()

    def close(self):
        self.socket.close()


@pytest.fixture
def supervisor(tmp_path):
    one = Supervisor(str(tmp_path / "notify"))
    yield one
    one.close()


@pytest.fixture
def abstract_supervisor():
    one = Supervisor(f"@sharebus-test-{os.getpid()}")
    yield one
    one.close()


def test_it_is_ready_when_its_partitions_are_and_vouches_for_its_loop(deployment, supervisor):
    deployment.freeze("redis")
    try:
        consumer = deployment.start_consumer("one", supervisor.environment)
        supervisor.hear_of(r"STATUS=waiting: .*Redis at .*")
        supervisor.hear_of(r"EXTEND_TIMEOUT_USEC=\d+")  # it may take longer than the manager thinks
        assert "READY=1" not in supervisor.told
    finally:
        deployment.thaw("redis")
    supervisor.hear_of("READY=1")
    partitions = range(len(bus.log_ends(deployment.brokers, bus.COMMANDS)))
    for partition in partitions:
        state, looked = deployment.redis().hmget(f"sb:{{{partition}}}:mark", "state", "looked")
        assert state == b"ready" and looked, "it was not ready yet"
    supervisor.hear_of(f"STATUS=partitions 0-{len(partitions) - 1} and the directory are ours and ready")

    supervisor.forget()
    supervisor.hear_of("WATCHDOG=1")  # the loop has nothing to do, and turns all the same
    consumer.process.send_signal(signal.SIGSTOP)
    deployment.wait("it is frozen", lambda: _state(consumer) == "T")
    supervisor.forget()
    assert not supervisor.hear(3 * WATCHDOG_S), "somebody else vouches for it"
    consumer.process.send_signal(signal.SIGCONT)
    supervisor.hear_of("WATCHDOG=1")

    consumer.process.send_signal(signal.SIGTERM)
    supervisor.hear_of("STOPPING=1")
    consumer.terminate()


def _state(consumer):
    with open(f"/proc/{consumer.process.pid}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


def test_a_notify_socket_that_is_none_is_named(deployment, tmp_path):
    consumer = deployment.start_consumer("lost", {"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    assert consumer.process.wait(WAIT_S) == 2
    assert f'NOTIFY_SOCKET is "{tmp_path / "nobody"}"' in consumer.log.read_text()


def test_json_is_an_object_a_line_and_sighup_ends_nothing(deployment):
    consumer = deployment.start_consumer("json", arguments=("--log-format", "json"))
    deployment.wait("it is ready", lambda: "ours and ready" in consumer.log.read_text(), alive=[consumer])
    consumer.process.send_signal(signal.SIGHUP)
    partition = bus.send_all(deployment.brokers, bus.COMMANDS, [("no id\x1b[31m", b"no record", [])])
    deployment.wait("a dead letter", lambda: "sharing.deadletter" in consumer.log.read_text(), alive=[consumer])
    consumer.terminate()
    lines = [json.loads(line) for line in consumer.log.read_text().splitlines()]
    assert all(set(line) - {"partition"} == {"time", "level", "message"} for line in lines)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
    (dead,) = [line for line in lines if "sharing.deadletter" in line["message"]]
    assert dead["level"] == "warn" and dead["message"].startswith(f"partition {dead['partition']}: "), partition


def test_the_journal_gets_priorities_and_no_time(deployment, abstract_supervisor, tmp_path):
    with (tmp_path / "journal").open("wb") as journal:
        at = os.fstat(journal.fileno())
        environment = {**abstract_supervisor.environment, "JOURNAL_STREAM": f"{at.st_dev}:{at.st_ino}"}
        consumer = deployment.start_consumer("journal", environment, stderr=journal.fileno())
        said = lambda: (tmp_path / "journal").read_text()  # noqa: E731
        abstract_supervisor.hear_of("READY=1")
        deployment.wait("it says so", lambda: "ours and ready" in said(), alive=[consumer])
        consumer.terminate()
    assert all(re.match(r"<[3467]>[^<]", line) for line in said().splitlines()), said()
    assert re.search(r"^<6>partitions 0-\d+ and the directory are ours and ready, after ", said(), re.M)
