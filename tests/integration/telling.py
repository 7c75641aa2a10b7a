"""What the notifier is told and tells: the records of its topics, its configuration, and it itself as a process."""

import os
import signal
import subprocess
import time
import uuid

import load
from environment import environment

HANDOFFS = "sharing.handoffs"
DELIVERIES = "sharing.deliveries"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def id_of(name):
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


ACME = id_of("acme")
WORKSPACE = id_of("workspace")


# ---- records: (name of the schema, fields) ----


def organization(**fields):
    return "OrganizationChanged", {"id": ACME, "name": "acme", "sharing": "everyone"} | fields


def group(name, **fields):
    return "GroupChanged", {"id": id_of(name), "name": name, "organization_id": ACME} | fields


def user(username, **fields):
    out = {"id": id_of(username), "username": username, "name": "", "email": f"{username}@example.com"}
    out |= {"status": "active", "kind": "user", "site_role": "member"}
    return "UserChanged", out | {"organizations": [{"id": ACME, "role": "member"}]} | fields


def _workspace():
    return {"id": WORKSPACE, "name": "dev", "owner_id": id_of("erin"), "organization_id": ACME}


def notification(event, recipient, **fields):
    return "Notification", {
        "recipient_id": id_of(recipient),
        "kind": "workspace_shared",
        "title": f"Title of {event}",
        "body": "Body",
        "body_markdown": "**Body**",
        "actions": [],
        "actor": {"id": id_of("erin"), "kind": "user"},
        "workspace": _workspace(),
        "group_id": None,
        "role": "use",
        "message": None,
        "expires_at": None,
        "handoff_id": None,
        "handoff_step": None,
        "event_id": event,
        "at": int(time.time() * 1000),
    } | fields


def handoff(to, **fields):
    """A step of a handoff."""
    return "HandoffChanged", {
        "handoff_id": str(uuid.uuid4()),
        "step": 1,
        "state": "offered",
        "previous": None,
        "kind": "review",
        "workspace": _workspace(),
        "offered_by": {"id": id_of("erin"), "kind": "user"},
        "to": {"kind": "user", "id": id_of(to)},
        "accepted_by": None,
        "actor": {"id": id_of("erin"), "kind": "user"},
        "summary": "Done",
        "question": None,
        "task": {"system": "coder", "id": "task-1", "url": None},
        "note": None,
        "artifacts": [],
        "answer_schema": None,
        "role": "use",
        "expires_at": None,
        "command_id": None,
        "at": int(time.time() * 1000),
        "signed_by": None,
    } | fields


def headers(event, kind):
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", event.encode()),
        ("ce_source", b"sharebus/test/sharing.commands"),
        ("ce_type", kind.encode()),
        ("content-type", b"application/avro"),
    ]


# ---- the program ----


def webhook(name, url, more="allow-private = yes", secret=SECRET):
    return f"[endpoint {name}]\ntype = webhook\nurl = {url}\nsecret = {secret}\n{more}\n\n"


class Notifier:
    """A notifier that runs; `sections` are those of its configuration."""

    def __init__(self, world, group, sections, name="one", settings=""):
        self.config = world.folder / f"{group}-{name}.conf"
        self.log = world.folder / f"{group}-{name}.log"
        self.config.touch(0o600)
        servers = "\n".join(f"{name} = {value}" for name, value in world.root().items())
        self.config.write_text(f"{servers}\nconsumer-group = {group}\n{settings}\n{sections}")
        self.process = None
        self.start()

    def start(self):
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [load.sharebus_program("sharebus-notifier"), "--config", self.config],
                env=environment(SHAREBUS_LOG_LEVEL=os.environ.get("SHAREBUS_LOG_LEVEL", "info")),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def text(self):
        return self.log.read_text(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait(30)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(25)
        assert code == 0, self.text()
