"""SIGTERM ends a consumer within 20 s, whatever hangs, and what it left is done once by the next."""

import fcntl
import os
import signal
import uuid

import bus
import load
import pytest

F_SETPIPE_SZ = 1031
PIPE_BYTES = 4096
LOTS = 20  # each is a line of the log in every partition: several times what the pipe holds
SHAPE = load.Shape(users=200, groups=10, workspaces=500, seed=41)


@pytest.fixture
def unread():
    """The end of a small pipe that takes what is written, until it is full; nobody reads it."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, F_SETPIPE_SZ, PIPE_BYTES)
    yield writer
    os.close(writer)
    os.close(reader)


def test_a_log_that_nobody_reads_holds_up_nothing(world, unread):
    made = world.populate(SHAPE)
    consumer = world.start_consumer(stderr=unread)
    for _ in range(LOTS):
        keys = [str(uuid.uuid4()) for _ in range(100)]
        bus.send_all(world.brokers, bus.COMMANDS, [(key, b"not a record", []) for key in keys])
        world.forget_ends()
        world.wait_applied(sum(world.ends().values()), consumer)
    world.send(made, 1000, load.PLAIN)
    world.wait_published(consumer)
    consumer.terminate()


def _stop_together(consumers):
    for consumer in consumers:
        consumer.process.send_signal(signal.SIGTERM)
    for consumer in consumers:
        consumer.terminate()


@pytest.mark.parametrize("part", ["kafka", "redis"])
def test_a_server_that_answers_nothing_does_not_hold_up_a_stop(world, part):
    """Neither a consumer in the middle of its work, nor one that is just starting."""
    made = world.populate(SHAPE)
    world.send(made, 10_000, load.MIX)
    working = world.start_consumer("working")
    world.wait_applied(sum(world.ends().values()) // 3, working)
    world.freeze(part)
    starting = world.start_consumer("starting")
    world.wait("a try that failed", lambda: "trying again" in starting.log.read_text(), alive=[starting])
    _stop_together([working, starting])
    world.thaw(part)
    last = world.start_consumer("last")
    world.wait_published(last)
    last.terminate()
    world.verify()
