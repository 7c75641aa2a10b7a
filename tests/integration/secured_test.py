"""Kafka and Redis with passwords, certificates, TLS and rights, as `ops/acl` prints them: each role does its own work
and nothing else, and says plainly what it lacks. What Redis alone does with TLS and passwords is in redis_test.py."""

import contextlib
import ctypes
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import bus
import pytest
import redis as redis_client
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import AdminClient
from receivers import Answer, Receiver

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("", "interop")]

import kafka_rights  # noqa: E402
from environment import environment  # noqa: E402
from reader import partition_of  # noqa: E402
from stack import REPO, run, secured_stack, until  # noqa: E402, F401

DONE, NO, USAGE, UNAVAILABLE = range(4)
ACL = REPO / "ops" / "acl"
ROLES = ["consumer", "notifier", "operator", "sharer", "reader", "watcher"]
TOPICS = [bus.COMMANDS, bus.DIRECTORY, bus.EVENTS, bus.NOTIFICATIONS, bus.HANDOFFS, bus.GRANTS, bus.DEADLETTER]
TOPICS += ["sharing.deliveries"]
WRITERS = {
    bus.COMMANDS: {"consumer", "operator", "sharer"},
    bus.DIRECTORY: {"operator"},
    bus.EVENTS: {"consumer"},
    bus.NOTIFICATIONS: {"consumer"},
    bus.HANDOFFS: {"consumer"},
    bus.GRANTS: {"consumer"},
    bus.DEADLETTER: {"consumer"},
    "sharing.deliveries": {"notifier", "operator"},
}
MINE = {
    "organizations": [{"name": "acme"}],
    "users": [{"username": n, "organizations": ["acme"]} for n in ("erin", "alice", "bob")],
    "workspaces": [{"name": n, "owner": "erin", "organization": "acme"} for n in ("dev", "api")],
}
SHARE = ("sharing", "share", "dev", "--user")
WAIT = ("--wait", "60s")


