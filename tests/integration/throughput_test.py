"""100,000 commands of every kind, compared with the model one by one; the rate of plain commands; and
commands that concern very many people."""

import time

import bus
import load

COMMANDS = 100_000
ROUNDS = 2
LOOK_EVERY_S = 0.02  # asking slows down what is measured
CROWDED_SHARES = 8
CROWDED_BYTES = 40 * 1024 * 1024  # the notifications of one take 11 MB


def test_every_command_has_exactly_one_outcome(world):
    made = world.populate(load.Shape(seed=11))
    world.send(made, COMMANDS, load.MIX)
    consumer = world.start_consumer()
    world.wait_published(consumer)
    consumer.terminate()
    world.verify()


def _measure(world):
    """(seconds until all are applied, seconds until all are committed), from the first one applied."""
    before = world.applied()
    consumer = world.start_consumer()
    began = None
    last_look = time.monotonic()

    def moved():
        nonlocal began, last_look
        now = time.monotonic()
        if world.applied() != before:
            began = last_look
        last_look = now
        return began

    world.wait("the first command applied", moved, alive=[consumer], every_s=LOOK_EVERY_S)
    world.wait(
        "all applied",
        lambda: world.applied() == world.ends(),
        alive=[consumer],
        every_s=LOOK_EVERY_S,
    )
    applied = time.monotonic() - began
    world.wait_published(consumer)
    committed = time.monotonic() - began
    consumer.terminate()
    return applied, committed


def test_plain_commands_per_second_are_measured(world, capsys):
    """Prints a figure and asserts nothing; the other test proves that everything is right."""
    made = world.populate(load.Shape(seed=12))
    first = world.start_consumer()
    world.wait_published(first)
    first.terminate()
    best = [float("inf"), float("inf")]
    for number in range(ROUNDS):
        world.send(made, COMMANDS, load.PLAIN)
        seconds = _measure(world)
        best = [min(pair) for pair in zip(best, seconds)]
        with capsys.disabled():
            rates = [COMMANDS / s for s in seconds]
            print(f"\nround {number}: applied {rates[0]:,.0f}/s, committed {rates[1]:,.0f}/s", end="")
    with capsys.disabled():
        print(f"\nbest: applied {COMMANDS / best[0]:,.0f}/s, committed {COMMANDS / best[1]:,.0f}/s")


def test_the_outputs_of_one_run_are_bounded(world):
    """Shares with Everyone, all on the log at once: their notifications are far more than Redis takes as
    one value, which is 512 MB by default and less here."""
    made = world.populate(load.Shape(seed=43, users=20_000, groups=1, workspaces=1))
    (workspace,) = made.workspaces
    group = made.directory.groups[0]
    fields = {
        "id": group,
        "name": "group0",
        "organization_id": made.directory.organization,
        "members": made.directory.users,
    }
    everybody = made._record("GroupChanged", group, fields, made.ids.any())
    bus.send_all(world.brokers, bus.DIRECTORY, [everybody])
    roles = [("use", "admin")[n % 2] for n in range(CROWDED_SHARES)]
    shares = [made._share(workspace, [("group", group, role, None)]) for role in roles]
    bus.send_all(world.brokers, bus.COMMANDS, shares)
    world.forget_ends()
    client = world.redis()
    client.config_set("proto-max-bulk-len", CROWDED_BYTES)
    consumer = world.start_consumer()
    world.wait_published(consumer)
    consumer.terminate()
    told = bus.log_ends(world.brokers, bus.NOTIFICATIONS)
    assert sum(told.values()) >= CROWDED_SHARES * (len(made.directory.users) - 1)
