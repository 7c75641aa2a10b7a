"""The consumer is killed in the middle, again and again, and everything still happens exactly once."""

import random

import load
import pytest

SHAPE = {"users": 1000, "workspaces": 5000}
KILLS = 5


def _fill(world, seed, commands):
    made = world.populate(load.Shape(seed=seed, **SHAPE))
    world.send(made, commands, load.MIX)
    return sum(world.ends().values())


@pytest.mark.parametrize(("seed", "commands"), [(22, 100_000)])
def test_killed_in_the_middle(world, seed, commands):
    total = _fill(world, seed, commands)
    rng = random.Random(seed)
    for fraction in sorted(rng.uniform(0.02, 0.95) for _ in range(KILLS)):
        consumer = world.start_consumer()
        world.wait_applied(int(total * fraction), consumer)
        consumer.kill()
    consumer = world.start_consumer()
    world.wait_published(consumer)
    consumer.terminate()
    world.verify()


def _epochs(world):
    client = world.redis()
    out = [client.hget(f"sb:{{{p}}}:mark", "epoch") for p in world.ends()]
    client.close()
    return out


def test_killed_as_soon_as_it_owns_something(world):
    """While it recovers its partitions: some have its epoch, perhaps not all."""
    _fill(world, 23, 30_000)
    for _ in range(KILLS):
        before = _epochs(world)
        consumer = world.start_consumer()
        world.wait("an epoch taken", lambda: _epochs(world) != before, alive=[consumer])
        consumer.kill()
    consumer = world.start_consumer()
    world.wait_published(consumer)
    consumer.terminate()
    world.verify()


def test_stopped_cleanly_in_the_middle(world):
    """SIGTERM: it publishes what it has applied, ends with 0, and the next one goes on."""
    total = _fill(world, 25, 50_000)
    for fraction in (0.2, 0.5, 0.8):
        consumer = world.start_consumer()
        world.wait_applied(int(total * fraction), consumer)
        consumer.terminate()
        assert world.committed() == world.applied(), f"something stayed unpublished\n{consumer.tail()}"
    consumer = world.start_consumer()
    world.wait_published(consumer)
    consumer.terminate()
    world.verify()


def test_one_of_two_killed(world):
    """Both work at first; then the survivor has all of it."""
    total = _fill(world, 26, 50_000)
    first, second = world.start_consumer("first"), world.start_consumer("second")
    world.wait_applied(total // 3, first, second)
    first.kill()
    world.wait_published(second)
    second.terminate()
    world.verify()
