"""A deployment for one test: Kafka, Redis, and consumers that can be killed. It ends what it starts."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import bus
import counting
import load

STACK = bus.REPO / "ops" / "stack"
TAIL_BYTES = 4000
STOP_S = 20  # for a consumer that is told to stop, whatever hangs


class NoStack(Exception):
    """Kafka or Redis are not available."""


class Stuck(AssertionError):
    """Something did not happen in a time that should be more than enough."""


class ConsumerProcess:
    """A consumer process; `environment` is added to its environment. `stderr` is a file descriptor that takes
    its log instead of a file, `redis` another address."""

    def __init__(
        self, world, instance, number, arguments=(), environment=None, stderr=None, redis=None
    ):
        self.log = world.folder / f"consumer-{number}-{instance}.log"
        self.instance = instance
        crashing = environment and "SHAREBUS_CRASH_AT" in environment
        program = load.crashing_consumer() if crashing else load.sharebus_program("sharebus-consumer")
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    program,
                    *("--brokers", world.brokers, "--redis", redis or world.redis_address),
                    *("--instance", instance, *arguments),
                ],
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out if stderr is None else stderr,
            )

    def tail(self):
        lines = self.log.read_text(errors="replace").splitlines(keepends=True)
        told = "".join(line for line in lines if " goes to sharing.deadletter: " not in line)
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
    def __init__(self, folder, broker_count=1):
        self.broker_count = broker_count
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
        settings = dict(re.findall(r"(SHAREBUS_\w+)=(\S+)", self._stack("env").stdout))
        self.brokers = settings["SHAREBUS_BROKERS"]
        self.redis_address = settings["SHAREBUS_REDIS"]

    def stack_command(self, verb, *arguments):
        brokers = ("--brokers", str(self.broker_count)) if self.broker_count > 1 else ()
        return [STACK, verb, "--dir", self.stack, *brokers, *arguments]

    def _stack(self, verb, *arguments):
        command = self.stack_command(verb, "--only", "kafka,redis", *arguments)
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
        return counting.connect(self.redis_address, timeout_s)

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

    def start_consumer(self, instance="one", environment=None, arguments=(), **ends):
        arguments = (*self._extra(), *arguments)
        consumer = ConsumerProcess(
            self, instance, len(self.consumers), arguments, environment, **ends
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
        client = self.redis()
        states = [client.hget(f"sb:{{{p}}}:mark", "state") for p in [*self.ends(), "dir"]]
        client.close()
        return states

    def finish(self, consumer):
        """Waits until all is published and the index complete, for the consumer may notice a loss late; then
        stops it."""
        self.wait_published(consumer)
        self.wait(
            "the whole index",
            lambda: self.applied() == self.ends() and set(self.states()) == {b"ready"},
            alive=[consumer],
        )
        consumer.terminate()

    def wait_published(self, *alive):
        self.wait("all published", lambda: self.committed() == self.ends(), alive=alive)
