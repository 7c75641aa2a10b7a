"""Compares all that a consumer has left on the topics and in Redis, one by one, with the model."""

import collections
import dataclasses
import struct
import uuid

import redis

import bus
import model

SHOWN = 5  # differences shown per check, at most
OUTCOMES_KEPT = 16384  # offsets of a partition that its stream of outcomes reaches back
ROLES = {"use": b"1", "admin": b"2"}
STATES = {"offered": b"1", "accepted": b"2", "returned": b"3"}
NEVER = -(1 << 63)


class Differences(AssertionError):
    """What differs from the model."""


def raise_differences(problems, counts):
    """Raises Differences if there are [(check, problem)], with the first few of each check."""
    per = collections.Counter(check for check, _ in problems)
    shown = collections.Counter()
    lines = []
    for check, problem in problems:
        shown[check] += 1
        if shown[check] <= SHOWN:
            lines.append(f"  {check}: {problem}")
    if problems:
        raise Differences(f"{dict(per)} differences, of {counts}\n" + "\n".join(lines))


class Count:
    """All checks of one deployment. `world` says where it is and what was written to it. A Redis
    that lost data also lost old outcomes: with all_outcomes=False only those that are there are
    checked."""

    def __init__(self, world, directory_records, all_outcomes=True):
        self.world = world
        self.all_outcomes = all_outcomes
        self.problems = []
        self.ids = set()  # ce_id of every record that was emitted
        self.cluster = bus.cluster_id(world.brokers)
        log = bus.read_topic(world.brokers, bus.COMMANDS)
        self.log = {p: {m.offset(): m for m in messages} for p, messages in log.items()}
        end = bus.log_ends(world.brokers, bus.DIRECTORY)[0]
        self.model = model.Model(model.Directory(directory_records, end), len(log))
        for messages in log.values():
            for m in messages:
                self.model.take(m)

    # ---- reporting ----

    def _say(self, check, problem):
        self.problems.append((check, problem))

    def _same(self, check, where, wanted, found):
        if wanted == found:
            return
        if isinstance(wanted, dict) and isinstance(found, dict):  # what they have in common need not be read
            common = {k for k in wanted.keys() & found.keys() if wanted[k] == found[k]}
            wanted, found = ({k: v for k, v in side.items() if k not in common} for side in (wanted, found))
        self._say(check, f"{where}:\n      wanted {wanted}\n      found  {found}")

    def verify(self, only=None):
        """Makes all checks, or the one of that name; raises Differences, with the first few of each kind."""
        for check in (
            self.events,
            self.handoffs,
            self.notifications,
            self.dead_letters,
            self.grants,
            self.index,
            self.outcomes,
            self.offsets,
        ):
            if only in (None, check.__name__):
                check()
        raise_differences(self.problems, self.model.counts())

    # ---- topics ----

    def _headers(self, check, m, name, source_partition=None):
        """Checks the headers of an emitted record; returns (partition, offset, n) of its ce_id."""
        h = bus.headers_of(m)
        where = f"{m.topic()} {m.partition()}:{m.offset()}"
        self._same(check, where + " headers", sorted(bus.EVENT_HEADERS), sorted(h))
        self._same(check, where + " ce_type", bus.CODECS[name].event_type, h.get("ce_type"))
        self._same(check, where + " ce_specversion", "1.0", h.get("ce_specversion"))
        self._same(check, where + " content-type", "application/avro", h.get("content-type"))
        source = f"sharebus/{self.cluster}/sharing.commands"
        self._same(check, where + " ce_source", source, h.get("ce_source"))
        try:
            p, offset, n = (int(x) for x in h.get("ce_id", "").split("-"))
        except ValueError:
            self._say(check, f"{where}: ce_id is {h.get('ce_id')!r}")
            return None
        if (p, offset, n) in self.ids:
            self._say(check, f"{where}: ce_id {h['ce_id']} was used before")
        self.ids.add((p, offset, n))
        if source_partition is not None:
            self._same(check, where + " partition in ce_id", source_partition, p)
        return p, offset, n

    def _decode(self, check, m):
        try:
            return bus.decode(m.value())
        except bus.Unreadable as error:
            self._say(check, f"{m.topic()} {m.partition()}:{m.offset()} is unreadable: {error}")
            return None, None

    def events(self):
        """The events are exactly the model's, in its order, in the partition of their command."""
        self.event_ids = {}  # (partition, offset of the command) -> ce_id
        for p, messages in bus.read_topic(self.world.brokers, bus.EVENTS).items():
            found = []
            for m in messages:
                name, record = self._decode("events", m)
                if name is None:
                    continue
                ce = self._headers("events", m, name, p)
                if ce is None:
                    continue
                found.append((ce[1], name, record, m))
                if (p, ce[1]) in self.event_ids:
                    self._say("events", f"command {p}:{ce[1]} has a second one at offset {m.offset()}")
                self.event_ids[p, ce[1]] = "%d-%d-%d" % ce
            self._events_of(p, found)

    def _events_of(self, p, found):
        wanted = self.model.events[p]
        offsets = [offset for offset, *_ in found]
        if offsets != [offset for offset, *_ in wanted]:
            missing = collections.Counter(o for o, *_ in wanted) - collections.Counter(offsets)
            extra = collections.Counter(offsets) - collections.Counter(o for o, *_ in wanted)
            self._say(
                "events",
                f"partition {p}: {len(found)} of {len(wanted)}; missing of commands"
                f" {sorted(missing)[:SHOWN]}, too many of {sorted(extra)[:SHOWN]},"
                f" in order: {offsets == sorted(offsets)}",
            )
        by_offset = {offset: (name, record) for offset, name, record in wanted}
        for offset, name, record, m in found:
            if offset not in by_offset:
                continue
            wanted_name, wanted_record = by_offset[offset]
            where = f"of command {p}:{offset}"
            if name == "CommandRejected":
                if not record.pop("message") or not record.pop("details"):
                    self._say("events", f"{where} does not say why")
            if record.get("reason") == wanted_record.get("reason") == "workspace_deleted":
                for one in (record, wanted_record):  # it lists all grants, in no particular order
                    one["changes"].sort(key=lambda c: (c["subject"]["kind"], c["subject"]["id"]))
            self._same("events", where, (wanted_name, wanted_record), (name, record))
            workspace = record["workspace"]["id"] if "workspace" in record else record["workspace_id"]
            self._same("events", where + " key", workspace.encode(), m.key())

    def handoffs(self):
        """The steps of handoffs are exactly the model's, before the event of their command, which numbers them."""
        for p, messages in bus.read_topic(self.world.brokers, bus.HANDOFFS).items():
            found, numbers = collections.defaultdict(list), {}
            for m in messages:
                name, record = self._decode("handoffs", m)
                ce = name and self._headers("handoffs", m, "HandoffChanged", p)
                if not ce:
                    continue
                self._same("handoffs", f"of command {p}:{ce[1]} key", record["workspace"]["id"].encode(), m.key())
                self._same("handoffs", f"of command {p}:{ce[1]} number", numbers.get(ce[1], 0), ce[2])
                numbers[ce[1]] = ce[2] + 1
                found[ce[1]].append(record)
                self.event_ids.setdefault((p, ce[1]), "%d-%d-0" % ce[:2])  # where there is no other event
            self._order("handoffs", p, [ce for ce in found])
            wanted = collections.defaultdict(list)
            for offset, record in self.model.handoffs[p]:
                wanted[offset].append(record)
            for offset in wanted.keys() | found.keys():
                by_id = ({r["handoff_id"]: r for r in side[offset]} for side in (wanted, found))
                self._same("handoffs", f"of command {p}:{offset} count", len(wanted[offset]), len(found[offset]))
                self._same("handoffs", f"of command {p}:{offset}", *by_id)

    def _order(self, check, p, offsets):
        if offsets != sorted(offsets):
            self._say(check, f"partition {p}: not in the order of the commands")

    def notifications(self):
        """There is exactly one notification to each person whom the model would tell, or one for each step of a
        handoff that concerns them."""
        wanted = {
            (p, offset, user): what
            for (p, offset), told in self.model.notices.items()
            for user, what in told.items()
        }
        seen = collections.defaultdict(list)
        last = {}  # for each recipient and partition of commands, whose order they keep
        for messages in bus.read_topic(self.world.brokers, bus.NOTIFICATIONS).values():
            for m in messages:
                name, record = self._decode("notifications", m)
                if name is None:
                    continue
                ce = self._headers("notifications", m, "Notification")
                if ce is None:
                    continue
                self._notification(m, record, ce, seen)
                order = (record["recipient_id"], ce[0])
                if last.get(order, (-1,)) > ce[1:]:
                    self._say("notifications order", f"{ce} to {order[0]} follows {last[order]}")
                last[order] = ce[1:]
        for key in wanted.keys() | seen.keys():
            where = f"of command {key[0]}:{key[1]} to {key[2]}"
            self._same("notifications", where, *(_told(side.get(key, ())) for side in (wanted, seen)))

    def _notification(self, m, record, ce, seen):
        where = f"of command {ce[0]}:{ce[1]} to {record['recipient_id']}"
        what = tuple(record[k] for k in ("kind", "group_id", "role", "handoff_id", "handoff_step"))
        seen[ce[0], ce[1], record["recipient_id"]].append(what)
        self._same("notifications", where + " key", record["recipient_id"].encode(), m.key())
        event = self.event_ids.get((ce[0], ce[1]))
        self._same("notifications", where + " event", event, record["event_id"])
        if record["recipient_id"] == record["actor"]["id"] or not record["title"] or not record["body"]:
            self._say("notifications", f"{where}: is to the actor, or has no text: {record}")

    def dead_letters(self):
        """The dead letters are exactly the unreadable records, byte for byte, each with its origin."""
        found = collections.Counter()
        for messages in bus.read_topic(self.world.brokers, bus.DEADLETTER).values():
            for m in messages:
                h = bus.headers_of(m)
                try:
                    p = int(h["sharebus_partition"])
                    offset = int(h["sharebus_offset"])
                except (KeyError, ValueError):
                    self._say("dead letters", f"{m.partition()}:{m.offset()} does not name its origin: {h}")
                    continue
                found[p, offset] += 1
                original = self.model.dead[p].get(offset)
                if original is None:
                    self._say("dead letters", f"command {p}:{offset} can be read, yet: {h}")
                    continue
                pair = (original.key(), original.value())
                self._same("dead letters", f"{p}:{offset}", pair, (m.key(), m.value()))
                if not h.get("sharebus_reason"):
                    self._say("dead letters", f"{p}:{offset} does not say why")
                kept = {n: h.get(n) for n in bus.headers_of(original)}
                self._same("dead letters", f"{p}:{offset} headers", bus.headers_of(original), kept)
        wanted = {(p, offset) for p, dead in self.model.dead.items() for offset in dead}
        self._each_once("dead letters", wanted, found)

    def _each_once(self, check, wanted, found):
        for key in wanted - found.keys():
            self._say(check, f"{key} is missing")
        for key, count in found.items():
            if count != 1 and key in wanted:
                self._say(check, f"{key} exists {count} times")

    def grants(self):
        """The last value of each key is the model's workspace; that of a deleted one is a tombstone."""
        for p, messages in bus.read_topic(self.world.brokers, bus.GRANTS).items():
            last, source = {}, {}
            for m in messages:
                self._grants_record(p, m, last, source)
            progress = last.pop(bus.PROGRESS_KEY, None)
            if self.model.ends[p]:
                found = progress[1].get("applied") if progress else None
                self._same("changelog", f"progress of {p}", self.model.ends[p], found)
            alive = {k.decode(): v[1] for k, v in last.items() if v is not None}
            wanted = self.model.workspaces[p]
            if alive.keys() != wanted.keys():
                self._say(
                    "changelog",
                    f"partition {p}: missing {list(wanted.keys() - alive.keys())[:SHOWN]},"
                    f" too many {list(alive.keys() - wanted.keys())[:SHOWN]}",
                )
            for id in wanted.keys() & alive.keys():
                self._workspace_grants(p, wanted[id], alive[id])

    def _grants_record(self, p, m, last, source):
        """Notes the record as the last of its key. The records of a key are in the order of their
        commands. Versions may go back: a workspace that is deleted and announced again in one run
        starts over, without a tombstone in between."""
        self._same("changelog", f"{m.partition()}:{m.offset()} headers", None, m.headers())
        if m.value() is None:
            last[m.key()] = None
            return
        name, record = self._decode("changelog", m)
        if name is None:
            return
        expected = "Progress" if m.key() == bus.PROGRESS_KEY else "WorkspaceGrants"
        self._same("changelog", f"{m.partition()}:{m.offset()} type", expected, name)
        now = record["applied"] if name == "Progress" else record["source_offset"]
        if now <= source.get(m.key(), -1):
            self._say("changelog order", f"{m.partition()}:{m.offset()} does not go on: {record}")
        source[m.key()] = now
        last[m.key()] = (name, record)

    def _workspace_grants(self, p, w, found):
        where = f"workspace {w.id} of {p}"
        grants = {
            (g["subject"]["kind"], g["subject"]["id"]): model.Grant(
                g["role"], g["granted_by"], g["granted_at"], g["expires_at"]
            )
            for g in found["grants"]
        }
        self._same("changelog", where + " count", len(grants), len(found["grants"]))
        for what, wanted, got in (
            ("workspace", w.ref(), found["workspace"]),
            ("status", w.status, found["status"]),
            ("version", w.version, found["version"]),
            ("grants", w.grants, grants),
            ("handoffs", _stored(w), {h.pop("id"): h for h in found["handoffs"]}),
            ("recent commands", [dataclasses.asdict(c) for c in w.recent], found["recent_commands"]),
            ("forgotten", w.forgotten_until, found["forgotten_until"]),
        ):
            self._same("changelog", f"{where} {what}", wanted, got)
        # a duplicate after it may or may not count as the record that it comes from
        if found["source_offset"] < w.touched_at:
            self._say("changelog", f"{where} comes from {found['source_offset']}, not {w.touched_at}")

    # ---- Redis ----

    def index(self):
        """Every key of every partition is as the model says; none is missing or left over."""
        client = self.world.redis()
        for p in self.model.workspaces:
            self._index_of(client, p)
        client.close()

    def _index_of(self, client, p):
        base = b"sb:{%d}:" % p
        keys = [k for k in client.scan_iter(match=f"sb:{{{p}}}:*", count=5000)]
        kinds = {k: k[len(base) :].split(b":", 1) for k in set(keys)}
        hashes = [k for k, kind in kinds.items() if kind[0] in (b"ws", b"u", b"g", b"o", b"mark")]
        hashes += [k for k, kind in kinds.items() if kind[0] in (b"handoff", b"hu", b"hg")]
        named = {k for k, kind in kinds.items() if kind[0] == b"o"}  # sorted sets
        others = {base + b"outcomes", base + b"unsent", base + b"due", base + b"stages", base + b"trouble"}
        unknown = kinds.keys() - set(hashes) - others
        if unknown:
            self._say("index", f"partition {p}: unknown keys: {list(unknown)[:SHOWN]}")
        found = {}
        for at in range(0, len(hashes), 5000):
            pipeline = client.pipeline(transaction=False)
            for k in hashes[at : at + 5000]:
                if k in named:
                    pipeline.zrange(k, 0, -1, withscores=True)
                else:
                    pipeline.hgetall(k)
            for k, value in zip(hashes[at : at + 5000], pipeline.execute()):
                kind = kinds[k]
                found[kind[0].decode(), _text(kind[1]) if len(kind) > 1 else ""] = dict(value)
        wanted = self._wanted_index(p)
        self._same("index", f"{p} due", self._wanted_due(p), self._due(client, base))
        mark = found.pop(("mark", ""), {})
        self._mark(p, mark)
        ws = {id: found.pop(("ws", id)) for kind, id in list(found) if kind == "ws"}
        self._each_once("index", set(self.model.workspaces[p]), collections.Counter(list(ws)))
        for id in ws.keys() & self.model.workspaces[p].keys():
            self._index_workspace(p, self.model.workspaces[p][id], ws[id])
        for key in wanted.keys() | found.keys():
            self._same("index", f"{p} {key}", wanted.get(key, {}), found.get(key, {}))

    def _wanted_index(self, p):
        """The reverse index, the index by owner, and what leads to handoffs."""
        out = collections.defaultdict(dict)
        for w in self.model.workspaces[p].values():
            raw = uuid.UUID(w.id).bytes
            name = w.name.encode()
            out["o", w.owner_id][b"%d:%s%s" % (len(name), name, raw)] = 0
            for (kind, subject), grant in w.grants.items():
                out[kind[0], subject][raw] = ROLES[grant.role]
            for h in w.handoffs.values():
                kind, holder = h.holder()
                out["handoff", h.id][raw] = STATES[h.state]
                out["h" + kind[0], holder][raw + uuid.UUID(h.id).bytes] = STATES[h.state]
        return out

    @staticmethod
    def _due(client, base):
        return {m: int(score) for m, score in client.zrange(base + b"due", 0, -1, withscores=True)}

    def _wanted_due(self, p):
        """{member: time of expiry} of the grants and handoffs that expire."""
        handoffs = {
            uuid.UUID(w.id).bytes + b"o" + uuid.UUID(h.id).bytes: h.end()
            for w in self.model.workspaces[p].values()
            for h in w.handoffs.values()
            if h.end() is not None
        }
        return handoffs | {
            uuid.UUID(w.id).bytes + kind[0].encode() + uuid.UUID(subject).bytes: g.expires_at
            for w in self.model.workspaces[p].values()
            for (kind, subject), g in w.grants.items()
            if g.expires_at is not None
        }

    def _index_workspace(self, p, w, found):
        wanted = {
            b"h": uuid.UUID(w.organization_id).bytes + uuid.UUID(w.owner_id).bytes + w.status[0].encode(),
            b"n": w.name.encode(),
        }
        for (kind, subject), g in w.grants.items():
            wanted[kind[0].encode() + uuid.UUID(subject).bytes] = _grant_value(g, w.owner_id)
        for h in w.handoffs.values():
            wanted[b"o" + uuid.UUID(h.id).bytes] = _handoff_value(h)
        fields = {int(f): v for f, v in found.items() if f.isdigit()}
        first, forgotten = struct.unpack(">qq", found.get(b"f", bytes(16)))
        rest = {f: v for f, v in found.items() if f != b"f" and not f.isdigit()}
        places = {
            field * 3 + n: (value[18 * n : 18 * n + 16], int.from_bytes(value[18 * n + 16 : 18 * n + 18], "big"))
            for field, value in fields.items()
            for n in range(len(value) // 18)
        }
        end = max(places, default=first - 1) + 1
        wanted[b"v"] = b"%d %d %d %d" % (w.version, len(w.grants), len(w.handoffs), end)
        wanted[b"v"] += b" f" if w.forgotten_until else b""
        self._same("index", f"{p} ws:{w.id}", wanted, rest)
        recent = [places[n] for n in sorted(places) if n >= first]
        wanted_recent = [(uuid.UUID(c.id).bytes, c.late_minutes) for c in w.recent]
        self._same("index", f"{p} ws:{w.id} recent commands", wanted_recent, recent)
        self._same("index", f"{p} ws:{w.id} forgotten", w.forgotten_until, forgotten)
        if first // 3 > min(fields, default=first // 3):
            self._say("index", f"{p} ws:{w.id} has fields of forgotten commands: {sorted(fields)[:SHOWN]}")

    def _mark(self, p, mark):
        where = f"mark of {p}"
        self._same("index", where + " applied", b"%d" % self.model.ends[p], mark.get(b"applied"))
        self._same("index", where + " state", b"ready", mark.get(b"state"))
        workspaces = self.model.workspaces[p].values()
        self._same("index", where + " workspaces", b"%d" % len(workspaces), mark.get(b"workspaces"))
        grants = sum(len(w.grants) for w in workspaces)
        self._same("index", where + " grants", b"%d" % grants, mark.get(b"grants"))
        self._same("index", where + " cluster", self.cluster.encode(), mark.get(b"cluster"))
        self._same("index", where + " topic", b"sharing.commands", mark.get(b"topic"))
        self._same("index", where + " layout", b"6", mark.get(b"layout"))
        self._same("index", where + " partitions", b"%d" % len(self.log), mark.get(b"partitions"))

    def outcomes(self):
        """Each command has one outcome, the model's, for as long as the stream keeps outcomes."""
        client = self.world.redis()
        names = ("", "applied", "unchanged", "duplicate", "rejected", "unreadable")
        for p in self.model.outcomes:
            found = collections.Counter()
            for _, entry in client.xrange(f"sb:{{{p}}}:outcomes"):
                for offset, outcome, id in _outcomes(entry[b"o"]):
                    found[offset] += 1
                    wanted = self.model.outcomes[p].get(offset, ("none",))[0]
                    self._same("outcomes", f"{p}:{offset} ({id})", wanted, names[outcome])
            kept = {o for o in self.model.outcomes[p] if o >= self.model.ends[p] - OUTCOMES_KEPT}
            for old in set(found) - kept:
                self._same("outcomes", f"{p}:{old} is reported so often", 1, found.pop(old))
            self._each_once("outcomes", kept if self.all_outcomes else kept & set(found), found)
            for last in client.hkeys(f"sb:{{{p}}}:unsent"):
                if int(last) >= self.model.ends[p]:
                    self._say("outcomes", f"{p} has unsent outputs of {last}, after the end of the log")
        client.close()

    def offsets(self):
        committed = bus.CommittedOffsets(self.world.brokers)
        self._same("offsets", "committed", self.model.ends, committed.get())
        committed.close()


def _grant_value(g, owner_id):
    """The value of a grant in Redis, with times of 6 bytes, and the grantor unless it is the owner."""
    by = b"" if g.granted_by == owner_id else uuid.UUID(g.granted_by).bytes
    ends = b"" if g.expires_at is None else g.expires_at.to_bytes(6, "big")
    return ROLES[g.role] + g.granted_at.to_bytes(6, "big") + by + ends


def _number(table, symbol):
    """The number of an enum's symbol, from 1; 0: none."""
    return bytes([table.index(symbol) + 1 if symbol else 0])


def _handoff_value(h):
    """The value of a handoff in Redis: cache/handoff_layout.h."""
    roles, kinds = ("use", "admin"), ("user", "group")
    actors = ("user", "service_account", "agent", "system")
    out = [
        _number(("review", "takeover", "input"), h.kind),
        _number(("offered", "accepted", "returned"), h.state),
        _number(roles, h.role),
        _number(roles, h.had_role),
        b"1" if h.own_grant else b"0",
        _written(h.step),
        _number(actors, h.offered_by["kind"]) + uuid.UUID(h.offered_by["id"]).bytes,
        _number(kinds, h.to[0]) + uuid.UUID(h.to[1]).bytes,
        uuid.UUID(h.accepted_by or bus.NIL_ID).bytes,
    ]
    out += [struct.pack(">q", NEVER if at is None else at) for at in (h.offered_at, h.expires_at, h.had_until)]
    out.append(_written_text(h.summary))
    out += [_written_optional(t) for t in (h.question, h.answer_schema, h.note)]
    out.append(_number(("coder", "a2a", "mcp", "langgraph", "other"), h.task and h.task["system"]))
    if h.task:
        out += [_written_text(h.task["id"]), _written_optional(h.task["url"])]
    out.append(_written(len(h.artifacts)))
    out += [_written_text(a[k]) for a in h.artifacts for k in ("name", "url")]
    return b"".join(out)


def _written(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _written_text(text):
    return _written(len(text.encode())) + text.encode()


def _written_optional(text):
    return b"\0" if text is None else _written(len(text.encode()) + 1) + text.encode()


def _stored(w):
    """{id: the other fields} of the workspace's handoffs, as the changelog has them."""
    out = {}
    for id, h in w.handoffs.items():
        out[id] = dataclasses.asdict(h) | {"to": {"kind": h.to[0], "id": h.to[1]}}
        del out[id]["id"]
    return out


def _told(notices):
    """What somebody is told by one command, comparable: [(kind, handoff, step)] and [(group, role)], each sorted.
    Where several handoffs end at once, it is not said which of their notices tells of the access."""
    steps = sorted((kind, handoff or "", step or 0) for kind, _, _, handoff, step in notices)
    return steps, sorted((group or "", role or "") for _, group, role, _, _ in notices)


def _text(raw):
    return str(uuid.UUID(bytes=raw)) if len(raw) == 16 else repr(raw)


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _sized(data, at):
    size, at = _varint(data, at)
    return data[at : at + size], at + size


def _outcomes(data):
    """Yields (offset, outcome, command id) of each outcome in the value of an entry."""
    at = 0
    while at < len(data):
        offset, at = _varint(data, at)
        outcome = data[at]
        _, at = _varint(data, at + 2)
        id, at = _text(data[at : at + 16]), at + 16
        _, at = _sized(data, at)
        yield offset, outcome, id


def connect(address, timeout_s=None, **more):
    host, port = address.rsplit(":", 1)
    return redis.Redis(host=host, port=int(port), socket_timeout=timeout_s, **more)
