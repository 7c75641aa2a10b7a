"""A Redis Cluster: slots that move, nodes that die, and everything still happens exactly once.

All tests use one deployment, whose log grows from one to the next. Each ends with everything applied and
published; what has been done by then is counted at the end, for that takes longest.
"""

import contextlib
import json
import signal
import subprocess
import threading
import time
import uuid

import load
import nodes
import pytest
import world as worlds
from environment import environment
from stack import REPO, fail_or_skip, programs

DONE, NO, USAGE, UNAVAILABLE = 0, 1, 2, 3
SHAPE = load.Shape(users=300, workspaces=1000, seed=31)
PORTION = 300  # commands sent at a time
NEVER_S = 30  # for an answer that must come although something is broken
PROGRAM_S = 60
UP_S = 60
ROLES = ("consumer", "operator", "sharer", "reader")
MAX_AGE_S = 3  # of answers, for whoever asks while something is broken


class Deployment(worlds.World):
    """A world on a cluster of three masters, of which the first has a replica."""

    def __init__(self, folder):
        self.cluster = nodes.Cluster(folder / "cluster", 3, 1)
        super().__init__(folder, servers=self.cluster)
        self.made = self.populate(SHAPE)

    def close(self):
        super().close()
        self.cluster.close()

    def ask(self, *words, **settings):
        told = {"SHAREBUS_BROKERS": self.brokers, "SHAREBUS_REDIS": self.redis_address, "SHAREBUS_USER": "user1"}
        env = environment(**told | settings)
        program = load.sharebus_program("sharebus")
        return subprocess.run(
            [program, *words], env=env, capture_output=True, text=True, timeout=PROGRAM_S, check=False
        )

    def done(self, *words, **settings):
        ran = self.ask(*words, **settings)
        assert ran.returncode == DONE, ran
        return ran.stdout

    def refused(self, code, text, *words, **settings):
        ran = self.ask(*words, **settings)
        assert ran.returncode == code and text in ran.stderr, ran

    @contextlib.contextmanager
    def traffic(self, consumer):
        """Commands, sent without a pause; the first of them are applied before anything else happens."""
        before = sum(self.applied().values())
        enough = threading.Event()

        def send():
            while not enough.is_set():
                load.write_commands(self.brokers, self.made, PORTION, load.MIX)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            self.wait("traffic", lambda: sum(self.applied().values()) > before, UP_S, [consumer])
            yield
        finally:
            enough.set()
            thread.join()
            self.forget_ends()

    def empty_inboxes(self):
        client = self.redis()
        for key in [*client.scan_iter(match="sb:{*}:inbox*", count=10_000)]:
            client.delete(key)
        client.close()

    def workspaces(self):
        """{partition: (id of a workspace, name of its owner)}, of each partition one."""
        places = {}
        for node in self.cluster.masters():
            for key in node.client.scan_iter(match=b"sb:{*}:ws:*", count=10_000):
                partition, _, raw = key.removeprefix(b"sb:{").partition(b"}:ws:")
                places[str(uuid.UUID(bytes=raw))] = int(partition)
        found = {}
        for user in range(SHAPE.users):
            owner = f"user{user}"
            ran = self.ask("list", "--search", "owner:me", "-o", "json", SHAREBUS_USER=owner)
            listed = json.loads(ran.stdout) if ran.returncode == DONE else []  # she may be suspended
            found.update({places[w["id"]]: (w["id"], owner) for w in listed})
            if len(found) == len(self.ends()):
                break
        return found

    def share(self, workspace, owner, **settings):
        """Shares it with another user, whose name is returned once that is applied."""
        other = next(u for u in ("user7", "user8") if u != owner)
        share = ("sharing", "share", workspace, "--user", f"{other}:admin", "--wait", "60s")
        self.done(*share, SHAREBUS_USER=owner, **settings)
        return other

    def all_done(self, consumer):
        whole = lambda: self.applied() == self.ends() and self.can_answer()  # noqa: E731
        self.wait("all published", lambda: self.committed() == self.ends(), UP_S, [consumer])
        self.wait("the whole index", whole, UP_S, [consumer])
        consumer.terminate()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    try:
        one = Deployment(tmp_path_factory.mktemp("cluster"))
    except worlds.NoStack as error:
        fail_or_skip(f"there is no Kafka to test with: {error}")
    yield one
    one.close()


@pytest.fixture
def consumer(place):
    place.forget_ends()  # what tests have sent by the command line
    one = place.start_consumer()
    try:
        place.wait("it has the partitions", lambda: "are ours and ready" in one.log.read_text(), UP_S, alive=[one])
        place.wait("all published", lambda: place.committed() == place.ends(), UP_S, alive=[one])
        yield one
    finally:
        if one.process.poll() is None:
            one.kill()


