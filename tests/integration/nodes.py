"""Redis of several servers, on free ports of 127.0.0.1: a Cluster, whose masters share all slots and perhaps have
replicas, or a Pair, a master and its replica under a Sentinel."""

import contextlib
import socket
import subprocess
import time

import redis
import redis.sentinel
from redis.crc import key_slot

SLOTS = 16384
UP_S = 60
CALL_S = 20
PORTION = 200  # keys moved at a time
NODE_TIMEOUT_MS = 2000  # until a master that does not answer is replaced
DOWN_AFTER_MS, FAILOVER_TIMEOUT_MS = 1000, 2000  # the same, of a Sentinel, and of one attempt to replace it
LOOK_MS = 500  # between two looks of a Sentinel; a master that comes back is made a replica after eight
TILT_MS = 60_000  # a Sentinel that stood still for so long waits; this machine is busy
MASTER = "main"  # the name that the Sentinel has for it


def _until(what, condition, deadline_s=UP_S):
    limit = time.monotonic() + deadline_s
    while True:
        with contextlib.suppress(redis.RedisError, OSError):
            answer = condition()
            if answer:
                return answer
        if time.monotonic() > limit:
            raise AssertionError(f"{what}: not within {deadline_s} s")
        time.sleep(0.01)


def _free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


class Node:
    """A redis-server, which keeps its ports and its name when it is started again."""

    def __init__(self, folder, number, program, cluster=True):
        self.cluster = cluster
        self.port, self.bus_port = _free_ports(2)
        self.folder = folder / f"redis-{number}"
        self.folder.mkdir(parents=True)
        self.program = program
        self.address = f"127.0.0.1:{self.port}"
        self.start()

    def _arguments(self):
        out = ["--save", "", "--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0"]
        if self.cluster:
            out += ["--cluster-enabled", "yes", "--cluster-port", str(self.bus_port)]
            out += ["--cluster-node-timeout", str(NODE_TIMEOUT_MS)]
        return out

    def start(self):
        place = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, *self._arguments(), *place],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.client = redis.Redis("127.0.0.1", self.port, socket_timeout=CALL_S)
        _until(f"{self.address} answers", self.client.ping)
        if self.cluster:
            self.name = self.call("CLUSTER", "MYID").decode()

    def call(self, *command):
        return self.client.execute_command(*command)

    def is_alive(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()


class Sentinel(Node):
    """A Sentinel that watches a master."""

    def __init__(self, folder, program, master):
        self.master = master
        super().__init__(folder, "sentinel", program, cluster=False)
        looks = ("info-period", LOOK_MS, "publish-period", LOOK_MS, "tilt-trigger", TILT_MS)
        self.call("SENTINEL", "DEBUG", *looks)

    def _arguments(self):
        settings = (
            f"monitor {MASTER} 127.0.0.1 {self.master.port} 1",
            f"down-after-milliseconds {MASTER} {DOWN_AFTER_MS}",
            f"failover-timeout {MASTER} {FAILOVER_TIMEOUT_MS}",
        )
        file = self.folder / "sentinel.conf"
        file.write_text("".join(f"sentinel {line}\n" for line in settings))
        return [str(file), "--sentinel"]

    def named(self):
        """The port of the master of the moment."""
        return int(self.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)[1])

    def is_content(self):
        """Does it see a master that is up, and intend nothing else?"""
        return self.client.sentinel_master(MASTER)["flags"] in ("master", {"master"})


class _Servers:
    """What a Cluster and a Pair have in common. `address` is what programs are told, some_master() serves
    partitions now, and is_whole() raises what Redis does where it does not answer."""

    nodes = ()

    def masters(self):
        alive = [n for n in self.nodes if n.is_alive()]
        return [n for n in alive if n.client.info("replication")["role"] == "master"]

    def await_whole(self):
        _until("Redis is whole", self.is_whole)

    def close(self):
        for node in self.nodes:
            node.kill()


