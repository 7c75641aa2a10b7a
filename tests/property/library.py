"""libsharebus through its public header, as any program uses it."""

import ctypes
import functools
import os
import pathlib
import uuid

REPO = pathlib.Path(__file__).resolve().parents[2]
NOT_FOUND, UNAVAILABLE, STALE, REJECTED = -1, -2, -7, 1
USER, GROUP = 1, 2
KINDS = {"user": USER, "group": GROUP}
ROLES = {"use": 1, "admin": 2}
ACTIONS = (
    "read ssh app start stop logs stats update_on_start rename update share_use share_admin delete"
).split()
ANSWERS = ("accept", "decline", "return", "complete", "reassign", "withdraw")
VERDICTS = ("pending", "applied", "unchanged", "duplicate", "rejected", "unreadable")


class Id(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint8 * 16)]


class Options(ctypes.Structure):
    _fields_ = [
        ("brokers", ctypes.c_char_p),
        ("redis", ctypes.c_char_p),
        ("prefix", ctypes.c_char_p),
        ("source", ctypes.c_char_p),
        ("timeout_ms", ctypes.c_int),
        ("max_age_ms", ctypes.c_int),
        ("redis_password", ctypes.c_char_p),
        ("redis_password_file", ctypes.c_char_p),
        ("redis_ca", ctypes.c_char_p),
        ("redis_cert", ctypes.c_char_p),
        ("redis_key", ctypes.c_char_p),
        ("kafka", ctypes.POINTER(ctypes.c_char_p)),
        ("keys_file", ctypes.c_char_p),
        ("signing_key", ctypes.c_char_p),
    ]


class Subject(ctypes.Structure):
    _fields_ = [
        ("kind", ctypes.c_int),
        ("id", Id),
        ("name", ctypes.c_char_p),
        ("role", ctypes.c_int),
        ("expires_at", ctypes.c_int64),
        ("keep_expiry", ctypes.c_bool),
    ]


class Request(ctypes.Structure):
    _fields_ = [
        ("actor", Id),
        ("workspace", Id),
        ("subjects", ctypes.POINTER(Subject)),
        ("subject_count", ctypes.c_size_t),
        ("message", ctypes.c_char_p),
        ("command_id", Id),
        ("expected_version", ctypes.c_int64),
        ("wait_ms", ctypes.c_int),
    ]


class Position(ctypes.Structure):
    _fields_ = [("partition", ctypes.c_int), ("offset", ctypes.c_int64)]


class Outcome(ctypes.Structure):
    _fields_ = [
        ("command_id", Id),
        ("sent", ctypes.c_bool),
        ("positioned", ctypes.c_bool),
        ("position", Position),
        ("verdict", ctypes.c_int),
        ("version", ctypes.c_int64),
        ("code", ctypes.c_char_p),
        ("message", ctypes.c_char_p),
    ]


class Question(ctypes.Structure):
    _fields_ = [("user", Id), ("workspace", Id), ("action", ctypes.c_int)]


class Answer(ctypes.Structure):
    _fields_ = [
        ("allowed", ctypes.c_bool),
        ("reason", ctypes.c_int),
        ("role", ctypes.c_int),
        ("group", Id),
        ("expires_at", ctypes.c_int64),
    ]


class Path(ctypes.Structure):
    _fields_ = [
        ("reason", ctypes.c_int),
        ("role", ctypes.c_int),
        ("group", Id),
        ("group_name", ctypes.c_char_p),
        ("granted_by", Id),
        ("granted_by_name", ctypes.c_char_p),
        ("granted_at", ctypes.c_int64),
        ("expires_at", ctypes.c_int64),
        ("expired", ctypes.c_bool),
    ]


class Explanation(ctypes.Structure):
    _fields_ = [
        ("paths", ctypes.POINTER(Path)),
        ("path_count", ctypes.c_size_t),
        ("denials", ctypes.POINTER(ctypes.c_char_p)),
        ("denial_count", ctypes.c_size_t),
        ("allowed", ctypes.c_bool * len(ACTIONS)),
    ]


