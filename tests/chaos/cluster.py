"""A World whose parts can be broken: consumers under supervision, servers that are killed, frozen
and started again. Functions that take time are generators, which yield while they wait."""

import datetime
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import bus
import nodes
import world as worlds
from line import Line

NAMES = ("one", "two", "three")
ON_THE_LINE = "two"  # the consumer that reaches a Redis that is alone through the line
QUORUM_LOG = "__cluster_metadata-0"
FORGOTTEN = re.compile(
    r"(?P<at>\S+ \S+) .*Couldn't find leader endpoint .* transaction markers for (?P<name>\S+), "
)
PASSWORD = "for-a-moment"
STOP_S = 30  # it takes 20 at most, but this machine is busy
START_S = 120


def pause(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield


def until(what, condition, deadline_s):
    """Waits until condition() is true and returns its value."""
    limit = time.monotonic() + deadline_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > limit:
            raise worlds.Stuck(f"{what}: not within {deadline_s} s")
        yield


class Slot:
    """The place of a consumer, with an instance name. While it is `wanted`, a consumer must run here;
    unless we kill it or it dies at its crash point, its end fails the run."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.consumer = None
        self.wanted = self.doomed = False

    def start(self, crash_at=None):
        self.wanted, self.doomed = True, crash_at is not None
        settings = {"SHAREBUS_CRASH_AT": crash_at} if crash_at else None
        line = self.cluster.line
        redis = line.address if line and self.name == ON_THE_LINE else None
        telling = ("--log-level", "debug")  # which says when it joins, and what it takes over
        self.consumer = self.cluster.start_consumer(self.name, settings, telling, redis=redis)

    def check(self):
        if not self.wanted:
            return
        if not (self.doomed and self.died()):
            self.consumer.check_alive()

    def died(self):
        """Has a SIGKILL ended it?"""
        return self.consumer.process.poll() == -signal.SIGKILL

    def has_joined(self):
        """Has it been assigned partitions since it was started?"""
        return "ours and ready" in self.consumer.log.read_text(errors="replace")

    def kill(self):
        self.wanted = False
        self.consumer.kill()

    def freeze(self):
        self.consumer.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.consumer.process.send_signal(signal.SIGCONT)

    def stop(self):
        """Stops it with SIGTERM; it must exit with 0, if it had begun."""
        self.wanted = False
        process = self.consumer.process
        process.send_signal(signal.SIGTERM)
        what = f"the end of consumer {self.name} after SIGTERM"
        try:
            yield from until(what, lambda: process.poll() is not None, STOP_S)
        except worlds.Stuck as stuck:
            raise worlds.Stuck(f"{stuck}\n{self.consumer.tail()}") from None
        begun = self.consumer.log.stat().st_size > 0  # before that, a signal just ends it
        if process.returncode and (begun or process.returncode != -signal.SIGTERM):
            raise worlds.Stuck(
                f"consumer {self.name} ended with {process.returncode} upon SIGTERM\n"
                f"{self.consumer.tail()}"
            )


SERVERS = {"cluster": nodes.Cluster, "sentinel": nodes.Pair}  # instead of the one of ops/stack


class Cluster(worlds.World):
    def __init__(self, folder, brokers=1, secured=worlds.SECURED, redis="server"):
        servers = SERVERS[redis](pathlib.Path(folder) / "nodes") if redis in SERVERS else None
        try:
            super().__init__(folder, brokers, secured, servers)
        except BaseException:
            if servers:
                servers.close()
            raise
        self.slots = [Slot(self, name) for name in NAMES]
        self.line = None if servers else Line(self.redis_address)
        self._frozen = set()
        self._spared = ()

    def close(self):
        if self.line:
            self.line.close()
        for part in list(self._frozen):
            self.thaw(part)
        super().close()
        if self.servers:
            self.servers.close()

    def check(self):
        for slot in self.slots:
            slot.check()

    # ---- servers ----

    def kill(self, part):
        """Kills a server with SIGKILL; it is gone when this returns."""
        pid = self.pid(part)
        os.kill(pid, signal.SIGKILL)
        yield from until(f"the end of {part}", lambda: not _runs(pid), STOP_S)

    def freeze(self, part):
        self._frozen.add(part)
        super().freeze(part)

    def thaw(self, part):
        if part in self._frozen:
            self._frozen.remove(part)
            super().thaw(part)

    def bring_up(self, part):
        """Starts a server again; it is ready, at its old address, when this returns."""
        before = self._port(part)
        log = self.folder / f"up-{part}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                self.stack_command("up", "--only", part),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        yield from until(f"{part} up again", lambda: process.poll() is not None, START_S)
        if process.returncode or self._port(part) != before:
            raise worlds.Stuck(f"{part} did not start again at its address:\n{log.read_text()[-2000:]}")

    def _port(self, part):
        return (self.stack / "run" / f"{part}.port").read_text().strip()

    def leader(self, partition):
        """The broker that leads this partition of the commands, or -1 while none does."""
        return bus.leaders_of(self.brokers, bus.COMMANDS)[partition]

    def save_disk(self, part):
        """Copies what a broker that is down has on its disk; returns where."""
        earlier = self.folder / f"earlier-{part}"
        shutil.rmtree(earlier, ignore_errors=True)
        shutil.copytree(self._disk(part), earlier)
        return earlier

    def restore_disk(self, part, earlier):
        """Gives a broker that is down the copy back, but not the log of the quorum that it votes in."""
        shutil.rmtree(earlier / QUORUM_LOG)
        shutil.copytree(self._disk(part) / QUORUM_LOG, earlier / QUORUM_LOG)
        shutil.rmtree(self._disk(part))
        earlier.rename(self._disk(part))

    def _disk(self, part):
        return self.stack / part / "data"

    def forgotten(self):
        """[(unix time, transactional id)] of the transactions that brokers ended without writing their markers
        to partitions that had no leader at that moment. Their records stay open, and share the fate of the
        producer's next transaction there."""
        out = []
        for log in self.stack.glob("kafka*.log"):
            for line in log.read_text(errors="replace").splitlines():
                if found := FORGOTTEN.match(line):
                    at = datetime.datetime.fromisoformat(found["at"])  # a broker's log has local time
                    out.append((at.timestamp(), found["name"]))
        return out

    # ---- Redis ----

    def spare(self, *ids):
        """Their keys are not damaged, as bytes of their ids."""
        self._spared = ids

    def is_spared(self, key):
        return any(id in key for id in self._spared)

    def lock(self, locked):
        """The command that makes Redis accept nobody any more, or again."""
        if self.secured:
            return ("ACL", "SETUSER", "sharebus-consumer", "off" if locked else "on")
        return ("CONFIG", "SET", "requirepass", PASSWORD if locked else "")

    def dump_file(self):
        return pathlib.Path(self.stack) / "redis" / "dump.rdb"

    def directory_in_redis(self):
        """{key: value} of the directory in Redis, without what its owner and the time change."""
        client = self.redis()
        out = {}
        for key in client.scan_iter(match="sb:{dir}:*", count=5000):
            kind = client.type(key)
            if kind == b"set":
                out[key] = client.smembers(key)
            elif kind == b"zset":
                out[key] = client.zrange(key, 0, -1)
            else:
                out[key] = client.hgetall(key)
        for field in (b"epoch", b"looked"):
            out.get(b"sb:{dir}:mark", {}).pop(field, None)
        out.pop(b"sb:{dir}:trouble", None)
        client.close()
        return out


def _runs(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
