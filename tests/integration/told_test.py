"""What endpoints receive, read as receivers read it: signatures by the library of Standard Webhooks, bodies by
schemas written from the published documents, mail by Python's own parser. `teller` prints what is told of every
kind; there is neither Kafka nor Redis here. With -s, the forms of each kind stand side by side."""

import email
import email.policy
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
import standardwebhooks

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests"))
from environment import environment  # noqa: E402
from stack import programs  # noqa: E402

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
AT_S = 1767225600
UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
TEXT = {"type": "string"}


def exactly(members):
    """An object with these members and no others."""
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def many(items):
    return {"type": "array", "items": items}


STANDARD = exactly({"type": {"type": "string", "pattern": r"^[a-z_]+(\.[a-z_]+)*$"}, "timestamp": TIME,
                    "data": {"type": "object"}})
# codersdk's webhook payload, 1.1, and the message payload inside, 1.2.
CODER = exactly({
    "_version": {"const": "1.1"}, "msg_id": UUID, "title": TEXT, "title_markdown": TEXT, "body": TEXT,
    "body_markdown": TEXT,
    "payload": exactly({
        "_version": {"const": "1.2"}, "notification_name": TEXT, "notification_template_id": UUID, "user_id": UUID,
        "user_email": TEXT, "user_name": TEXT, "user_username": TEXT,
        "actions": many(exactly({"label": TEXT, "url": TEXT})),
        "labels": {"type": "object", "additionalProperties": TEXT},
        "data": {"type": "object"}, "targets": many(UUID)}),
})
MCP = exactly({"eventId": TEXT, "name": TEXT, "timestamp": TIME, "data": {"type": "object"},
               "cursor": {"type": "null"}})
# a2a.proto in ProtoJSON; what it calls REQUIRED is required.
A2A = exactly({"statusUpdate": exactly({
    "taskId": TEXT, "contextId": TEXT,
    "status": exactly({
        "state": {"enum": ["TASK_STATE_WORKING", "TASK_STATE_COMPLETED", "TASK_STATE_CANCELED",
                           "TASK_STATE_INPUT_REQUIRED"]},
        "timestamp": TIME,
        "message": exactly({
            "messageId": TEXT, "role": {"const": "ROLE_AGENT"}, "taskId": TEXT, "contextId": TEXT,
            "parts": many({"oneOf": [exactly({"text": TEXT}),
                                     exactly({"data": {"type": "object"}, "mediaType": TEXT})]})}),
    })})})
SCHEMAS = {
    "standard": STANDARD, "inbox": STANDARD, "coder-automation": STANDARD, "coder": CODER, "coder-unsigned": CODER,
    "mcp-events": MCP, "a2a-push": A2A,
}
STATES = {"offered": "INPUT_REQUIRED", "accepted": "INPUT_REQUIRED", "declined": "INPUT_REQUIRED",
          "returned": "WORKING", "completed": "COMPLETED", "withdrawn": "CANCELED", "expired": "CANCELED"}