class Grant(ctypes.Structure):
    _fields_ = [
        ("kind", ctypes.c_int),
        ("id", Id),
        ("name", ctypes.c_char_p),
        ("display_name", ctypes.c_char_p),
        ("role", ctypes.c_int),
        ("granted_by", Id),
        ("granted_by_name", ctypes.c_char_p),
        ("granted_at", ctypes.c_int64),
        ("expires_at", ctypes.c_int64),
    ]


class Workspace(ctypes.Structure):
    _fields_ = [
        ("id", Id),
        ("name", ctypes.c_char_p),
        ("owner", Id),
        ("owner_name", ctypes.c_char_p),
        ("organization", Id),
        ("organization_name", ctypes.c_char_p),
        ("dormant", ctypes.c_bool),
        ("version", ctypes.c_int64),
        ("grants", ctypes.POINTER(Grant)),
        ("grant_count", ctypes.c_size_t),
    ]


class Artifact(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("url", ctypes.c_char_p)]


class Offer(ctypes.Structure):
    _fields_ = [
        ("handoff", Id),
        ("expected_step", ctypes.c_int64),
        ("kind", ctypes.c_int),
        ("summary", ctypes.c_char_p),
        ("question", ctypes.c_char_p),
        ("task_system", ctypes.c_int),
        ("task_id", ctypes.c_char_p),
        ("task_url", ctypes.c_char_p),
        ("artifacts", ctypes.POINTER(Artifact)),
        ("artifact_count", ctypes.c_size_t),
        ("answer_schema", ctypes.c_char_p),
        ("expires_at", ctypes.c_int64),
    ]


class Response(ctypes.Structure):
    _fields_ = [
        ("actor", Id),
        ("handoff", Id),
        ("workspace", Id),
        ("answer", ctypes.c_int),
        ("note", ctypes.c_char_p),
        ("artifacts", ctypes.POINTER(Artifact)),
        ("artifact_count", ctypes.c_size_t),
        ("to", ctypes.POINTER(Subject)),
        ("expected_step", ctypes.c_int64),
        ("command_id", Id),
        ("wait_ms", ctypes.c_int),
    ]


class Handoff(ctypes.Structure):
    _fields_ = [
        ("id", Id),
        ("workspace", Id),
        ("workspace_name", ctypes.c_char_p),
        ("owner", Id),
        ("owner_name", ctypes.c_char_p),
        ("kind", ctypes.c_int),
        ("state", ctypes.c_int),
        ("step", ctypes.c_int64),
        ("offered_by", Id),
        ("offered_by_name", ctypes.c_char_p),
        ("to_kind", ctypes.c_int),
        ("to", Id),
        ("to_name", ctypes.c_char_p),
        ("accepted_by", Id),
        ("accepted_by_name", ctypes.c_char_p),
        ("role", ctypes.c_int),
        ("summary", ctypes.c_char_p),
        ("question", ctypes.c_char_p),
        ("task_system", ctypes.c_int),
        ("task_id", ctypes.c_char_p),
        ("task_url", ctypes.c_char_p),
        ("artifacts", ctypes.POINTER(Artifact)),
        ("artifact_count", ctypes.c_size_t),
        ("answer_schema", ctypes.c_char_p),
        ("note", ctypes.c_char_p),
        ("offered_at", ctypes.c_int64),
        ("expires_at", ctypes.c_int64),
    ]


class Query(ctypes.Structure):
    _fields_ = [
        ("as_", Id),
        ("with_me", ctypes.c_bool),
        ("shared", ctypes.c_int),
        ("owner", Id),
        ("with_user", Id),
        ("with_group", Id),
        ("after", Id),
    ]


class Failed(Exception):
    """A call of the library that failed."""

    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")
        self.code = code


@functools.cache
def to_id(text):
    return Id((ctypes.c_uint8 * 16)(*(uuid.UUID(text).bytes if text else bytes(16))))


def from_id(raw):
    return str(uuid.UUID(bytes=bytes(raw.bytes)))


