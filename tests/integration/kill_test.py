"""The consumer is killed under load, again and again, and everything still happens exactly once."""

import random

import bus
import load
import pytest

SHAPE = {"users": 1000, "workspaces": 5000}
KILLS = 5


def _fill(world, seed, commands, mix=load.MIX):
    made = world.populate(load.Shape(seed=seed, **SHAPE))
    world.send(made, commands, mix)
    return sum(world.ends().values())


@pytest.mark.parametrize(("seed", "commands"), [(22, 100_000)])
def test_kills_under_load_neither_lose_nor_repeat(world, seed, commands):
    total = _fill(world, seed, commands, load.ENDING)
    rng = random.Random(seed)
    for fraction in sorted(rng.uniform(0.02, 0.95) for _ in range(KILLS)):
        consumer = world.start_consumer()
        world.wait_applied(int(total * fraction), consumer)
        consumer.kill()
    consumer = world.start_consumer()
    world.wait_settled(consumer)
    consumer.terminate()
    world.verify()


def _epochs(world):
    client = world.redis()
    out = [client.hget(f"sb:{{{p}}}:mark", "epoch") for p in world.ends()]
    client.close()
    return out


def test_kills_during_recovery_neither_lose_nor_repeat(world):
    """It is killed while it recovers its partitions, when some of them have its epoch already."""
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


def test_a_clean_stop_leaves_nothing_unpublished(world):
    """Upon SIGTERM it publishes what it has applied and exits with 0; the next consumer goes on."""
    total = _fill(world, 25, 50_000)
    for fraction in (0.2, 0.5, 0.8):
        consumer = world.start_consumer()
        world.wait_applied(int(total * fraction), consumer)
        consumer.terminate()
        assert world.committed() == world.applied(), f"outputs were left unpublished\n{consumer.tail()}"
    # By this a consumer knows its own offsets from those that somebody has set by hand.
    assert bus.offset_texts(world.brokers) == {"sharebus"}
    consumer = world.start_consumer()
    world.wait_published(consumer)
    consumer.terminate()
    world.verify()


def test_the_survivor_of_two_takes_over(world):
    """Both work at first; then the survivor takes all partitions."""
    total = _fill(world, 26, 50_000)
    first, second = world.start_consumer("first"), world.start_consumer("second")
    world.wait_applied(total // 3, first, second)
    first.kill()
    world.wait_published(second)
    second.terminate()
    world.verify()