@pytest.fixture(scope="module")
def told():
    done = subprocess.run([programs() / "teller"], env=environment(), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def some(told, endpoint=None, variant=None, good=True, what=None):
    found = [t for t in told if endpoint in (None, t["endpoint"]) and variant in (None, t["variant"])
             and (t["code"] == 0) == good and what in (None, t["what"])]
    assert found
    return found


def is_step(t):
    return t["what"] in STATES


def test_body_has_the_published_shape(told):
    for endpoint, schema in SCHEMAS.items():
        for t in some(told, endpoint):
            body = json.loads(t["body"])
            jsonschema.validate(body, schema)
            assert t["body"] == json.dumps(body, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def test_signature_holds_for_the_library_of_standard_webhooks(told, monkeypatch):
    monkeypatch.setattr(standardwebhooks.webhooks, "datetime", FrozenTime)
    for endpoint, secrets in (("standard", [SECRET, NEW_SECRET]), ("coder", [SECRET]), ("mcp-events", [SECRET])):
        for t in some(told, endpoint):
            for secret in secrets:
                standardwebhooks.Webhook(secret).verify(t["body"], t["headers"])
            with pytest.raises(standardwebhooks.WebhookVerificationError):
                standardwebhooks.Webhook(secrets[0]).verify(t["body"] + " ", t["headers"])
    assert not any(name.startswith("webhook-") for t in some(told, "coder-unsigned") for name in t["headers"])


class FrozenTime(standardwebhooks.webhooks.datetime):
    """The library refuses what was not signed within five minutes."""

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(AT_S, tz)


def test_one_id_in_every_form(told):
    for t in some(told, "standard") + some(told, "mcp-events"):
        assert t["headers"]["webhook-id"] == t["id"]
    assert {json.loads(t["body"])["eventId"] for t in some(told, "mcp-events")} == {"3-17-1"}
    ids = {t["headers"]["x-message-id"] for t in some(told, "coder")}
    assert ids == {json.loads(t["body"])["msg_id"] for t in some(told, "coder")}
    assert len(ids) == 1
    assert len({message(t)["Message-ID"] for t in some(told, "mail")}) == 1


def test_every_kind_has_a_type_and_a_template_of_its_own(told):
    types = {json.loads(t["body"])["type"] for t in some(told, "standard", "plain")}
    assert {"sharing.workspace_shared", "sharing.access_expired", "handoff.handoff_offered"} <= types
    assert {"handoff.offered", "handoff.returned"} <= types
    assert len(types) == 15 + 7
    payloads = [json.loads(t["body"])["payload"] for t in some(told, "coder", "plain")]
    assert len({p["notification_template_id"] for p in payloads}) == len(payloads) == 15
    assert payloads[0]["notification_name"] == "Workspace Shared"


def test_headers_are_those_of_the_profile(told):
    for t in told:
        for name, value in t["headers"].items():
            assert re.fullmatch(r"[a-z0-9-]+", name) and re.fullmatch(r"[\x20-\x7e]+", value)
    for t in some(told, "coder-automation"):
        assert t["headers"]["authorization"] == "Bearer token"
    for t in some(told, "a2a-push"):
        assert t["headers"]["x-a2a-notification-token"] == "token"
        assert t["headers"]["content-type"] == "application/a2a+json"
    for t in some(told, "mcp-events"):
        assert t["headers"]["x-mcp-subscription-id"] == "mcp-events"


def test_task_follows_the_handoff(told):
    for t in some(told, "a2a-push", "task"):
        update = json.loads(t["body"])["statusUpdate"]
        assert update["taskId"] == "task-1"
        assert update["status"]["state"] == "TASK_STATE_" + STATES[t["what"]]


def test_what_has_no_form_is_refused_with_a_sentence(told):
    for t in told:
        expected = None
        if t["endpoint"].startswith("coder") and t["endpoint"] != "coder-automation" and is_step(t):
            expected = "tells notifications, not steps"
        elif t["endpoint"] == "inbox" and is_step(t):
            expected = "an inbox has notifications"
        elif t["endpoint"] == "mail" and is_step(t):
            expected = "mail tells notifications"
        elif t["endpoint"] == "mail" and t["variant"] == "no address":
            expected = "the address of its recipient dan is not one"
        elif t["endpoint"] == "mail" and t["variant"] == "nobody":
            expected = "the directory does not have its recipient"
        elif t["endpoint"] == "a2a-push" and not (is_step(t) and t["variant"] == "task"):
            expected = "only steps of handoffs that name a task"
        elif t["endpoint"] in ("coder-automation", "mcp-events") and t["variant"] == "huge":
            expected = "receivers of the profile " + t["endpoint"] + " take 262144"
        assert (t["code"] == 0) == (expected is None), t
        assert (expected or "") in t["error"] and "\n" not in t["error"]


def test_program_reads_the_recipient(told):
    for t in some(told, "exec", "plain"):
        body = json.loads(t["body"])
        if is_step(t):
            assert body.pop("recipient") is None
        else:
            assert body.pop("recipient")["email"] == "bob@example.com"
        jsonschema.validate(body, STANDARD)
    assert all(json.loads(t["body"])["recipient"] is None for t in some(told, "exec", "nobody"))
    assert not any("@example.com" in t["body"].replace("coder.example.com/@", "")
                   for t in some(told, "standard", "plain"))


def message(t):
    return email.message_from_bytes(t["body"].encode("ascii"), policy=email.policy.default)


def test_mail_is_what_the_standards_say(told):
    for t in some(told, "mail"):
        lines = t["body"].split("\r\n")
        assert all(len(line) <= 76 and "\n" not in line and "\r" not in line for line in lines)
        m = message(t)
        assert not m.defects and not any(part.defects for part in m.walk())
        assert not any(header.defects for header in m.values() if hasattr(header, "defects")), m.items()
        assert list(m.keys()) == ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
                                  "Content-Type"]
        assert m["Date"].datetime.timestamp() == AT_S
        assert m["Auto-Submitted"] == "auto-generated"
        assert [part.get_content_type() for part in m.walk()] == ["multipart/alternative", "text/plain", "text/html"]
        assert m["From"].addresses[0].display_name == "Sharing, us"
        assert m["From"].addresses[0].addr_spec == "sharebus@example.com"
        assert len(m["To"].addresses) == 1


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.links = set(), "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.text += data


def parts(t):
    return [part.get_content().replace("\r\n", "\n") for part in message(t).iter_parts()]


def test_mail_says_the_same_in_both_texts(told):
    t = some(told, "mail", "plain", what="workspace_shared")[0]
    plain, html = parts(t)
    assert message(t)["To"].addresses[0].display_name == "Bob Böhm"
    assert plain == ("You have the role use: you can connect by SSH.\nAccess ends soon.\n\n"
                     "Alice writes:\n\n> Please look at <main.c> & ä.\n> Thank you.\n\n"
                     "View workspace: https://coder.example.com/@alice/api?a=1&b=2\n")
    page = Tags(html)
    assert page.links == ["https://coder.example.com/@alice/api?a=1&b=2"]
    for said in ("You have the role use", "Please look at <main.c> & ä.", "View workspace"):
        assert said in page.text
    assert re.findall("<blockquote>(.*?)</blockquote>", html, re.DOTALL) == [
        "Please look at &lt;main.c&gt; &amp; ä.<br>\nThank you."
    ]


def test_hostile_names_stay_names(told):
    for t in some(told, "mail", "hostile"):
        m = message(t)
        assert m["Bcc"] is None and m["To"].addresses[0].addr_spec == "eve@example.com"
        assert "Bcc: all@example.com" in m["To"].addresses[0].display_name
        assert "なまえ 👩\u200d💻 Ärger" in m["Subject"]
        plain, html = parts(t)
        assert "<script>" in plain and "<script>" not in html
        assert Tags(html).tags == {"html", "head", "meta", "title", "body", "p", "strong", "br"}
        assert not Tags(html).links


def test_long_text_arrives_whole(told):
    plain, html = parts(some(told, "mail", "huge")[0])
    assert plain.count("x" * 1000) == html.count("x" * 1000) == 1024 * 1024 // 1000
    assert len(json.loads(some(told, "standard", "huge")[0]["body"])["data"]["message"]) == 1024 * 1024


def shown(t):
    """What is told, as a person sees it."""
    if t["code"]:
        return "- " + t["error"]
    if t["endpoint"] == "mail":
        m = message(t)
        return "\n".join([f"To: {m['To']}", f"Subject: {m['Subject']}", "", *parts(t)])
    body = json.loads(t["body"])
    if t["endpoint"] == "inbox":
        return f"{body['timestamp']}  {body['data']['title']}"
    return t["body"]


def test_forms_side_by_side(told):
    """For people: what every kind looks like in a webhook, a mail and an inbox. Run with -s."""
    for what in dict.fromkeys(t["what"] for t in told):
        print(f"\n==== {what}")
        for form in ("standard", "mail", "inbox"):
            one = next(t for t in told if (t["endpoint"], t["what"], t["variant"]) == (form, what, "plain"))
            print(f"---- {form}\n{shown(one)}")
            assert shown(one)