def printed(*args):
    """The lines that ops/acl prints."""
    done = subprocess.run([ACL, *args], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


class Place:
    """A secured stack, and the programs of each role: only their configuration says who they are."""

    def __init__(self, stack):
        self.stack = stack

    def run(self, config, *args, seconds=90):
        env = environment(SHAREBUS_CONFIG=str(config), SHAREBUS_USER="erin")
        return run([self.stack.bin / "sharebus", *args], env, seconds)

    def sasl(self, role, *args, **more):
        return self.run(self.stack.role(f"{role}.conf"), *args, **more)

    def scram(self, role, *args, **more):
        return self.run(self.stack.role(f"{role}-scram.conf"), *args, **more)

    def mtls(self, role, *args, **more):
        return self.run(self.stack.role(f"{role}-mtls.conf"), *args, **more)

    def works(self):
        """A share and its removal are applied, and seen."""
        assert self.mtls("sharer", *SHARE, "bob", *WAIT).code == DONE
        assert self.sasl("reader", "check", "bob", "ssh", "erin/dev").code == DONE
        assert self.sasl("sharer", "sharing", "remove", "dev", "--user", "bob", *WAIT).code == DONE
        assert self.sasl("reader", "check", "bob", "ssh", "erin/dev").code == NO
        return True

    def consumer_log(self):
        return (self.stack.dir / "consumer.log").read_text()

    def until_says(self, pattern, before):
        """Waits until the consumer's log has the pattern after its first `before` characters."""

        def log():
            return self.consumer_log()[before:]

        until(f"the consumer says {pattern}", lambda: re.search(pattern, log()), shown=log)

    def consumer_pid(self):
        return int((self.stack.dir / "run" / "consumer.pid").read_text().split()[0])


@pytest.fixture(scope="module")
def place(secured_stack, tmp_path_factory):  # noqa: F811
    one = Place(secured_stack)
    path = tmp_path_factory.mktemp("directory") / "mine.json"
    path.write_text(json.dumps(MINE))
    one.mtls("operator", "directory", "apply", path, *WAIT).done()
    return one


@contextlib.contextmanager
def second_consumer(place, folder, config="consumer-mtls.conf"):
    """Another one, which Kafka knows by its certificate unless the configuration says otherwise."""
    log = folder / "second.log"
    command = [place.stack.bin / "sharebus-consumer", "--instance", "second"]
    command += ["--config", place.stack.role(config)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


# ---- what each role may ----


def put_into_inbox(place, name, notification):
    """As the notifier does: by the id of the user, in the partition of that id."""
    redis = place.stack.redis_client()
    users = json.loads(place.sasl("operator", "directory", "show", "-o", "json").done().out)["users"]
    user = next(u["id"] for u in users if u["username"] == name)
    base = f"sb:{{{partition_of(user.encode(), 12)}}}:".encode()
    redis.xadd(base + b"inbox:" + uuid.UUID(user).bytes, {"id": notification, "told": "{}"})
    redis.zadd(base + b"inboxed:" + uuid.UUID(user).bytes, {notification: 1})


def test_each_role_does_its_own_work(place, tmp_path):
    assert place.works()
    place.mtls("sharer", *SHARE, "alice:admin", *WAIT).done()
    place.mtls("sharer", "sharing", "show", "dev").done()
    assert "alice" in place.sasl("reader", "sharing", "show", "dev").done().out
    assert "erin/dev" in place.sasl("reader", "list", "--shared").done().out
    assert "erin/api" in place.sasl("reader", "list", "--search", "shared:false").done().out
    assert "direct" in place.sasl("reader", "explain", "alice", "erin/dev").done().out
    assert place.sasl("reader", "sharing", "show", "dev", "--wait", "5s").code == DONE
    offer = place.sasl("sharer", *SHARE, "bob", "--handoff", "ready", "-o", "json", *WAIT).done().json["handoff_id"]
    assert offer in place.sasl("reader", "handoff", "list", "--mine", "--as", "bob").done().out
    place.mtls("sharer", "handoff", "decline", offer, "--as", "bob", *WAIT).done()
    assert place.sasl("operator", "deliveries", "list").err == "Nothing is owed.\n"
    assert place.mtls("operator", "endpoints", "list").err == "The configuration has no endpoints.\n"
    seen = place.sasl("watcher", "watch", "--from-beginning", "--settled").done().out
    assert "event " in seen and "notification " in seen
    assert place.mtls("watcher", "watch", "--from-beginning", "--settled").done().out == seen
    assert place.mtls("operator", "topics", "create").done().out.count("exists") == len(TOPICS)
    assert "notifications" in place.sasl("reader", "inbox", "list", "-o", "json", "--as", "alice").done().out
    put_into_inbox(place, "alice", "n-1")
    assert place.sasl("reader", "inbox", "read", "--all", "--as", "alice").done().out == "1 marked as read.\n"
    place.sasl("operator", "notifications", "preferences", "set", "--off", "mail", "--as", "alice", *WAIT).done()
    written = tmp_path / "shown.json"
    written.write_text(place.sasl("operator", "directory", "show", "-o", "json").done().out)
    place.sasl("operator", "directory", "apply", written, "--prune", *WAIT).done()
    until("all is well", lambda: place.mtls("operator", "status", "--stages").code == DONE)


def test_the_notifier_tells_with_its_rights_alone(place, tmp_path):
    """A webhook that fails once, so that the ledger is written, and an inbox."""
    answers = [Answer(500)]
    receiver = Receiver(lambda request: answers.pop() if answers else Answer(204))
    config, log = tmp_path / "notifier.conf", tmp_path / "notifier.log"
    config.touch(0o600)
    config.write_text(
        place.stack.role("notifier.conf").read_text()
        + f"\n[endpoint hook]\ntype = webhook\nurl = {receiver.url}\nallow-private = yes\n"
        + "secret = whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n[endpoint inbox]\ntype = inbox\n"
    )
    command = [place.stack.bin / "sharebus-notifier", "--config", config]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        place.sasl("sharer", *SHARE, "bob", *WAIT).done()
        shown = lambda: place.sasl("reader", "inbox", "list", "-o", "json", "--as", "bob").json  # noqa: E731
        types = lambda: [n["told"]["type"] for n in shown()["notifications"]]  # noqa: E731
        until("bob is told", lambda: "sharing.workspace_shared" in types())
        until("the webhook is told", lambda: len(receiver.ids()) > 1)
        running = lambda: place.sasl("operator", "status", "-o", "json").json["notifiers"]["running"]  # noqa: E731
        until("it says what it does", lambda: [n["delivered"] for n in running()] not in ([], [None], [0]))
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()
        receiver.close()
        assert place.sasl("sharer", "sharing", "remove", "dev", "--user", "bob", *WAIT).code == DONE
    assert "uthorization failed" not in log.read_text()


def test_the_operator_sends_dead_letters_back(place):
    key = str(uuid.uuid4()).encode()
    bus.send_all(place.stack.brokers, bus.COMMANDS, [(key, b"garbage", [])])
    position = until("a dead letter", lambda: place.mtls("operator", "deadletter", "list", "-o", "json").json)
    at = position[0]["position"]
    place.sasl("operator", "deadletter", "show", at).done()
    assert place.mtls("operator", "deadletter", "replay", at, *WAIT).code == NO  # it is still garbage


def test_an_emptied_redis_is_rebuilt_and_another_consumer_takes_over(place, tmp_path):
    place.sasl("sharer", *SHARE, "alice", *WAIT).done()
    place.stack.redis_client().flushall()
    check = lambda: place.sasl("reader", "check", "alice", "ssh", "erin/dev").code  # noqa: E731
    assert until("an answer", lambda: (code := check()) != UNAVAILABLE and [code]) == [DONE]
    with second_consumer(place, tmp_path) as log:
        until("it takes part", lambda: "are ours and ready" in log.read_text())
        place.stack.ops("kill", "consumer")
        assert place.works()
        until("it has all", lambda: place.mtls("operator", "status").out.count(" second ") > len(TOPICS))
        place.stack.up()
    assert place.works()


# ---- what each role may not ----


@pytest.mark.parametrize(
    "role, args, words",
    [
        ("sharer", "watch --since 1h", "does not let us read topic sharing."),
        ("sharer", "deadletter list", "does not let us read topic sharing.deadletter; allow us to read it"),
        ("sharer", "topics create", "cannot be created: Authorization failed. Allow us to create it"),
        ("sharer", "directory show", "NOPERM"),
        ("reader", "sharing share dev --user bob", "does not let us see topic sharing.commands; allow us to describe it"),
        ("reader", "sharing remove dev --user bob", "does not let us see topic sharing.commands"),
        ("reader", "watch", "does not let us see topic"),
        ("watcher", "sharing share dev --user bob", "NOPERM"),
        ("watcher", "list --shared", "NOPERM"),
        ("nobody", "list --shared", "refuses: WRONGPASS"),
        ("nobody", "watch", "refuses: WRONGPASS"),
        ("nobody", "deadletter list", "does not let us see topic"),
        ("nobody", "topics create", "cannot be created"),
    ],
)
def test_what_is_not_its_own_is_refused_plainly(place, role, args, words):
    ask = place.mtls if "sharing" in args else place.sasl
    ask(role, *args.split(), "--wait", "1s").failed(UNAVAILABLE, words)


def test_status_says_what_it_may_not_see(place):
    ran = place.sasl("sharer", "status", "--wait", "2s")
    assert ran.code == UNAVAILABLE and "Group authorization failed" in ran.err, ran


def test_who_sees_a_topic_and_may_not_write_it_is_told_so(place):
    """A reader that may describe the topics, as `share` does first."""
    more = kafka_rights.rights(
        line for line in printed("kafka", "--as", "sharebus-reader", "sharer") if "Write" not in line
    )
    kafka_rights.give(place.stack.brokers, more)
    try:
        ran = place.sasl("reader", *SHARE, "bob", "--wait", "3s")
    finally:
        kafka_rights.take(place.stack.brokers, more)
    ran.failed(UNAVAILABLE, "Kafka does not let us write to", "sharing.commands")


@pytest.mark.parametrize("role", ROLES)
def test_nobody_writes_a_topic_that_is_not_its_own(place, role):
    folder = place.stack.dir / "roles"
    refused = []
    producer = Producer(
        {
            "bootstrap.servers": place.stack.bootstrap,
            "security.protocol": "sasl_ssl",
            "ssl.ca.location": str(folder / "ca.crt"),
            "sasl.mechanism": "PLAIN",
            "sasl.username": f"sharebus-{role}",
            "sasl.password": (folder / f"sharebus-{role}.password").read_text(),
            **bus.SILENT,
        }
    )
    others = [t for t in TOPICS if role not in WRITERS.get(t, ())]
    for topic in others:
        producer.produce(topic, b"x", on_delivery=lambda error, m: refused.append((m.topic(), error.code())))
    assert producer.flush(30) == 0
    assert sorted(refused) == sorted((t, KafkaError.TOPIC_AUTHORIZATION_FAILED) for t in others)


@pytest.mark.parametrize("role", ROLES)
def test_only_the_consumer_writes_to_redis(place, role):
    options = {"username": f"sharebus-{role}", "password": place.stack.role(f"sharebus-{role}.password").read_text()}
    client = redis_client.Redis(
        "127.0.0.1", int(place.stack.redis_named.rsplit(":", 1)[1]), ssl=True,
        ssl_ca_certs=str(place.stack.role("ca.crt")), protocol=2, **options,
    )  # fmt: skip
    writing = ["HSET sb:{0}:x a b", "DEL sb:{0}:x", "ZADD sb:{0}:x 1 a", "UNLINK sb:{0}:x", "SET sb:{0}:x 1"]
    writing += ["XADD sb:{0}:x * a b", "SADD sb:{0}:x a"]
    writing += ["XADD sb:{0}:inbox:x * a b", "HSET sb:{0}:notifiers a b"] if role != "notifier" else []
    never = ["FLUSHALL", "KEYS *", "CONFIG GET *", "ACL LIST", "SCRIPT FLUSH", "HGETALL other:{0}:mark", "SHUTDOWN"]
    never += ["HSET sbx a b", "CLIENT LIST", "PUBLISH a b", "RENAME sb:{0}:x sb:{0}:y"]
    for command in never + (writing if role != "consumer" else []):
        with pytest.raises(redis_client.exceptions.NoPermissionError):
            client.execute_command(*command.split())
    client.close()


# ---- who Kafka takes us for, and we Kafka ----


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def strangers(place, tmp_path_factory):
    """Another authority; a certificate of it in the sharer's name; one of ours that has expired."""
    folder = tmp_path_factory.mktemp("strangers")
    for name in ("ca.crt", "ca.key"):
        shutil.copy(place.stack.role(name), folder)
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-subj")
    openssl(folder, *new, "/CN=other", "-x509", "-keyout", "other.key", "-out", "other.crt")
    openssl(folder, *new, "/CN=sharebus-sharer", "-keyout", "sharer.key", "-out", "sharer.csr")
    sign = ("x509", "-req", "-in", "sharer.csr", "-CAcreateserial")
    openssl(folder, *sign, "-CA", "other.crt", "-CAkey", "other.key", "-out", "forged.crt")
    (folder / "ca.conf").write_text(
        "[ca]\ndefault_ca=us\n[us]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n"
        "policy=any\n[any]\ncommonName=supplied\n"
    )
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    when = ("-startdate", "20200101000000Z", "-enddate", "20200102000000Z")
    us = ("-config", "ca.conf", "-cert", "ca.crt", "-keyfile", "ca.key", "-notext", "-batch")
    openssl(folder, "ca", *us, *when, "-in", "sharer.csr", "-out", "expired.crt")
    return folder


def librdkafka():
    """The version of the library that the programs are linked with."""
    library = ctypes.CDLL("librdkafka.so.1")
    library.rd_kafka_version_str.restype = ctypes.c_char_p
    return tuple(map(int, library.rd_kafka_version_str().decode().split("-")[0].split(".")))


def test_kafka_takes_scram(place):
    """From the tests' own client, so that what our programs cannot is not the broker's."""
    who = {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "sharebus-operator"}
    who |= {"security.protocol": "sasl_ssl", "ssl.ca.location": str(place.stack.role("ca.crt"))}
    who |= {"sasl.password": place.stack.role("sharebus-operator.password").read_text()}
    client = AdminClient({"bootstrap.servers": place.stack.bootstrap, **who, **bus.SILENT})
    assert set(TOPICS) <= set(client.list_topics(timeout=60).topics)


def test_each_role_logs_in_by_scram_where_librdkafka_can(place, tmp_path):
    """One that is older than 2.6.1 and Kafka 4 do not agree; then that is said."""
    if librdkafka() < (2, 6, 1):
        version = ".".join(map(str, librdkafka()))
        ran = place.scram("watcher", "watch", "--settled", "--wait", "2s")
        ran.failed(UNAVAILABLE, "no Kafka broker answers at ", f"where librdkafka {version} cannot do SCRAM, and 2.6.1 can")
        return
    place.scram("sharer", *SHARE, "bob", *WAIT).done()
    assert "bob" in place.scram("reader", "sharing", "show", "dev").done().out
    place.scram("sharer", "sharing", "remove", "dev", "--user", "bob", *WAIT).done()
    assert "event " in place.scram("watcher", "watch", "--from-beginning", "--settled").done().out
    until("all is well", lambda: place.scram("operator", "status").code == DONE)
    with second_consumer(place, tmp_path, "consumer-scram.conf") as log:
        until("it takes part", lambda: "are ours and ready" in log.read_text())
    wrong = place.stack.role("sharer-scram.conf").read_text().replace("sasl.password = ", "sasl.password = not")
    config = tmp_path / "wrong.conf"
    config.touch(0o600)
    config.write_text(wrong)
    words = "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512"
    place.run(config, *SHARE, "bob", "--wait", "2s").failed(UNAVAILABLE, "no Kafka broker answers at ", words)


@pytest.mark.parametrize(
    "how, old, new, words",
    [
        ("", "sasl.password = ", "sasl.password = not", "Authentication failed: Invalid username or password"),
        ("", "sasl.username = sharebus-sharer", "sasl.username = sharebus-stranger", "Authentication failed"),
        ("", "@ROLES@/ca.crt\nsasl", "{strangers}/other.crt\nsasl", "certificate verify failed"),
        ("", "brokers = 127.0.0.1", "brokers = localhost", "certificate verify failed"),
        ("", "security.protocol = sasl_ssl", "security.protocol = sasl_plaintext", "is the Kafka setting security.protocol right?"),
        ("-mtls", "@ROLES@/sharebus-sharer.crt", "{strangers}/forged.crt", "alert certificate "),
        ("-mtls", "@ROLES@/sharebus-sharer.crt", "{strangers}/expired.crt", "alert certificate unknown"),
    ],
    ids="password name authority host plain forged expired".split(),
)
def test_why_kafka_does_not_take_us_is_said(place, strangers, tmp_path, how, old, new, words):
    text = place.stack.role(f"sharer{how}.conf").read_text().replace(str(place.stack.dir / "roles"), "@ROLES@")
    assert old in text
    text = text.replace(old, new.format(strangers=strangers))
    if "{strangers}" in new and how:
        text = text.replace("@ROLES@/sharebus-sharer.key", f"{strangers}/sharer.key")
    config = tmp_path / "changed.conf"
    config.touch(0o600)
    config.write_text(text.replace("@ROLES@", str(place.stack.dir / "roles")))
    ran = place.run(config, *SHARE, "bob", "--wait", "2s").failed(UNAVAILABLE, "no Kafka broker answers at ", words)
    assert place.stack.role("sharebus-sharer.password").read_text() not in ran.err


def test_a_password_that_everybody_may_read_is_refused(place, tmp_path):
    config = tmp_path / "open.conf"
    shutil.copy(place.stack.role("sharer.conf"), config)
    config.chmod(0o644)
    place.run(config, *SHARE, "bob").failed(USAGE, "chmod o-rw")


# ---- rights that are taken away while the consumer runs ----


@pytest.mark.parametrize(
    "kind, words",
    [
        ("--topic 'sharing.commands'", "uthorization failed"),
        ("--group 'sharebus'", "uthorization failed"),
        ("--transactional-id", "uthorization failed"),
        ("", "uthorization failed"),
    ],
    ids="commands group transactions all".split(),
)
def test_the_consumer_waits_for_rights_in_kafka(place, kind, words):
    rights = kafka_rights.rights(line for line in printed("kafka", "consumer") if kind in line)
    before = len(place.consumer_log())
    pid = place.consumer_pid()
    kafka_rights.take(place.stack.brokers, rights)
    try:
        place.sasl("sharer", *SHARE, "bob", "--no-wait").done()
        place.until_says(words, before)
    finally:
        kafka_rights.give(place.stack.brokers, rights)
    assert place.works()
    assert place.consumer_pid() == pid and Path(f"/proc/{pid}").exists()


def test_a_consumer_that_starts_without_a_right_says_which(place):
    """It looks for the last record that was applied, before it goes on after it."""
    rights = kafka_rights.rights(printed("kafka", "consumer"))
    rights = [r for r in rights if r.name == bus.COMMANDS and r.operation.name == "READ"]
    place.stack.down("consumer")
    before = len(place.consumer_log())
    kafka_rights.take(place.stack.brokers, rights)
    starting = threading.Thread(target=place.stack.up)
    try:
        starting.start()
        said = "sharing.commands partition [0-9]+ cannot be read at offset .*allow us to read it"
        place.until_says(said, before)
    finally:
        kafka_rights.give(place.stack.brokers, rights)
        starting.join()
    assert place.works()


def test_the_consumer_waits_for_rights_in_redis(place):
    (rights,) = printed("redis", "consumer")
    pid, before = place.consumer_pid(), len(place.consumer_log())
    root = place.stack.redis_client()
    root.execute_command("ACL", "SETUSER", "sharebus-consumer", "-eval")
    place.until_says("'eval' command", before)
    root.execute_command(*rights.split())
    assert place.works()
    assert place.consumer_pid() == pid


def test_the_consumers_password_changes(place):
    file = place.stack.role("sharebus-consumer.password")
    old, pid, before = file.read_text(), place.consumer_pid(), len(place.consumer_log())
    root = place.stack.redis_client()
    root.execute_command("ACL", "SETUSER", "sharebus-consumer", ">another", f"<{old}")
    root.execute_command("CLIENT", "KILL", "USER", "sharebus-consumer")
    place.until_says("refuses: WRONGPASS", before)
    file.write_text("another\n")
    assert place.works()
    root.execute_command("ACL", "SETUSER", "sharebus-consumer", f">{old}", "<another")
    file.write_text(old)
    assert place.consumer_pid() == pid and old not in place.consumer_log()


# ---- ops/acl ----


def test_kafkas_own_tool_takes_what_is_printed(place):
    """One line with topics, one with names that stand for all that begin so."""
    script = (
        'source ops/lib.sh; "$1" kafka --as CN=ci,O=acme consumer | sed -n "2p;7p" |'
        ' xargs -L 1 "$(find_java)" -cp "$KAFKA_LIBS/*" org.apache.kafka.tools.AclCommand --bootstrap-server "$2"'
    )
    done = subprocess.run(
        ["bash", "-c", script, "ops/acl", ACL, place.stack.brokers],
        cwd=REPO, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    lines = printed("kafka", "--as", "CN=ci,O=acme", "consumer")[1::5]
    assert "Adding ACLs" in done.stdout
    kafka_rights.take(place.stack.brokers, kafka_rights.rights(lines))  # fails if there were none


def test_each_command_of_ours_is_allowed_to_somebody():
    """All that cache/shape.c knows; but everybody may AUTH and HELLO, and a Sentinel has users of its own."""
    verbs_of_shape = set((REPO / "cache" / "shape.c").read_text().replace('"', " ").split())
    verbs = {w.lower() for w in verbs_of_shape if w.isupper() and w.isalpha()} - {"NULL"}
    for script in ("inbox.c", "self_report.c"):
        verbs |= {w.lower() for w in re.findall(r"redis\.call\('(\w+)'", (REPO / "cache" / script).read_text())}
    words = [w[1:].rstrip(")") for line in printed("redis", *ROLES) for w in line.split() if w.startswith(("+", "(+"))]
    allowed = {w.split("|")[0] for w in words}  # of CLUSTER, SLOTS is allowed
    assert allowed <= verbs, allowed - verbs
    known = {w.lower() for w in verbs_of_shape if f'{{ "{w}", SHAPE_' in (REPO / "cache" / "shape.c").read_text()}
    assert known - allowed == {"auth", "hello", "sentinel"}


def test_the_settings_change_what_is_printed():
    assert all("'mine" in line for line in printed("kafka", "--consumer-group", "mine", "consumer") if "topic" not in line)
    assert printed("redis", "--prefix", "x.y", "reader")[0].split("~")[1].startswith("x.y:{* ")
    wrongs = [["kafka"], ["kafka", "boss"], ["redis", "--consumer-group", "g", "reader"], ["redis", "--as"], []]
    wrongs += [["redis", "--prefix", prefix, "consumer"] for prefix in ("*", "s?", "s[ab]", "{x}", "a\\b")]
    wrongs += [["kafka", "--consumer-group", "*", "consumer"], ["kafka", "--as", "*", "sharer"]]  # all, for Kafka
    for wrong in wrongs:
        done = subprocess.run([ACL, *wrong], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == USAGE and done.stdout == "", wrong