def load():
    """Loads the library from the same build as the programs."""
    programs = pathlib.Path(os.environ.get("SHAREBUS_RELEASE_BIN", REPO / "build/release/bin"))
    library = ctypes.CDLL(str(programs.parent / "lib" / "libsharebus.so.0"))
    library.sharebus_error.restype = ctypes.c_char_p
    library.sharebus_reason_name.restype = ctypes.c_char_p
    return library


class Client:
    def __init__(self, brokers, redis, kafka=(), **more):
        """`kafka` are more settings of librdkafka: name, value, name, value, …; `more` are other options."""
        self._library = load()
        self._client = ctypes.c_void_p()
        options = Options(brokers=brokers.encode(), redis=redis.encode())
        if kafka:
            options.kafka = (ctypes.c_char_p * (len(kafka) + 1))(*(text.encode() for text in kafka), None)
        for name, value in more.items():
            setattr(options, name.replace("-", "_"), str(value).encode())
        self._check(self._library.sharebus_open(ctypes.byref(self._client), ctypes.byref(options)))

    def close(self):
        self._library.sharebus_close(ctypes.byref(self._client))

    def _check(self, code):
        if code < 0:
            raise Failed(code, self._library.sharebus_error(self._client).decode())
        return code

    def _call(self, name, *arguments):
        return self._check(getattr(self._library, name)(self._client, *arguments))

    # ---- sharing ----

    def share(self, actor, workspace, grants, **more):
        """Shares with grants, [(kind, id, role, expires_at)]."""
        subjects = [Subject(KINDS[k], to_id(i), None, ROLES[r], e or 0) for k, i, r, e in grants]
        return self.request("sharebus_share", actor, workspace, subjects, **more)

    def remove(self, actor, workspace, subjects, **more):
        """Removes subjects, [(kind, id)]."""
        listed = [Subject(KINDS[k], to_id(i), None, 0, 0) for k, i in subjects]
        return self.request("sharebus_remove", actor, workspace, listed, **more)

    def request(
        self, name, actor, workspace, subjects, version=0, command_id=None, wait_ms=60000, message=None
    ):
        request = Request(
            to_id(actor),
            to_id(workspace),
            (Subject * len(subjects))(*subjects),
            len(subjects),
            message,
            to_id(command_id),
            version,
            wait_ms,
        )
        out = Outcome()
        self._call(name, ctypes.byref(request), ctypes.byref(out))
        verdict = VERDICTS[out.verdict]
        code = out.code.decode() if out.code else ""
        return verdict, code, (out.position.partition, out.position.offset)

    # ---- handing over ----

    @staticmethod
    def _artifacts(listed):
        return (Artifact * len(listed))(*(Artifact(*a) for a in listed)), len(listed)

    def offer(self, actor, workspace, grant, *, artifacts=(), wait_ms=60000, **offer):
        """Offers with grant (kind, id, role, expires_at): (verdict, code, the handoff's id)."""
        kind, ident, role, expires = grant
        subject = Subject(KINDS[kind], to_id(ident), None, ROLES[role], expires or 0)
        request = Request(to_id(actor), to_id(workspace), ctypes.pointer(subject), 1, wait_ms=wait_ms)
        listed, count = self._artifacts(artifacts)
        filled = Offer(artifacts=listed, artifact_count=count, **offer)
        out = Outcome()
        self._call("sharebus_handoff_offer", *map(ctypes.byref, (request, filled, out)))
        return VERDICTS[out.verdict], (out.code or b"").decode(), from_id(out.command_id)

    def answer(self, actor, handoff, answer, *, note=None, to=None, step=0, artifacts=(), wait_ms=60000):
        listed, count = self._artifacts(artifacts)
        to = to and ctypes.pointer(Subject(KINDS[to[0]], to_id(to[1])))
        response = Response(
            to_id(actor), to_id(handoff), to_id(None), answer, note, listed, count, to, step, to_id(None), wait_ms
        )
        out = Outcome()
        self._call("sharebus_handoff_answer", ctypes.byref(response), ctypes.byref(out))
        return VERDICTS[out.verdict], (out.code or b"").decode()

    def handoff(self, user, handoff):
        """The open handoff, as that user sees it or, with None, as a service does."""
        out = ctypes.POINTER(Handoff)()
        who = user and ctypes.byref(to_id(user))
        self._call("sharebus_handoff_get", who, ctypes.byref(to_id(handoff)), ctypes.byref(out))
        return out.contents

    def handoffs(self, user, scope):
        """The ids of those that sharebus_handoff_list() lists."""
        out = ctypes.POINTER(Handoff)()
        count = ctypes.c_size_t()
        self._call("sharebus_handoff_list", ctypes.byref(to_id(user)), scope, ctypes.byref(out), ctypes.byref(count))
        return [from_id(h.id) for h in out[: count.value]]

    # ---- names ----

    def find(self, what, name):
        """The id of that name; `what` is user, group or workspace."""
        out = Id()
        me = [None] if what == "workspace" else []
        self._call(f"sharebus_find_{what}", *me, name.encode(), ctypes.byref(out))
        return from_id(out)

    def new_id(self):
        out = Id()
        self._check(self._library.sharebus_new_id(ctypes.byref(out)))
        return from_id(out)

    def wait(self, partition, offset, wait_ms=60000):
        self._call("sharebus_wait", ctypes.byref(Position(partition, offset)), wait_ms)

    # ---- questions ----

    def check(self, questions):
        """Answers [(user, workspace, action)] with [(allowed, reason)]."""
        asked = (Question * len(questions))(
            *(Question(to_id(u), to_id(w), ACTIONS.index(a)) for u, w, a in questions)
        )
        answers = (Answer * len(questions))()
        self._call("sharebus_check_many", asked, ctypes.c_size_t(len(questions)), answers)
        name = self._library.sharebus_reason_name
        return [(a.allowed, name(a.reason).decode()) for a in answers]

    def explain(self, user, workspace):
        """{action: allowed}, or None when the user or the workspace does not exist."""
        out = ctypes.POINTER(Explanation)()
        try:
            self._call(
                "sharebus_explain",
                ctypes.byref(to_id(user)),
                ctypes.byref(to_id(workspace)),
                ctypes.byref(out),
            )
        except Failed as failed:
            if failed.code == NOT_FOUND:
                return None
            raise
        return dict(zip(ACTIONS, out.contents.allowed))

    def show(self, workspace):
        """{(kind, id): (role, expires_at)}, or None when the workspace does not exist."""
        out = ctypes.POINTER(Workspace)()
        try:
            self._call("sharebus_show", ctypes.byref(to_id(workspace)), ctypes.byref(out))
        except Failed as failed:
            if failed.code == NOT_FOUND:
                return None
            raise
        return self._grants(out.contents)

    @staticmethod
    def _grants(workspace):
        kinds = {v: k for k, v in KINDS.items()}
        roles = {v: k for k, v in ROLES.items()}
        return {
            (kinds[g.kind], from_id(g.id)): (roles[g.role], g.expires_at or None)
            for g in workspace.grants[: workspace.grant_count]
        }

    def list(self, **wanted):
        """{workspace id: grants} of all pages; `wanted` are as_, with_me, shared, owner, …"""
        fields = {
            k: to_id(v) if k in ("as_", "owner", "with_user", "with_group", "after") else v
            for k, v in wanted.items()
        }
        listing = ctypes.c_void_p()
        page = ctypes.POINTER(Workspace)()
        count = ctypes.c_size_t(1)
        found = {}
        self._call("sharebus_list_open", ctypes.byref(Query(**fields)), ctypes.byref(listing))
        try:
            while count.value:
                code = self._library.sharebus_list_next(
                    listing, ctypes.byref(page), ctypes.byref(count)
                )
                self._check(code)
                for w in page[: count.value]:
                    assert from_id(w.id) not in found, "listed twice"
                    found[from_id(w.id)] = self._grants(w)
        finally:
            self._library.sharebus_list_close(ctypes.byref(listing))
        return found
