"""The Redis servers that people have: with passwords, users, databases, TLS and Sentinels."""

import contextlib
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis as redis_client

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import bare_stack, run, until  # noqa: E402, F401

DONE, USAGE, UNAVAILABLE = 0, 2, 3
SECRET = "s3cret/@:%"
IN_URL = "s3cret%2F%40%3A%25"
MINE = {
    "organizations": [{"name": "acme"}],
    "users": [{"username": n, "organizations": ["acme"]} for n in ("erin", "alice")],
    "workspaces": [{"name": "dev", "owner": "erin", "organization": "acme"}],
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A redis-server, or a Sentinel."""

    def __init__(self, folder, *arguments, port=None, tls=None, sentinel=None):
        self.port = port or free_port()
        self.folder = folder / f"redis-{self.port}"
        self.folder.mkdir(exist_ok=True)
        self.password = None
        plain = ["--port", str(self.port)] if not tls else ["--port", "0", "--tls-port", str(self.port)]
        config = []
        if sentinel:
            file = self.folder / "sentinel.conf"
            file.write_text(sentinel)
            config = [str(file), "--sentinel"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["redis-server", *config, *plain, "--bind", "127.0.0.1", "--dir", str(self.folder)]
                + ([] if sentinel else ["--save", "", "--maxmemory-policy", "noeviction"])
                + [str(a) for a in arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def client(self, **options):
        return redis_client.Redis("127.0.0.1", self.port, socket_timeout=10, **options)

    def await_answer(self, **options):
        def answers():
            with contextlib.suppress(redis_client.ConnectionError):
                return self.client(**options).ping()

        until("Redis answers", answers)
        return self

    def end(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path):
    """Starts servers, which end with the test."""
    running = []

    def start(*arguments, **options):
        running.append(Server(tmp_path, *arguments, **options))
        return running[-1]

    yield start
    for one in running:
        one.end()


@contextlib.contextmanager
def consumer(place, folder, *arguments, **settings):
    log = folder / "consumer.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [place.bin / "sharebus-consumer", "--instance", "one", *arguments],
            env=place.env(**settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        yield process, log
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert "s3cret" not in log.read_text()


@pytest.fixture(scope="module")
def place(bare_stack, tmp_path_factory):  # noqa: F811
    """Kafka with topics and a directory; each test has a Redis of its own."""
    bare_stack.sharebus("topics", "create", "--partitions", "3").done()
    folder = tmp_path_factory.mktemp("directory")
    with consumer(bare_stack, folder):
        until("all is ready", lambda: bare_stack.sharebus("status").code == DONE)
        bare_stack.apply(MINE, folder)
    return bare_stack


def works(place, **settings):
    """A share is applied, and seen."""
    wait = ("--wait", "60s")
    until("all is ready", lambda: place.sharebus("status", **settings).code == DONE)
    place.sharebus("sharing", "share", "dev", "--user", "alice", *wait, as_user="erin", **settings).done()
    assert place.sharebus("check", "alice", "ssh", "erin/dev", **settings).code == DONE
    removed = place.sharebus("sharing", "remove", "dev", "--user", "alice", *wait, as_user="erin", **settings)
    assert removed.code == DONE, removed
    return True


def refused(place, *words, code=UNAVAILABLE, **settings):
    ran = place.sharebus("list", "--shared", as_user="erin", **settings).failed(code, *words)
    assert "s3cret" not in ran.err


# ---- who we are ----


def test_a_password_and_a_database(place, server, tmp_path):
    redis = server("--requirepass", SECRET).await_answer(password=SECRET)
    at = f"127.0.0.1:{redis.port}"
    settings = {"SHAREBUS_REDIS": f"redis://:{IN_URL}@{at}/2"}
    with consumer(place, tmp_path, **settings):
        assert works(place, **settings)
    assert redis.client(password=SECRET, db=2).dbsize() > 0
    assert redis.client(password=SECRET).dbsize() == 0
    assert works_with_settings(place, at, tmp_path)
    refused(place, f"Redis at {at} refuses: NOAUTH", SHAREBUS_REDIS=at)
    refused(place, f"Redis at {at} refuses: WRONGPASS", SHAREBUS_REDIS=f"redis://:s3cret-no@{at}")
    refused(place, f"Redis at {at}/16 refuses: ERR DB index is out of range", SHAREBUS_REDIS=f"redis://:{IN_URL}@{at}/16")


def works_with_settings(place, at, tmp_path):
    """The password beside the address: in the environment, in a file of its own, in the configuration."""
    (tmp_path / "password").write_text(SECRET + "\n")
    (tmp_path / "sharebus.conf").write_text(f"redis-password = {SECRET}\n")
    (tmp_path / "sharebus.conf").chmod(0o600)
    ask = lambda **settings: place.sharebus("list", "--shared", "--max-age", "1h", as_user="erin", **settings)  # noqa: E731
    for more in (
        {"SHAREBUS_REDIS_PASSWORD": SECRET},
        {"SHAREBUS_REDIS_PASSWORD_FILE": str(tmp_path / "password")},
        {"SHAREBUS_CONFIG": str(tmp_path / "sharebus.conf")},
    ):
        assert ask(SHAREBUS_REDIS=f"redis://{at}/2", **more).code == DONE
    return True


def test_a_password_is_no_flag(place):
    run_it = lambda *words: run([place.bin / "sharebus", "list", *words], place.env())  # noqa: E731
    ran = run_it("--redis", "redis://:s3cret@127.0.0.1:1").failed(USAGE, "--redis would show a password")
    assert "s3cret" not in ran.err
    run_it("--redis-password", "s3cret").failed(USAGE, "--redis-password would show a password")
    refused(
        place, "cannot be read from /nowhere: No such file", SHAREBUS_REDIS_PASSWORD_FILE="/nowhere"
    )


def test_a_user_whose_password_changes(place, server, tmp_path):
    """Read again at each connecting: the consumer goes on when both sides have the new one."""
    redis = server().await_answer()
    client = redis.client()
    rule = ("~sb:*", "&*", "+@all", "-@admin")
    client.execute_command("ACL", "SETUSER", "app", "on", ">s3cret1", *rule)
    client.execute_command("ACL", "SETUSER", "default", "resetpass", ">root")
    password = tmp_path / "password"
    password.write_text("s3cret1\n")
    settings = {
        "SHAREBUS_REDIS": f"redis://app@127.0.0.1:{redis.port}",
        "SHAREBUS_REDIS_PASSWORD_FILE": str(password),
    }
    with consumer(place, tmp_path, **settings) as (process, log):
        assert works(place, **settings)
        admin = redis.client(password="root")
        admin.execute_command("ACL", "SETUSER", "app", ">s3cret2", "<s3cret1")
        admin.client_kill_filter(_type="normal", skipme=True)
        until("it waits", lambda: "refuses: WRONGPASS" in log.read_text())
        password.write_text("s3cret2\n")
        assert works(place, **settings)
        assert process.poll() is None


def test_a_wrong_password_ends_the_consumers_start(place, server, tmp_path):
    redis = server("--requirepass", "right").await_answer(password="right")
    settings = {"SHAREBUS_REDIS": f"redis://:s3cret@127.0.0.1:{redis.port}"}
    with consumer(place, tmp_path, **settings) as (process, log):
        assert process.wait(60) == UNAVAILABLE
        assert "refuses: WRONGPASS" in log.read_text()


# ---- TLS ----


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def certificate(folder, name, authority, alternative):
    """A key and a certificate for that name, by that authority."""
    (folder / f"{name}.ext").write_text(f"subjectAltName={alternative}\nauthorityKeyIdentifier=keyid\n")
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}")
    openssl(folder, *new, "-keyout", f"{name}.key", "-out", f"{name}.csr")
    sign = ("x509", "-req", "-days", "2", "-CA", f"{authority}.crt", "-CAkey", f"{authority}.key")
    openssl(folder, *sign, "-CAcreateserial", "-in", f"{name}.csr", "-extfile", f"{name}.ext", "-out", f"{name}.crt")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    for authority in ("ours", "other"):
        new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={authority}")
        usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")  # which Python's strict client wants
        openssl(folder, *new, *usage, "-keyout", f"{authority}.key", "-out", f"{authority}.crt")
    certificate(folder, "server", "ours", "IP:127.0.0.1")
    certificate(folder, "elsewhere", "ours", "DNS:elsewhere.example")
    certificate(folder, "client", "ours", "DNS:client.example")
    return folder


def tls_arguments(folder, name, clients="no"):
    return (
        *("--tls-cert-file", folder / f"{name}.crt", "--tls-key-file", folder / f"{name}.key"),
        *("--tls-ca-cert-file", folder / "ours.crt", "--tls-auth-clients", clients),
    )


def over_tls(folder, client=False):
    options = {"ssl": True, "ssl_ca_certs": str(folder / "ours.crt"), "ssl_check_hostname": False}
    if client:
        options |= {"ssl_certfile": str(folder / "client.crt"), "ssl_keyfile": str(folder / "client.key")}
    return options


def test_tls_with_a_certificate_of_the_client(place, server, certificates, tmp_path):
    redis = server(*tls_arguments(certificates, "server", "yes"), tls=True)
    redis.await_answer(**over_tls(certificates, client=True))
    at = f"rediss://127.0.0.1:{redis.port}"
    trust = {"SHAREBUS_REDIS": at, "SHAREBUS_REDIS_CA": str(certificates / "ours.crt")}
    settings = trust | {
        "SHAREBUS_REDIS_CERT": str(certificates / "client.crt"),
        "SHAREBUS_REDIS_KEY": str(certificates / "client.key"),
    }
    with consumer(place, tmp_path, **settings):
        assert works(place, **settings)
        refused(place, at, **trust)
        refused(place, "its certificate is not accepted: ", SHAREBUS_REDIS=at)
        other = str(certificates / "other.crt")
        refused(place, "its certificate is not accepted: ", **(settings | {"SHAREBUS_REDIS_CA": other}))
        missing = settings | {"SHAREBUS_REDIS_CERT": "/nowhere.pem"}
        refused(place, "TLS cannot use /nowhere.pem: ", **missing)
        plain = at.replace("rediss://", "")
        hint = "; if it expects TLS, give rediss://…"
        refused(place, f"the connection to Redis at {plain} broke: ", hint, SHAREBUS_REDIS=f"redis://{plain}")


def test_a_certificate_for_another_name_is_not_accepted(place, server, certificates):
    redis = server(*tls_arguments(certificates, "elsewhere"), tls=True)
    redis.await_answer(**over_tls(certificates))
    trust = {"SHAREBUS_REDIS_CA": str(certificates / "ours.crt")}
    refused(place, "not accepted: IP address mismatch", SHAREBUS_REDIS=f"rediss://127.0.0.1:{redis.port}", **trust)
    refused(place, "not accepted: hostname mismatch", SHAREBUS_REDIS=f"rediss://localhost:{redis.port}", **trust)


def test_a_server_without_tls_is_no_server_with_tls(place, server):
    redis = server().await_answer()
    refused(place, "does not answer: ", SHAREBUS_REDIS=f"rediss://127.0.0.1:{redis.port}")


def test_a_host_without_an_address_is_told_as_the_resolver_does(place):
    with pytest.raises(socket.gaierror) as unknown:
        socket.getaddrinfo("nohost.invalid", 1)
    words = f"Redis at nohost.invalid:1 does not answer: the host has no address: {unknown.value.strerror}"
    refused(place, words, SHAREBUS_REDIS="nohost.invalid:1")


# ---- Sentinels ----


def test_the_master_that_sentinels_name(place, server, tmp_path):
    """It fails over under the consumer, which goes on with the new master."""
    first = server("--requirepass", "s3cret", "--masterauth", "s3cret").await_answer(password="s3cret")
    second = server(
        *("--requirepass", "s3cret", "--masterauth", "s3cret"),
        *("--replicaof", "127.0.0.1", first.port),
    ).await_answer(password="s3cret")
    caught_up = lambda: second.client(password="s3cret").info("replication")["master_link_status"] == "up"  # noqa: E731
    until("the replica has caught up", caught_up)
    sentinel = server(
        sentinel=f"sentinel monitor main 127.0.0.1 {first.port} 1\n"
        "sentinel auth-pass main s3cret\n"
        "sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 5000\n"
    ).await_answer()
    dead = free_port()
    hosts = f"127.0.0.1:{dead},127.0.0.1:{sentinel.port}"
    settings = {"SHAREBUS_REDIS": f"redis+sentinel://:s3cret@{hosts}/main"}
    unknown = {"SHAREBUS_REDIS": f"redis+sentinel://:s3cret@{hosts}/nobody"}
    refused(place, 'knows no master "nobody"', **unknown)
    with consumer(place, tmp_path, **settings) as (process, _):
        assert works(place, **settings)
        knows = lambda: int(sentinel.client().sentinel_master("main")["num-slaves"]) == 1  # noqa: E731
        until("the Sentinel knows the replica", knows)
        first.end()
        named = lambda: sentinel.client().sentinel_get_master_addr_by_name("main")[1] == second.port  # noqa: E731
        until("the Sentinel names the replica", named)
        assert works(place, **settings)
        assert process.poll() is None
