"""The README's Python programs do what the README says, as they stand there."""

import base64
import hmac
import json
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest
from environment import environment
from stack import until

REPO = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 60


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The programs by name, each written to a file of its own."""
    folder = tmp_path_factory.mktemp("readme")
    blocks = re.findall(r"```python\n# (\w+\.py)\b(.*?)```", (REPO / "README.md").read_text(), re.DOTALL)
    for name, text in blocks:
        (folder / name).write_text(f"# {name}{text}")
    return {name: folder / name for name, _ in blocks}


@pytest.fixture(scope="module")
def scene(stack, tmp_path_factory):
    """Ids of somebody with a workspace, and of somebody without access to it."""
    tag = uuid.uuid4().hex[:8]
    ids = {name: str(uuid.uuid4()) for name in ("acme", "erin", "alice", "dev")}
    stack.apply(
        {
            "organizations": [{"name": f"acme-{tag}", "id": ids["acme"]}],
            "users": [
                {"username": f"{n}-{tag}", "id": ids[n], "organizations": [f"acme-{tag}"]} for n in ("erin", "alice")
            ],
            "workspaces": [
                {"name": "dev", "id": ids["dev"], "owner": f"erin-{tag}", "organization": f"acme-{tag}"}
            ],
        },
        tmp_path_factory.mktemp("scene"),
    )
    return ids


def start(stack, program, *args):
    """Runs it as the README says: in the repository, with the addresses of the stack."""
    settings = environment(SHAREBUS_BROKERS=stack.brokers)
    return subprocess.Popen(
        [sys.executable, program, *args], cwd=REPO, env=settings, stdout=subprocess.PIPE, text=True
    )


def test_the_readme_has_programs_that_share_follow_receive_and_sign(programs):
    # integration/signed_test.py uses the last
    assert set(programs) == {"share.py", "follow.py", "receive.py", "sign.py"}


def test_what_one_program_shares_the_other_one_sees(stack, programs, scene):
    share = start(stack, programs["share.py"], scene["dev"], scene["erin"], scene["alice"])
    command_id = share.communicate(timeout=DEADLINE_SECONDS)[0].strip()
    assert share.returncode == 0 and uuid.UUID(command_id).version == 7
    follow = start(stack, programs["follow.py"])
    timer = threading.Timer(DEADLINE_SECONDS, follow.kill)
    timer.start()
    events, notifications = {}, {}
    for line in follow.stdout:
        ((name, record),) = json.loads(line).items()
        if name == "sharebus.v1.SharingChanged":
            events[record["command_id"]] = record
        elif name == "sharebus.v1.Notification":
            notifications[record["recipient_id"], record["workspace"]["id"]] = record
        if command_id in events and (scene["alice"], scene["dev"]) in notifications:
            break
    timer.cancel()
    follow.kill()
    follow.wait()
    (change,) = events[command_id]["changes"]
    assert change["subject"] == {"kind": "user", "id": scene["alice"]}
    assert (change["before"], change["after"]) == (None, "use")
    assert notifications[scene["alice"], scene["dev"]]["kind"] == "workspace_shared"


def post(port, body, **headers):
    """The status that the receiver answers."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/", body, {f"webhook-{name}": value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def signed(key, body, id, sent_at):
    proof = hmac.digest(key, f"{id}.{sent_at}.".encode() + body, "sha256")
    return {"id": id, "timestamp": str(sent_at), "signature": f"v1,{base64.b64encode(proof).decode()}"}


def test_the_receiver_takes_what_is_signed_and_fresh_and_prints_it_once(programs):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    key, body, now = b"k" * 32, b'{"type": "handoff.returned"}', int(time.time())
    secret = f"whsec_{base64.b64encode(key).decode()}"
    receive = subprocess.Popen(
        [sys.executable, programs["receive.py"], secret, str(port)], stdout=subprocess.PIPE, text=True
    )
    try:
        until("it listens", lambda: listens(port))
        for _ in range(2):
            assert post(port, body, **signed(key, body, "3-17-0", now)) == 204
        assert post(port, body) == 401
        assert post(port, body, **signed(b"o" * 32, body, "3-17-1", now)) == 401
        assert post(port, body + b" ", **signed(key, body, "3-17-2", now)) == 401
        assert post(port, body, **signed(key, body, "3-17-3", now - 3600)) == 401
    finally:
        receive.kill()
    assert receive.communicate()[0].splitlines() == [body.decode()]
