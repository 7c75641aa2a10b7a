"""Gives or takes rights in Kafka: `kafka_rights.py BROKERS` reads from stdin what `ops/acl kafka` prints, which are
arguments of Kafka's own tool, and does what that would. (The tool needs two seconds a line.)"""

import argparse
import shlex
import sys
import time

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

WAIT_S = 30
KINDS = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional_id": ResourceType.TRANSACTIONAL_ID,
}


def _parser():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--add", action="store_true", required=True)
    parser.add_argument("--allow-principal", required=True)
    parser.add_argument("--operation", action="append", required=True)
    parser.add_argument("--resource-pattern-type", default="literal", choices=["literal", "prefixed"])
    for kind in KINDS:
        parser.add_argument("--" + kind.replace("_", "-"), action="append", default=[])
    return parser


def _operation(name):
    words = {"DescribeConfigs": "DESCRIBE_CONFIGS"}
    return AclOperation[words.get(name, name.upper())]


def rights(lines):
    """The AclBinding of each operation on each name that these lines allow."""
    parser = _parser()
    out = []
    for line in lines:
        said = parser.parse_args(shlex.split(line))
        pattern = ResourcePatternType[said.resource_pattern_type.upper()]
        for kind, type_ in KINDS.items():
            for name in getattr(said, kind):
                for operation in said.operation:
                    of = (type_, name, pattern, said.allow_principal, "*", _operation(operation))
                    out.append(AclBinding(*of, AclPermissionType.ALLOW))
    return out


def client(brokers):
    return AdminClient({"bootstrap.servers": brokers})


def _filter(b):
    return AclBindingFilter(
        b.restype, b.name, b.resource_pattern_type, b.principal, b.host, b.operation, b.permission_type
    )


def _await(admin, bindings, there):
    """The controller has decided; the broker that is asked judges by it a little later."""
    ends = time.monotonic() + WAIT_S
    for b in bindings:
        while bool(admin.describe_acls(_filter(b), request_timeout=WAIT_S).result(WAIT_S)) is not there:
            assert time.monotonic() < ends, f"{b} is not {'there' if there else 'gone'} after {WAIT_S} s"
            time.sleep(0.02)


def give(brokers, bindings):
    admin = client(brokers)
    for done in admin.create_acls(list(dict.fromkeys(bindings)), request_timeout=WAIT_S).values():
        done.result(WAIT_S)
    _await(admin, bindings, True)


def take(brokers, bindings):
    admin = client(brokers)
    for done in admin.delete_acls(list(map(_filter, bindings)), request_timeout=WAIT_S).values():
        assert done.result(WAIT_S), "there was no such right"
    _await(admin, bindings, False)


if __name__ == "__main__":
    give(sys.argv[1], rights(sys.stdin))
