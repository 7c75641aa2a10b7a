"""Facts as programs of somebody else's announce them: any names and ids, by the schemas alone."""

import uuid

import bus
from stack import until


def record(name, fields, key=None):
    """(key, value, headers) of a fact."""
    codec = bus.CODECS[name]
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid.uuid4()),
        "ce_source": "test",
        "ce_type": codec.event_type,
        "content-type": "application/avro",
    }
    id = key or fields.get("id") or fields["workspace_id"]
    return id.encode(), codec.encode(fields), [(k, v.encode()) for k, v in headers.items()]


def wait(stack):
    """Waits until the index has all of both topics that facts are written to."""
    server = stack.redis_client()
    (directory,) = bus.log_ends(stack.brokers, bus.DIRECTORY).values()
    wanted = {"dir": directory, **bus.log_ends(stack.brokers, bus.COMMANDS)}

    def applied(partition):
        state, offset = server.hmget(f"sb:{{{partition}}}:mark", "state", "applied")
        return int(offset) if state == b"ready" else -1

    until("the index has it", lambda: all(applied(p) >= end for p, end in wanted.items()))


def announce(stack, users=(), groups=(), workspaces=()):
    """Announces entries of a directory file, whose organizations and owners are known, with new ids unless
    they have some."""
    shown = stack.sharebus("directory", "show", "-o", "json").done().json
    organizations = {o["name"]: o["id"] for o in shown["organizations"]}
    people = {u["username"]: u["id"] for u in shown["users"]}
    facts, commands = [], []
    for u in users:
        people[u["username"]] = u.get("id", str(uuid.uuid4()))
        roles = {"status": "active", "kind": "user", "site_role": "member"}
        member_of = [{"id": organizations[o], "role": "member"} for o in u["organizations"]]
        texts = {"username": u["username"], "name": u.get("name", ""), "email": ""}
        fields = {"id": people[u["username"]], **texts, **roles, "organizations": member_of}
        facts.append(record("UserChanged", fields))
    for g in groups:
        members = [people[m] for m in g["members"]]
        place = {"organization_id": organizations[g["organization"]], "members": members}
        facts.append(record("GroupChanged", {"id": g.get("id", str(uuid.uuid4())), "name": g["name"], **place}))
    for w in workspaces:
        id = w.get("id", str(uuid.uuid4()))
        ids = {"workspace_id": id, "organization_id": organizations[w["organization"]]}
        fields = {"owner_id": people[w["owner"]], "name": w["name"], "status": "active", "changed_at": 1}
        commands.append(record("WorkspaceChanged", {**ids, **fields}))
    bus.send_all(stack.brokers, bus.DIRECTORY, facts)
    bus.send_all(stack.brokers, bus.COMMANDS, commands)
    wait(stack)