def test_all_programs_work(place, consumer):
    workspace = place.done("list", "--search", "owner:me", "--limit", "1").splitlines()[1].split()[0]
    name = workspace.split("/")[1]
    shared = place.done("sharing", "share", name, "--user", "user7:admin", "--wait", "30s")
    assert "user7" in shared
    assert place.ask("check", "user7", "share_use", workspace).returncode == DONE
    assert "user7" in place.done("sharing", "show", name)
    assert "direct" in place.done("explain", "user7", workspace)
    assert workspace in place.done("list", "--shared")
    assert workspace in place.done("list", "--shared-with-me", SHAREBUS_USER="user7")
    assert place.ask("sharing", "remove", name, "--user", "user7", "--wait", "30s").returncode == DONE
    assert place.ask("check", "user7", "share_use", workspace).returncode == NO
    place.done("notifications", "preferences", "set", "--off", "mail", "--wait", "30s")
    assert "mail:all" in place.done("notifications", "preferences", "show")
    user = json.loads(place.done("notifications", "preferences", "show", "-o", "json"))["user_id"]
    putter = programs() / "putter"
    subprocess.run([putter, place.redis_address, "12", user, "n-%d", "2"], check=True, timeout=PROGRAM_S)
    assert place.done("inbox", "read", "n-1").endswith("\n1 marked as read.\n")
    assert json.loads(place.done("inbox", "list", "-o", "json"))["unread"] == 1
    place.empty_inboxes()  # no notifier runs: what is counted at the end knows of none
    # Everything that there is, found by walking over all nodes.
    assert len(place.done("directory", "show", "--workspaces").splitlines()) == 1 + SHAPE.workspaces
    status = place.done("status", "-o", "json")
    assert all(node.address in status for node in place.cluster.masters())
    consumer.terminate()


def test_any_node_leads_to_all(place, consumer):
    dead = "127.0.0.1:1"
    for node in place.cluster.nodes:  # the last one is a replica
        place.done("list", "--shared", SHAREBUS_REDIS=node.address)
        place.done("list", "--shared", SHAREBUS_REDIS=f"redis://{dead},{node.address}")
    first = place.cluster.nodes[0].address
    number = "has no database but 0; leave the /2 out of its address"
    place.refused(UNAVAILABLE, number, "list", "--shared", SHAREBUS_REDIS=f"redis://{first}/2")
    consumer.terminate()


def test_a_password_holds_for_all_nodes(place, consumer):
    consumer.terminate()
    for node in place.cluster.nodes:
        node.call("CONFIG", "SET", "requirepass", "s3cret")
    try:
        ask = ("list", "--shared", "--max-age", "1h")
        place.done(*ask, SHAREBUS_REDIS_PASSWORD="s3cret")
        place.refused(UNAVAILABLE, "refuses: NOAUTH", *ask)
        place.refused(UNAVAILABLE, "refuses: WRONGPASS", *ask, SHAREBUS_REDIS_PASSWORD="other")
    finally:
        for node in place.cluster.nodes:
            node.call("CONFIG", "SET", "requirepass", "")


@pytest.fixture
def users(place, tmp_path):
    """Each role has a user on all nodes, as ops/acl prints it; gives the settings of a program in that role."""
    for role in ROLES:
        (tmp_path / f"sharebus-{role}.password").write_text(f"s3cret-{role}\n")
    printed = subprocess.run(
        [REPO / "ops" / "acl", "redis", "--passwords", tmp_path, *ROLES], stdout=subprocess.PIPE, text=True, check=True
    )
    for node in place.cluster.nodes:
        for line in printed.stdout.splitlines():
            node.call(*line.split())

    def told(role):
        return {
            "SHAREBUS_REDIS": f"redis://sharebus-{role}@{place.redis_address}",
            "SHAREBUS_REDIS_PASSWORD_FILE": str(tmp_path / f"sharebus-{role}.password"),
        }

    yield told
    for node in place.cluster.nodes:
        node.call("ACL", "DELUSER", *(f"sharebus-{role}" for role in ROLES))


