"""A private Kafka, Redis and sharebus-consumer for tests, and the programs run against them.

One stack serves a whole run of pytest. The programs come from SHAREBUS_BIN, else from
build/asan/bin, else from build/dev/bin. With SHAREBUS_STACK=secured the stack is one of `ops/stack
--secured`: each program is who its command says, and may do only what ops/acl allows; the tests' own
clients may do everything. Without a Kafka the tests that need one are skipped,
which CI=true turns into a failure.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis as redis_client
from environment import environment, library_options, redis_alone

REPO = Path(__file__).resolve().parents[1]
OPS_STACK = REPO / "ops" / "stack"
SECURED = os.environ.get("SHAREBUS_STACK") == "secured"
UP_SECONDS = 300  # a first start may fetch Kafka
PROGRAM_SECONDS = 60
PATIENCE_SECONDS = 180  # for what must come, however slow the machine


def programs() -> Path:
    named = os.environ.get("SHAREBUS_BIN")
    places = [Path(named)] if named else [REPO / "build" / b / "bin" for b in ("asan", "dev")]
    for place in places:
        if (place / "sharebus").exists() and (place / "sharebus-consumer").exists():
            return place.resolve()
    pytest.fail(f"no programs in {', '.join(map(str, places))}: build them, or set SHAREBUS_BIN")


def until(what: str, check, seconds: float = PATIENCE_SECONDS, shown=lambda: ""):
    """Asks until the answer is truthy, and gives it back; fails, with what is to be shown, when the time is up."""
    end = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds:g} s: {what} {shown()}")
        time.sleep(0.02)


@dataclass(frozen=True)
class Ran:
    """What a program did."""

    command: str
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    def done(self) -> "Ran":
        assert self.code == 0 and not self.err, self
        return self

    def failed(self, code: int, *words: str) -> "Ran":
        """Ended with that code, nothing on stdout, and one sentence that has these words."""
        assert self.code == code, self
        assert self.out == "", self
        assert re.fullmatch(r"sharebus: [^\n]+\n", self.err), self
        for word in words:
            assert word in self.err, f"{word!r} is not in: {self}"
        return self

    def failed_json(self, code: int, name: str, *words: str) -> "Ran":
        """Ended with that code, an error of that name on stdout, and one sentence that has these words."""
        assert self.code == code and self.json["error"]["code"] == name, self
        for word in words:
            assert word in self.err, f"{word!r} is not in: {self}"
        return self


def run(argv, env, seconds: float = PROGRAM_SECONDS, stdin=subprocess.DEVNULL, **options) -> Ran:
    """Runs a program to its end, which must come within so many seconds."""
    argv = [str(a) for a in argv]
    command = shlex.join(argv) if sum(map(len, argv)) < 400 else shlex.join(argv)[:400] + " …"
    try:
        p = subprocess.run(
            argv, env=env, timeout=seconds, stdin=stdin, capture_output=True, **options
        )
    except subprocess.TimeoutExpired as e:
        pytest.fail(f"still running after {seconds:g} s: {command}\n{e.stdout}\n{e.stderr}")
    return Ran(command, p.returncode, p.stdout.decode(), p.stderr.decode())


OPERATED = {"directory", "topics", "deadletter", "deliveries", "endpoints", "status"}
CHANGED = {"share", "add", "remove", "unshare", "rm"}
ANSWERED = {"accept", "decline", "return", "complete", "reassign", "withdraw"}


def role_of(args) -> str:
    """The role in which `sharebus` is run with these arguments, as ops/acl knows it."""
    words = [str(a) for a in args]
    if "preferences" in words:  # which may name the inbox
        return "operator"
    if "inbox" in words:
        return "reader"
    if "sharing" in words:
        return "sharer" if CHANGED & set(words) else "reader"
    if "handoff" in words:
        return "sharer" if ANSWERED & set(words) else "reader"
    if OPERATED & set(words):
        return "operator"
    return "watcher" if "watch" in words else "reader"


class Stack:
    """A directory of ops/stack, and the programs run against what runs in it.

    `brokers` is where the tests' own clients find Kafka, `bootstrap` where programs do, and `redis` what
    any program may be told about Redis."""

    def __init__(
        self,
        directory: Path,
        binaries: Path,
        parts: str = "kafka,redis,topics,consumer",
        secured: bool = SECURED,
    ):
        self.dir = directory
        self.bin = binaries
        self.parts = parts
        self.secured = secured
        self.brokers = self.bootstrap = self.redis = None

    def ops(self, verb: str, *args: str) -> subprocess.CompletedProcess:
        secured = ["--secured"] if self.secured else []
        return subprocess.run(
            [OPS_STACK, verb, "--dir", self.dir, *secured, *args],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )

    def up(self, parts: str = "") -> None:
        parts = parts or self.parts
        p = self.ops("up", "--bin", str(self.bin), "--only", parts)
        if p.returncode:
            pytest.fail(f"ops/stack up --only {parts} failed:\n{p.stdout}{p.stderr}")
        self.bootstrap, self.redis = self._address("kafka"), self._address("redis")
        self.brokers = self._address("kafka-root") if self.secured else self.bootstrap
        if self.secured:
            self.redis = self.redis_as("sharebus-all")

    def _address(self, part: str) -> str:
        return "127.0.0.1:" + (self.dir / "run" / f"{part}.port").read_text().strip()

    def role(self, name: str) -> Path:
        """A file of a secured stack's roles."""
        return self.dir / "roles" / name

    def redis_as(self, user: str) -> str:
        return f"rediss://{user.replace('root', 'default')}@{self._address('redis')}"

    @property
    def redis_named(self) -> str:
        """The Redis as messages name it: without who asks."""
        return ("rediss://" if self.secured else "") + self._address("redis")

    def redis_client(self, **options) -> redis_client.Redis:
        """A client of the tests' own."""
        host, port = self._address("redis").split(":")
        if self.secured:
            options |= {"ssl": True, "ssl_ca_certs": str(self.role("ca.crt"))}
            options |= {"password": self.role("root.password").read_text()}
        return redis_client.Redis(host, int(port), **options)

    def redis_alone(self, role: str = "all") -> tuple[str, dict]:
        """The address of Redis and the environment, for a program that is told nothing else."""
        if not self.secured:
            return self.redis, environment()
        return redis_alone(self._address("redis"), self.dir / "roles", f"sharebus-{role}")

    def library(self) -> dict:
        """What a client of libsharebus is told: where Kafka and Redis are and, in a secured stack, who it is."""
        if not self.secured:
            return {"brokers": self.bootstrap, "redis": self.redis}
        return library_options(self.role("all.conf"))

    def told_by(self, part: str, lines: int = 40) -> str:
        """The end of what the part has logged."""
        return "\n".join((self.dir / f"{part}.log").read_text().splitlines()[-lines:])

    def down(self, parts: str) -> None:
        p = self.ops("down", "--only", parts)
        assert p.returncode == 0, p.stderr

    def wipe(self) -> None:
        self.ops("down", "--wipe")

    def configure(self, path: Path, text: str, role: str = "operator") -> Path:
        """Writes a configuration of a test's own: how that role finds the servers, and then the text."""
        path.touch(0o600)
        path.write_text((self.role(f"{role}.conf").read_text() if self.secured else "") + text)
        return path

    def env(self, role: str = "all", args=(), **settings: str) -> dict:
        """The environment of a program: nothing of the caller's SHAREBUS_… and no configuration; None unsets.
        In a secured stack it has that role. One that is told of other servers, also in its arguments, says
        nothing to them of who it is."""
        env = {"SHAREBUS_BROKERS": self.brokers, "SHAREBUS_REDIS": self.redis}
        if self.secured:
            env |= self._identity(role, [str(a) for a in args], settings)
        return environment(**env | settings)

    def _identity(self, role: str, args: list, settings: dict) -> dict:
        another = _told(args, settings, "prefix") or _told(args, settings, "consumer-group")
        user = "root" if another else f"sharebus-{role}"  # no role has rights to what is another's
        env = {"SHAREBUS_BROKERS": None, "SHAREBUS_CONFIG": str(self.role(f"{role}.conf"))}
        if another or _told(args, settings, "brokers"):
            env = {"SHAREBUS_BROKERS": self.brokers}
        in_file = settings.get("SHAREBUS_REDIS", "") is None  # then a file of the test's own says it
        redis = _told(args, settings, "redis") or (self.redis if in_file else self.redis_as(user))
        env |= {"SHAREBUS_REDIS": redis}  # which `settings` may unset
        if redis.startswith("rediss://"):
            user = redis.removeprefix("rediss://").split("@")[0].replace("default", "root")
            env |= {"SHAREBUS_REDIS_CA": str(self.role("ca.crt"))}
            env |= {"SHAREBUS_REDIS_PASSWORD_FILE": str(self.role(f"{user}.password"))}
        elif "SHAREBUS_CONFIG" in env:
            env |= {"SHAREBUS_CONFIG": str(self._kafka_alone(role))}
        return env

    def _kafka_alone(self, role: str) -> Path:
        """The role's configuration without what it says of Redis."""
        path = self.role(f"{role}-kafka.conf")
        if not path.exists():
            lines = self.role(f"{role}.conf").read_text().splitlines(keepends=True)
            path.touch(0o600)
            path.write_text("".join(line for line in lines if not line.startswith("redis")))
        return path

    def sharebus(
        self, *args, as_user=None, seconds: float = PROGRAM_SECONDS, stdin=subprocess.DEVNULL, **settings
    ) -> Ran:
        if as_user:
            settings["SHAREBUS_USER"] = as_user
        env = self.env(role_of(args), args, **settings)
        return run([self.bin / "sharebus", *args], env, seconds, stdin=stdin)

    def apply(self, content: dict, directory: Path) -> Ran:
        """Announces users, workspaces and so on; `content` is that of a directory file."""
        path = directory / "directory.json"
        path.write_text(json.dumps(content))
        return self.sharebus("directory", "apply", path).done()


