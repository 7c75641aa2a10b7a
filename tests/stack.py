"""A private Kafka, Redis and sharebus-consumer for tests, and the programs run against them.

One stack serves a whole run of pytest. The programs come from SHAREBUS_BIN, else from
build/asan/bin, else from build/dev/bin. Without a Kafka the tests that need one are skipped,
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

REPO = Path(__file__).resolve().parents[1]
OPS_STACK = REPO / "ops" / "stack"
UP_SECONDS = 300  # a first start may fetch Kafka
PROGRAM_SECONDS = 60
PATIENCE_SECONDS = 60  # for what must come, however slow the machine


def programs() -> Path:
    named = os.environ.get("SHAREBUS_BIN")
    places = [Path(named)] if named else [REPO / "build" / b / "bin" for b in ("asan", "dev")]
    for place in places:
        if (place / "sharebus").exists() and (place / "sharebus-consumer").exists():
            return place.resolve()
    pytest.fail(f"no programs in {', '.join(map(str, places))}: build them, or set SHAREBUS_BIN")


def until(what: str, check, seconds: float = PATIENCE_SECONDS):
    """Asks until the answer is truthy, and gives it back; fails when the time is up."""
    end = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds:g} s: {what}")
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


def run(argv, env, seconds: float = PROGRAM_SECONDS, **options) -> Ran:
    """Runs a program to its end, which must come within so many seconds."""
    argv = [str(a) for a in argv]
    command = shlex.join(argv) if sum(map(len, argv)) < 400 else shlex.join(argv)[:400] + " …"
    try:
        p = subprocess.run(
            argv, env=env, timeout=seconds, stdin=subprocess.DEVNULL, capture_output=True, **options
        )
    except subprocess.TimeoutExpired as e:
        pytest.fail(f"still running after {seconds:g} s: {command}\n{e.stdout}\n{e.stderr}")
    return Ran(command, p.returncode, p.stdout.decode(), p.stderr.decode())


class Stack:
    """A directory of ops/stack, and the programs run against what runs in it."""

    def __init__(self, directory: Path, binaries: Path, parts: str = "kafka,redis,topics,consumer"):
        self.dir = directory
        self.bin = binaries
        self.parts = parts
        self.brokers = self.redis = None

    def ops(self, verb: str, *args: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [OPS_STACK, verb, "--dir", self.dir, *args],
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
        env = self.ops("env", "--only", "kafka,redis")
        found = dict(re.findall(r"(SHAREBUS_\w+)=(\S+)", env.stdout))
        self.brokers, self.redis = found["SHAREBUS_BROKERS"], found["SHAREBUS_REDIS"]

    def down(self, parts: str) -> None:
        p = self.ops("down", "--only", parts)
        assert p.returncode == 0, p.stderr

    def wipe(self) -> None:
        self.ops("down", "--wipe")

    def env(self, **settings: str) -> dict:
        """The environment of a program: nothing of the caller's SHAREBUS_…; None unsets."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("SHAREBUS_")}
        env |= {"SHAREBUS_BROKERS": self.brokers, "SHAREBUS_REDIS": self.redis}
        env |= settings
        return {k: v for k, v in env.items() if v is not None}

    def sharebus(self, *args, as_user=None, seconds: float = PROGRAM_SECONDS, **settings) -> Ran:
        if as_user:
            settings["SHAREBUS_USER"] = as_user
        return run([self.bin / "sharebus", *args], self.env(**settings), seconds)

    def apply(self, content: dict, directory: Path) -> Ran:
        """Announces users, workspaces and so on; `content` is that of a directory file."""
        path = directory / "directory.json"
        path.write_text(json.dumps(content))
        return self.sharebus("directory", "apply", path).done()


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
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


_running: dict[str, Stack] = {}


def _once(request, name: str, parts: str) -> Stack:
    """The stack of that name, started when first asked for, gone when pytest ends."""
    if name not in _running:
        kafka_or_skip()
        home = Path(tempfile.mkdtemp(prefix=f"sharebus-{name}."))
        one = Stack(home / "stack", programs(), parts)

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
def bare_stack(request) -> Stack:
    """Another Kafka, without topics, and another Redis, without an index."""
    return _once(request, "bare", "kafka,redis")