def test_the_rights_that_are_printed_suffice_on_all_nodes(place, consumer, users):
    """Also where a slot moves, and where a partition is cleared and rebuilt."""
    consumer.terminate()
    cluster, told = place.cluster, users("consumer")
    consumer = place.start_consumer(settings=told, redis=told["SHAREBUS_REDIS"])
    with place.traffic(consumer):
        cluster.move(2, cluster.another(cluster.owner(2)))
        cluster.owner(4).call("DEL", "sb:{4}:mark")
    place.wait("all published", lambda: place.committed() == place.ends(), UP_S, [consumer])
    place.wait("the whole index", lambda: set(place.states()) == {b"ready"}, UP_S, [consumer])
    for node in cluster.masters():
        assert "sharebus-consumer" in {c["user"] for c in node.client.client_list()}
    workspace, owner = place.workspaces()[2]
    other = place.share(workspace, owner, **users("sharer"))
    place.done("check", other, "share_use", workspace, **users("reader"))
    place.done("list", "--shared-with-me", SHAREBUS_USER=other, **users("reader"))
    assert len(place.done("directory", "show", "--workspaces", **users("operator")).splitlines()) > 1
    place.done("status", **users("operator"))
    place.forget_ends()
    place.all_done(consumer)
    assert "NOPERM" not in consumer.log.read_text()


def test_several_hosts_that_are_no_cluster_are_refused(place, tmp_path):
    alone = nodes.Node(tmp_path, 0, "redis-server", cluster=False)
    try:
        place.refused(
            UNAVAILABLE,
            "the one that answers is in no cluster; give one host",
            *("list", "--shared"),
            SHAREBUS_REDIS=f"{alone.address},127.0.0.1:1",
        )
    finally:
        alone.kill()


def test_a_user_who_may_not_ask_for_the_slots_is_told_so(place, consumer):
    consumer.terminate()
    home = place.cluster.owner(0)
    for other in (1, "dir"):  # what is asked for first is there
        if place.cluster.owner(other) is not home:
            place.cluster.move(other, home)
    home.call("ACL", "SETUSER", "narrow", "on", ">s3cret", "~*", "+@all", "-cluster|slots")
    try:
        told = {"SHAREBUS_REDIS": f"redis://narrow:s3cret@{home.address}"}
        place.refused(UNAVAILABLE, "denies us CLUSTER SLOTS", "list", "--shared", "--max-age", "1h", **told)
    finally:
        home.call("ACL", "DELUSER", "narrow")


def test_slots_move_under_load(place, consumer):
    for partition in (0, 3, "dir"):
        with place.traffic(consumer):
            place.cluster.move(partition, place.cluster.another(place.cluster.owner(partition)))
    place.all_done(consumer)


