"""100,000 commands of every kind, compared with the model one by one; and commands that concern very many
people."""

import bus
import load

COMMANDS = 100_000
CROWDED_SHARES = 8
CROWDED_BYTES = 40 * 1024 * 1024  # the notifications of one take 11 MB


def test_every_command_has_exactly_one_outcome(world):
    made = world.populate(load.Shape(seed=11))
    world.send(made, COMMANDS, load.ENDING)
    consumer = world.start_consumer()
    world.wait_settled(consumer)
    consumer.terminate()
    world.verify()


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
