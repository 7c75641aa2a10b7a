"""The environment of the programs that tests run."""

import os


def environment(**settings):
    """The caller's without its SHAREBUS_…, so that no program hears of servers which are not the test's, and
    without a configuration, also where the machine has one in /etc/sharebus; then these settings. None unsets."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SHAREBUS_")}
    env |= {"SHAREBUS_CONFIG": os.devnull, **settings}
    return {name: value for name, value in env.items() if value is not None}


def redis_alone(redis, roles, user):
    """For a program that is told nothing but the address of Redis, of a secured stack with these roles: an address
    that says who asks, and an environment that says whom to trust."""
    password = (roles / f"{user}.password").read_text()
    return f"rediss://{user}:{password}@{redis}", environment(SSL_CERT_FILE=str(roles / "ca.crt"))


def library_options(configuration):
    """What a role's configuration says, as options of a client of libsharebus."""
    shared, kafka = configuration.read_text().split("[kafka]\n")
    told = dict(line.split(" = ", 1) for line in shared.splitlines())
    return told | {"kafka": [word for line in kafka.splitlines() for word in line.split(" = ", 1)]}