def test_a_move_that_stops_in_the_middle(place, consumer):
    """What concerns the partition is unavailable or right, its commands wait, and all goes on when it has ended."""
    cluster = place.cluster

    def begin(partition):
        to = cluster.another(cluster.owner(partition))
        keys = cluster.owner(partition).call("CLUSTER", "COUNTKEYSINSLOT", cluster.slot(partition))
        cluster.move(partition, to, keys // 2)
        return to

    ask = ("list", "--search", "shared:true", "--limit", "2000")
    before = place.done(*ask)
    to = begin(5)
    for _ in range(3):
        ran = place.ask(*ask)
        assert ran.returncode == UNAVAILABLE or ran.stdout == before, ran
    cluster.move(5, to)
    place.done(*ask, "--wait", "30s")
    with place.traffic(consumer):
        to = begin(6)
        place.wait("it says so", lambda: " ASK " in consumer.log.read_text(), UP_S, [consumer])
        cluster.move(6, to)
    place.all_done(consumer)


def test_one_node_is_emptied_under_load(place, consumer):
    with place.traffic(consumer):
        place.cluster.owner(1).call("FLUSHALL")
    place.all_done(consumer)


def test_a_master_hands_over_to_its_replica_under_load(place, consumer):
    cluster = place.cluster
    replica = cluster.replica()
    with place.traffic(consumer):
        replica.call("CLUSTER", "FAILOVER")
        place.wait("handed over", lambda: replica in cluster.masters(), UP_S, [consumer])
    place.all_done(consumer)


def test_a_master_dies_under_load(place, consumer):
    cluster = place.cluster
    cluster.await_whole()
    replica = cluster.replica()
    master = next(n for n in cluster.masters() if n.client.info("replication")["connected_slaves"])
    with place.traffic(consumer):
        master.kill()
        place.wait("replaced", lambda: replica in cluster.masters(), UP_S, [consumer])
    place.all_done(consumer)
    master.start()  # without its data, as a replica
    cluster.await_whole()


def test_a_stuck_slot_and_a_dead_node_hold_up_no_others(place, consumer):
    """Only what is on them waits, and is named, while shares on other partitions are applied and answered for longer
    than an answer may be old; and all goes on when they are mended."""
    cluster = place.cluster
    cluster.await_whole()
    home = cluster.owner("dir")
    dead = next(n for n in cluster.masters() if n is not home and not n.client.info("replication")["connected_slaves"])
    owners = {partition: cluster.owner(partition) for partition in place.ends()}
    stuck = next(p for p, node in owners.items() if node is not dead)
    waiting = {stuck} | {p for p, node in owners.items() if node is dead}
    target = next(n for n in cluster.masters() if n not in (dead, owners[stuck]))
    own = place.workspaces()
    free = {p: w for p, w in own.items() if p not in waiting}
    assert len(free) > 1 and waiting <= set(own)
    cluster.require_all_slots("no")
    keys = owners[stuck].call("CLUSTER", "COUNTKEYSINSLOT", cluster.slot(stuck))
    cluster.move(stuck, target, keys // 2)
    dead.kill()
    told = lambda p: f"partition {p}: set aside: " in consumer.log.read_text()  # noqa: E731
    place.wait("they are set aside by name", lambda: all(told(p) for p in waiting), UP_S, [consumer])
    begun = time.monotonic()
    place.wait("old enough", lambda: time.monotonic() > begun + 2 * MAX_AGE_S, UP_S, [consumer])

    fresh = {"SHAREBUS_MAX_AGE": f"{MAX_AGE_S}s"}
    for workspace, owner in free.values():
        other = place.share(workspace, owner, **fresh)
        place.done("check", other, "share_use", workspace, **fresh)
    for partition in waiting:
        ran = place.ask("check", "user7", "share_use", own[partition][0], **fresh)
        assert ran.returncode == UNAVAILABLE, ran
    status = json.loads(place.ask("status", "-o", "json").stdout)
    unknown = {p["partition"] for p in status["partitions"] if p["state"] == "unknown"}
    assert unknown and unknown <= waiting
    assert all(any(f"{p}" in problem for problem in status["problems"]) for p in unknown), status["problems"]
    assert not any(told(p) for p in free)

    dead.start()  # without its data
    cluster.await_whole()
    cluster.move(stuck, target)
    cluster.require_all_slots("yes")
    place.forget_ends()
    place.all_done(consumer)


def test_a_node_that_hangs_holds_up_no_others(place, consumer):
    cluster = place.cluster
    cluster.await_whole()
    home = cluster.owner("dir")
    hung = next(n for n in cluster.masters() if n is not home and not n.client.info("replication")["connected_slaves"])
    owners = {partition: cluster.owner(partition) for partition in place.ends()}
    own = place.workspaces()
    cluster.require_all_slots("no")
    hung.process.send_signal(signal.SIGSTOP)
    try:
        told = lambda p: f"partition {p}: set aside: " in consumer.log.read_text()  # noqa: E731
        waiting = [p for p, node in owners.items() if node is hung]
        place.wait("they are set aside by name", lambda: all(told(p) for p in waiting), UP_S, [consumer])
        for partition in set(own) - set(waiting):
            place.share(*own[partition])
    finally:
        hung.process.send_signal(signal.SIGCONT)
    cluster.await_whole()
    cluster.require_all_slots("yes")
    place.forget_ends()
    place.all_done(consumer)


def test_commands_are_applied_while_the_node_of_the_directory_is_dead(place, consumer):
    cluster = place.cluster
    cluster.await_whole()
    dead = next(n for n in cluster.masters() if not n.client.info("replication")["connected_slaves"])
    if cluster.owner("dir") is not dead:
        cluster.move("dir", dead)
    others = [n for n in cluster.masters() if n is not dead]
    owners = {partition: cluster.owner(partition) for partition in place.ends()}
    cluster.require_all_slots("no")
    dead.kill()
    place.send(place.made, PORTION, load.MIX)
    ends = place.ends()

    def are_applied():
        there = {p: int(n.client.hget(f"sb:{{{p}}}:mark", "applied")) for p, n in owners.items() if n in others}
        return all(ends[p] == at for p, at in there.items())

    told = lambda: "the directory waits: " in consumer.log.read_text()  # noqa: E731
    try:
        place.wait("applied elsewhere", are_applied, UP_S, [consumer])
        place.wait("it says so", told, UP_S, [consumer])
    finally:
        dead.start()  # without its data
    cluster.await_whole()
    cluster.require_all_slots("yes")
    place.all_done(consumer)


def test_a_node_that_may_evict_is_named(place, consumer):
    node = place.cluster.owner(2)
    sentence = f"Redis at {node.address} may evict keys (maxmemory-policy is allkeys-lru)"
    node.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    try:
        place.wait("it is said", lambda: sentence in consumer.log.read_text(), alive=[consumer])
        place.refused(NO, sentence, "status")
        consumer.terminate()
        again = place.start_consumer()
        assert again.process.wait(NEVER_S) == UNAVAILABLE
        assert sentence in again.log.read_text()
    finally:
        node.call("CONFIG", "SET", "maxmemory-policy", "noeviction")


def test_everything_has_happened_exactly_once(place):
    place.count(all_outcomes=False).verify()
