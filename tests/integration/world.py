"""A deployment for one test: Kafka, Redis, and consumers that can be killed. It ends what it starts."""

import os
import pathlib
import shutil
import signal
import subprocess
import time

import bus
import counting
import load
from environment import environment, library_options

STACK = bus.REPO / "ops" / "stack"
SECURED = os.environ.get("SHAREBUS_STACK") == "secured"
TAIL_BYTES = 4000
STOP_S = 20  # for a consumer that is told to stop, whatever hangs


class NoStack(Exception):
    """Kafka or Redis are not available."""


class Stuck(AssertionError):
    """Something did not happen in a time that should be more than enough."""


class ConsumerProcess:
    """A consumer process; `settings` is added to its environment. `stderr` is a file descriptor that takes
    its log instead of a file, `redis` another address of the same Redis, `program` the path of another consumer."""

    def __init__(
        self, world, instance, number, arguments=(), settings=None, stderr=None, redis=None,
        program=None,
    ):
        self.log = world.folder / f"consumer-{number}-{instance}.log"
        self.instance = instance
        crashing = settings and "SHAREBUS_CRASH_AT" in settings
        ours = load.crashing_consumer() if crashing else load.sharebus_program("sharebus-consumer")
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    program or ours,
                    *world.reach("consumer", redis),
                    *("--instance", instance, *arguments),
                ],
                env=environment(**(settings or {})),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out if stderr is None else stderr,
            )

    def tail(self):
        lines = self.log.read_text(errors="replace").splitlines(keepends=True)
        told = "".join(line for line in lines if " records went to sharing.deadletter; " not in line)
        return f"--- {self.log.name}, its end without dead letters:\n{told[-TAIL_BYTES:]}---"

    def check_alive(self):
        code = self.process.poll()
        if code is not None:
            raise Stuck(f"consumer {self.instance} ended by itself with {code}\n{self.tail()}")

    def kill(self):
        self.process.kill()
        self.process.wait(30)

    def terminate(self, deadline_s=STOP_S):
        """Stops it with SIGTERM; it must exit with 0."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Stuck(
                f"consumer {self.instance} did not end within {deadline_s} s of SIGTERM\n{self.tail()}"
            ) from None
        if code != 0:
            raise Stuck(f"consumer {self.instance} ended with {code} upon SIGTERM\n{self.tail()}")


class World:
    """With `secured` its stack is one of `ops/stack --secured`: programs may do what their role may. What this
    module itself asks of Kafka and Redis, by `brokers` and redis(), may be anything. With `servers` (of nodes.py),
    those are its Redis; they are the caller's to close."""

    def __init__(self, folder, broker_count=1, secured=SECURED, servers=None):
        self.broker_count = broker_count
        self.secured = secured and not servers  # they are as everybody may use them
        self.servers = servers
        self.parts = "kafka" if servers else "kafka,redis"
        self.folder = pathlib.Path(folder)
        self.stack = self.folder / "stack"
        self.consumers = []
        self.directory = []
        self._committed = None
        self._redis = None
        self._ends = None
        done = self._stack("up")
        if done.returncode:
            raise NoStack(f"ops/stack up failed with {done.returncode}:\n{done.stderr[-TAIL_BYTES:]}")
        nodes = [f"kafka-{n}" for n in range(1, broker_count + 1)] if broker_count > 1 else ["kafka"]
        self.brokers = ",".join(self._address(n + ("-root" if self.secured else "")) for n in nodes)
        self.redis_address = servers.address if servers else self._address("redis")

    def _address(self, part):
        return "127.0.0.1:" + (self.stack / "run" / f"{part}.port").read_text().strip()

    def role(self, name):
        """A file of a secured stack's roles."""
        return self.stack / "roles" / name

    def reach(self, role, redis=None):
        """The arguments with which a program finds Kafka and Redis, in that role."""
        redis = redis or self.redis_address
        if not self.secured:
            return ["--brokers", self.brokers, "--redis", redis]
        return ["--config", str(self.role(f"{role}.conf")), "--redis", f"rediss://sharebus-{role}@{redis}"]

    def root(self):
        """The settings with which a program finds Kafka and Redis, and may do everything."""
        if not self.secured:
            return {"brokers": self.brokers, "redis": self.redis_address}
        return {
            "brokers": self.brokers,
            "redis": f"rediss://default@{self.redis_address}",
            "redis-ca": str(self.role("ca.crt")),
            "redis-password-file": str(self.role("root.password")),
        }

    def env(self, role=None, **settings):
        """The environment of a program in that role, or in none, and so with all rights."""
        if self.secured and role:
            told = {"SHAREBUS_CONFIG": str(self.role(f"{role}.conf"))}
        else:
            told = {"SHAREBUS_" + name.upper().replace("-", "_"): value for name, value in self.root().items()}
        return environment(**told | settings)

    def library(self, role):
        """What a client of libsharebus in that role is told."""
        if not self.secured:
            return {"brokers": self.brokers, "redis": self.redis_address}
        return library_options(self.role(f"{role}.conf"))

    def author(self):
        """Settings of a Kafka client that may write what whoever shares may."""
        if not self.secured:
            return {}
        nodes = sorted((self.stack / "run").glob("kafka*-mtls.port"))
        return {
            "bootstrap.servers": ",".join(self._address(n.name.removesuffix("-mtls.port")) for n in nodes),
            "security.protocol": "sasl_ssl",
            "ssl.ca.location": str(self.role("ca.crt")),
            "sasl.mechanism": "PLAIN",
            "sasl.username": "sharebus-sharer",
            "sasl.password": self.role("sharebus-sharer.password").read_text(),
        }

    def stack_command(self, verb, *arguments):
        brokers = ("--brokers", str(self.broker_count)) if self.broker_count > 1 else ()
        secured = ("--secured",) if self.secured else ()
        return [STACK, verb, "--dir", self.stack, *brokers, *secured, *arguments]

    def _stack(self, verb, *arguments):
        command = self.stack_command(verb, "--only", self.parts, *arguments)
        return subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)

    def close(self):
        for consumer in self.consumers:
            if consumer.process.poll() is None:
                consumer.kill()
        if self._committed:
            self._committed.close()
        if self._redis:
            self._redis.close()
        self._stack("down", "--wipe")
        shutil.rmtree(self.stack, ignore_errors=True)

    # ---- servers ----

    def pid(self, part):
        return int((self.stack / "run" / f"{part}.pid").read_text().split()[0])

    def freeze(self, part):
        """The server keeps its connections and answers nothing, until thaw()."""
        os.kill(self.pid(part), signal.SIGSTOP)

    def thaw(self, part):
        os.kill(self.pid(part), signal.SIGCONT)

    # ---- content ----

    def redis(self, timeout_s=None):
        if self.servers:
            return self.servers.client(timeout_s)
        if not self.secured:
            return counting.connect(self.redis_address, timeout_s)
        tls = {"ssl": True, "ssl_ca_certs": str(self.role("ca.crt"))}
        return counting.connect(
            self.redis_address, timeout_s, password=self.role("root.password").read_text(), **tls
        )

    def populate(self, shape):
        """Writes topics, directory and workspaces; returns the Load that makes commands."""
        made = load.Load(shape)
        bus.create_topics(self.brokers, load.sharebus_program())
        load.write_directory(self.brokers, made)
        load.write_workspaces(self.brokers, made)
        self.directory = [(name, fields) for _, name, fields in made.directory.records]
        self._ends = None
        return made

    def send(self, made, count, mix=None):
        load.write_commands(self.brokers, made, count, mix)
        self._ends = None

    def start_consumer(self, instance="one", settings=None, arguments=(), **ends):
        arguments = (*self._extra(), *arguments)
        consumer = ConsumerProcess(
            self, instance, len(self.consumers), arguments, settings, **ends
        )
        self.consumers.append(consumer)
        return consumer

    @staticmethod
    def _extra():
        return ("--log-level", os.environ.get("SHAREBUS_LOG_LEVEL", "info"))

    def verify(self):
        self.count().verify()

    def verify_index(self):
        """What Redis holds of the partitions, and nothing else."""
        self.count().verify("index")

    def count(self, all_outcomes=True):
        return counting.Count(self, self.directory, all_outcomes)

    # ---- progress ----

    def ends(self):
        if self._ends is None:
            self._ends = bus.log_ends(self.brokers, bus.COMMANDS)
        return self._ends

    def forget_ends(self):
        """To be called when records were written otherwise than through this object."""
        self._ends = None

    def forget_topics(self):
        """To be called when topics were made anew, for they may have another number of partitions."""
        self.forget_ends()
        if self._committed:
            self._committed.close()
            self._committed = None

    def applied(self):
        """{partition: applied}, from the marks in Redis."""
        if self._redis is None:
            self._redis = self.redis()
        pipeline = self._redis.pipeline(transaction=False)
        for p in self.ends():
            pipeline.hget(f"sb:{{{p}}}:mark", "applied")
        return {p: int(v or 0) for p, v in zip(self.ends(), pipeline.execute())}

    def committed(self):
        if self._committed is None:
            self._committed = bus.CommittedOffsets(self.brokers)
        return self._committed.get()

    def wait(self, what, condition, deadline_s=300, alive=(), every_s=0.002):
        """Waits until condition() is true and returns its value; the consumers in `alive` must not end."""
        limit = time.monotonic() + deadline_s
        while True:
            answer = condition()
            if answer:
                return answer
            for consumer in alive:
                consumer.check_alive()
            if time.monotonic() > limit:
                tails = "\n".join(c.tail() for c in self.consumers[-2:])
                raise Stuck(
                    f"{what}: not within {deadline_s} s; log ends {self.ends()}, applied"
                    f" {self.applied()}, committed {self.committed()}\n{tails}"
                )
            time.sleep(every_s)

    def wait_applied(self, target, *alive):
        """Waits until `target` records in all are applied."""
        self.wait(f"{target} applied", lambda: sum(self.applied().values()) >= target, alive=alive)

    def states(self):
        """The states in the marks of all partitions and of the directory."""
        return self._in_marks("state")

    def _in_marks(self, field):
        client = self.redis()
        found = [client.hget(f"sb:{{{p}}}:mark", field) for p in [*self.ends(), "dir"]]
        client.close()
        return found

    def can_answer(self):
        """Is the whole index ready, and has its owner said so of each part of it?"""
        return set(self.states()) == {b"ready"} and all(self._in_marks("looked"))

    def finish(self, consumer):
        """Waits until all is published and the index complete, for the consumer may notice a loss late; then
        stops it."""
        self.wait_published(consumer)
        self.wait(
            "the whole index",
            lambda: self.applied() == self.ends() and self.can_answer(),
            alive=[consumer],
        )
        consumer.terminate()

    def wait_published(self, *alive):
        self.wait("all published", lambda: self.committed() == self.ends(), alive=alive)

    def wait_settled(self, *alive):
        """The same, and whatever ends soon has ended: until then the consumer itself writes commands."""
        self.wait("all ended and published", self.is_settled, alive=alive, every_s=0.1)

    def is_settled(self):
        if self._ends_soon():
            return False
        self.forget_ends()
        return self.committed() == self.applied() == self.ends()

    def _ends_soon(self):
        """Does a grant or a handoff end within the next hour?"""
        if self._redis is None:
            self._redis = self.redis()
        pipeline = self._redis.pipeline(transaction=False)
        for p in self.ends():
            pipeline.zrange(f"sb:{{{p}}}:due", 0, 0, withscores=True)
        limit = (time.time() + 3600) * 1000
        return any(first and first[0][1] < limit for first in pipeline.execute())