def _told(args: list, settings: dict, name: str) -> str | None:
    """What the program is told for that setting, by a flag or the environment."""
    for at, word in enumerate(args):
        if word == f"--{name}" and at + 1 < len(args):
            return args[at + 1]
        if word.startswith(f"--{name}="):
            return word.partition("=")[2]
    return settings.get("SHAREBUS_" + name.upper().replace("-", "_"))


def fail_or_skip(why) -> None:
    """Without what a test needs it is skipped; with CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def kafka_or_skip() -> None:
    if shutil.which("redis-server") is None:
        why = "no redis-server on the PATH (ops/install run)"
    else:
        p = subprocess.run(
            [REPO / "ops" / "install", "kafka"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )
        if p.returncode == 0:
            return
        why = f"there is no Kafka to test with: {p.stderr.strip()}"
    fail_or_skip(why)


_running: dict[str, Stack] = {}


def _once(request, name: str, parts: str, secured: bool = SECURED) -> Stack:
    """The stack of that name, started when first asked for, gone when pytest ends."""
    if name not in _running:
        kafka_or_skip()
        home = Path(tempfile.mkdtemp(prefix=f"sharebus-{name}."))
        one = Stack(home / "stack", programs(), parts, secured)

        def gone():
            one.wipe()
            shutil.rmtree(home, ignore_errors=True)

        request.config.add_cleanup(gone)
        one.up()
        _running[name] = one
    return _running[name]


@pytest.fixture(scope="session")
def stack(request) -> Stack:
    """Kafka, Redis, topics and a consumer."""
    return _once(request, "test", "kafka,redis,topics,consumer")


@pytest.fixture(scope="session")
def secured_stack(request) -> Stack:
    """The same, with passwords, certificates and rights."""
    return _once(request, "secured", "kafka,redis,topics,consumer", True)


@pytest.fixture(scope="session")
def bare_stack(request) -> Stack:
    """Another Kafka, without topics, and another Redis, without an index; both ask nobody who it is."""
    return _once(request, "bare", "kafka,redis", False)