class Pair(_Servers):
    """A master and its replica under a Sentinel, which makes the replica the master once that is down. A node
    that comes back is a master without data until the Sentinel makes it a replica."""

    def __init__(self, folder, program="redis-server"):
        self.nodes = []
        self.sentinel = None
        try:
            for n in range(2):
                self.nodes.append(Node(folder, n, program, cluster=False))
            self.nodes[1].call("REPLICAOF", "127.0.0.1", self.nodes[0].port)
            self.sentinel = Sentinel(folder, program, self.nodes[0])
            knows = lambda: int(self.sentinel.client.sentinel_master(MASTER)["num-slaves"]) == 1  # noqa: E731
            _until("the Sentinel knows the replica", knows)
            self.await_whole()
        except BaseException:
            self.close()
            raise

    @property
    def address(self):
        return f"redis+sentinel://{self.sentinel.address}/{MASTER}"

    def client(self, timeout_s=None):
        """Of the master of the moment, each time it connects."""
        place = [("127.0.0.1", self.sentinel.port)]
        return redis.sentinel.Sentinel(place, socket_timeout=timeout_s).master_for(MASTER)

    def some_master(self):
        """The one that the Sentinel names, whether or not it lives."""
        port = self.sentinel.named()
        return next(n for n in self.nodes if n.port == port)

    def is_whole(self):
        """Does the master live, and the other one follow it?"""
        if not all(n.is_alive() for n in self.nodes) or not self.sentinel.is_content():
            return False
        master = self.some_master()
        replica = next(n for n in self.nodes if n is not master).client.info("replication")
        return (
            master.client.info("replication")["role"] == "master"
            and replica["role"] == "slave"
            and replica["master_port"] == master.port
            and replica["master_link_status"] == "up"
        )

    def close(self):
        if self.sentinel:
            self.sentinel.kill()
        super().close()


class Cluster(_Servers):
    """The first `masters` nodes are masters at first; the others are replicas of the first ones."""

    def __init__(self, folder, masters=3, replicas=0, program="redis-server"):
        self.nodes = []
        try:
            for n in range(masters + replicas):
                self.nodes.append(Node(folder, n, program))
            self._join(masters)
        except BaseException:
            self.close()
            raise

    def _join(self, masters):
        for i, node in enumerate(self.nodes):
            node.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
            if i < masters:
                first, after = SLOTS * i // masters, SLOTS * (i + 1) // masters
                node.call("CLUSTER", "ADDSLOTSRANGE", first, after - 1)
        for node in self.nodes[1:]:
            node.call("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port, self.nodes[0].bus_port)
        everybody = {n.name for n in self.nodes}
        _until("all know all", lambda: all(everybody <= self._known(n) for n in self.nodes))
        for i, node in enumerate(self.nodes[masters:]):
            node.call("CLUSTER", "REPLICATE", self.nodes[i].name)
        self.await_whole()

    @staticmethod
    def _known(node):
        """The names that a node has heard from itself."""
        lines = node.client.execute_command("CLUSTER NODES")
        return {n["node_id"] for n in lines.values() if "handshake" not in n["flags"]}

    def is_whole(self):
        for node in self.nodes:
            if node.is_alive():
                if node.client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                    return False
                info = node.client.info("replication")
                if info["role"] == "slave" and info["master_link_status"] != "up":
                    return False
        return True

    @property
    def address(self):
        return ",".join(n.address for n in self.nodes)

    def client(self, timeout_s=None):
        return redis.RedisCluster("127.0.0.1", self.nodes[0].port, socket_timeout=timeout_s)

    def some_master(self):
        return self.owner(0)

    def require_all_slots(self, word):
        """Whether nodes serve nothing while slots of a dead one are served by nobody: "yes" or "no"."""
        for node in self.nodes:
            node.call("CONFIG", "SET", "cluster-require-full-coverage", word)

    # ---- slots ----

    @staticmethod
    def slot(partition):
        """Of a partition's number, or "dir"."""
        return key_slot(f"{{{partition}}}".encode())

    def owner(self, partition):
        """The node that says that it serves the slot itself."""
        slot = self.slot(partition)
        for node in self.nodes:
            if not node.is_alive():
                continue
            for first, last, master, *_ in node.client.execute_command("CLUSTER SLOTS"):
                if first <= slot <= last and master[1] == node.port:
                    return node
        raise AssertionError(f"nobody serves slot {slot}")

    def replica(self):
        masters = self.masters()
        return next(n for n in self.nodes if n not in masters)

    def another(self, node):
        """A master that is not that node."""
        return next(n for n in self.masters() if n is not node)

    def move(self, partition, to, keys=None):
        """Moves a partition's slot as redis-cli --cluster reshard does: all of it, or so many keys of it,
        after which it stays between two nodes."""
        slot, source = self.slot(partition), self.owner(partition)
        to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.name)
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", to.name)
        left = keys
        while left is None or left > 0:
            portion = PORTION if left is None else min(PORTION, left)
            found = source.call("CLUSTER", "GETKEYSINSLOT", slot, portion)
            if not found:
                break
            source.call("MIGRATE", "127.0.0.1", to.port, "", 0, CALL_S * 1000, "KEYS", *found)
            left = None if left is None else left - len(found)
        if keys is None:
            self.settle(partition, to)

    def settle(self, partition, to):
        """Ends a move: the slot is that node's."""
        slot = self.slot(partition)
        for node in [to, *(n for n in self.masters() if n is not to)]:
            node.call("CLUSTER", "SETSLOT", slot, "NODE", to.name)
