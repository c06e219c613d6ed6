"""What must hold in every life, whatever happens; looked at from outside, without what the operators think.

Violations end a life at once: what follows would be told of a world that is broken already.
"""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import field

from secretsync.classes import define
from secretsync.devserver.routing import Call, Reply
from secretsync.testing.simulation.violated import Violated, tell

from ...cluster.marks import OWNER
from ...cluster.transport import Body, Json
from .grants import DRIFT, SLACK
from .network import ApiCall
from .permits import Permits
from .process import OperatorProcess
from .remains import Remains
from .scenario import CANARY, Place, full_name, interval_of, targets_of
from .stage import Stage
from .traffic import Traffic

TAKEOVER: Final = 17.0
_SECOND_LOOK: Final = 0.9
"""Of an interval, what must lie between two answers: a check in its turn may come a little before the second look."""
_REMINDERS: Final = 2
"""Writes of a status in the quiet because its count of failures has doubled."""
_OK: Final = 200
_NOT_MODIFIED: Final = 304
_LEASES: Final = "leases"
_REFUSALS: Final = ("CredentialsNotFound", "TargetForbidden")


@define(eq=False)
class Served:
    """What a server has answered about one folder: which keys from when to when, newest last."""

    answers: list[tuple[float, float, frozenset[str]]] = field(factory=list)

    def add(self, at: float, keys: frozenset[str]) -> None:
        first = self.answers.pop()[0] if self.answers and self.answers[-1][2] == keys else at
        self.answers.append((first, at, keys))
        del self.answers[:-8]

    def lacked(self, keys: frozenset[str]) -> float | None:
        """Return for how many seconds it has answered without these; None if it never has, or holds nothing now."""
        spans = [(first, last) for first, last, held in self.answers if not held & keys]
        if not spans or not self.answers[-1][2]:
            return None
        return spans[-1][1] - spans[0][0]


class Oracle(logging.Handler):
    """Watches a stage. Its methods raise `Violated`."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(logging.DEBUG)
        self.writes: Counter[str] = Counter()
        """Requests that took effect, without those about Leases."""
        self._stage = stage
        self._permits = Permits(stage)
        self._traffic = Traffic(stage, self._permits)
        self._remains = Remains(stage)
        self._served: dict[Place, Served] = {}
        self._written: dict[tuple[str, str], set[str]] = {}
        self._wanted: dict[tuple[str, str], dict[Place, None]] = {}
        self._asking: set[tuple[tuple[str, str], str]] = set()
        self._unwanted: set[tuple[str, str]] = set()
        stage.asked = self._traffic.asked
        for host, server in stage.servers.items():
            server.answered = lambda call, reply, host=host: self.answered(host, call, reply)  # type: ignore[misc]

    # -- looking on

    def answered(self, host: str, call: Call, reply: Reply) -> None:
        """A server answers."""
        self._traffic.answered(host, call, reply)
        if "secretPath" not in call.query or reply.status not in (_OK, _NOT_MODIFIED):
            return
        place = self._stage.scenario.listed(host, call.query)
        if reply.status == _OK:
            keys = frozenset(row["secretKey"] for row in json.loads(reply.body).get("secrets") or ())
        else:  # what it has not sent is what it holds
            keys = frozenset(self._stage.truth.get(place, ()))
        self._served.setdefault(place, Served()).add(self._stage.world.now, keys)

    def done(self, process: OperatorProcess, call: ApiCall, body: Body | None) -> None:
        """A request of an operator took effect."""
        if call.resource == _LEASES or not call.writes:
            return
        self.writes[str(call)] += 1
        self._only_leader_writes(process, call)
        self._no_value_elsewhere(process, call, body)
        if call.resource == "secrets":
            self._secret_written(process, call, body)

    def begin_storm(self) -> None:
        """Forget what people wanted before."""
        self._traffic.begin_storm()
        self._remains.begin_storm()
        self._wanted.clear()
        self._unwanted.clear()
        self.edited()

    def end_storm(self) -> None:
        """From now on nothing goes wrong any more."""
        self._traffic.stormy = False

    def edited(self) -> None:
        """People changed what they want; operators may be told of it late, as long as a storm is on."""
        self._permits.edited()
        self._traffic.edited()
        self._remains.edited()
        asking = set()
        for obj in self._stage.objects():
            for target in targets_of(obj):
                asking.add((target, full_name(obj)))
                self._wanted.setdefault(target, {}).update(dict.fromkeys(self._stage.folders_of(obj)))
        self._unwanted |= {target for target, _ in self._asking - asking}
        self._asking = asking

    def check(self) -> None:
        """Look at what must hold at every moment."""
        leading = [one.name for one in self._stage.alive if one.leading]
        if len(leading) > 1:
            raise Violated("one leader", f"{' and '.join(leading)} lead at once")

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a log line."""
        if CANARY + "." in record.getMessage():
            text = f"a log line of {record.name} shows one"
            tell(self._stage.world, Violated("values stay where they belong", text))

    # -- invariants of a write

    def _only_leader_writes(self, process: OperatorProcess, call: ApiCall) -> None:
        others = [one.name for one in self._stage.processes if one is not process and one.leading]
        if others and process.is_alone:
            raise Violated("only the leader writes", f"{process.name}: {call}, while {others[0]} leads")

    def _no_value_elsewhere(self, process: OperatorProcess, call: ApiCall, body: Body | None) -> None:
        if call.resource != "secrets" and CANARY + "." in json.dumps(body):
            raise Violated("values stay where they belong", f"{process.name}: {call} shows one")

    def _secret_written(self, process: OperatorProcess, call: ApiCall, body: Body | None) -> None:
        sent: Json = body if isinstance(body, dict) else {}
        if call.verb == "delete":
            self._may_delete(process, call)
            return
        name = call.name or sent.get("metadata", {}).get("name", "")
        self._permitted(process, call, name)
        data: Mapping[str, Any] = sent.get("data") or {}
        places = self._wanted.get((call.namespace, name))
        if places is None:
            return
        marks = tuple(one.mark for one in places)
        for key, text in data.items():
            if text is not None and not b64decode(text).decode().startswith(marks):
                raise Violated("values stay where they belong", f"{process.name}: {call}: {key} is of another folder")
        dropped = frozenset(key for key, text in data.items() if text is None)
        if dropped:
            self._may_drop(process, call, places, dropped)
        written = self._written.setdefault((call.namespace, name), set())
        written -= dropped
        written |= data.keys() - dropped

    def _permitted(self, process: OperatorProcess, call: ApiCall, name: str) -> None:
        """A grant may be believed for an interval after it was taken back, and a check may be late by one more."""
        writer = _marked(self._stage.secret(call.namespace, name))
        for obj in self._stage.objects():
            if full_name(obj) == writer and self._permits.refused_for(obj) > 2 * DRIFT * interval_of(obj) + SLACK:
                text = f"{process.name}: {call}, for which {writer} may not ask"
                raise Violated("nothing reaches who is refused", text)

    def _may_drop(
        self, process: OperatorProcess, call: ApiCall, places: Iterable[Place], dropped: frozenset[str]
    ) -> None:
        """Keys may go when the server answered without them; most of ours, when it did so for an interval."""
        lacked = [self._served.get(place, Served()).lacked(dropped) for place in places]
        seconds = [one for one in lacked if one is not None]
        if not seconds:
            raise Violated("nothing is removed without proof", f"{process.name}: {call} removes {sorted(dropped)}")
        ours = self._written.get((call.namespace, call.name), set())
        many = len(ours & dropped) * 2 > len(ours)
        if many and len(lacked) == 1 and seconds[0] < self._interval(call) * _SECOND_LOOK:
            text = f"{process.name}: {call} removes {sorted(dropped)}, most of its keys, missing for {seconds[0]:.0f} s"
            raise Violated("most keys go after a second look", text)

    def _interval(self, call: ApiCall) -> float:
        """Return the shortest interval of the objects that ask for a Secret now, 0.0 if none does."""
        askers = (obj for obj in self._stage.objects() if (call.namespace, call.name) in targets_of(obj))
        return min(map(interval_of, askers), default=0.0)

    def _may_delete(self, process: OperatorProcess, call: ApiCall) -> None:
        obj = self._owner(call.namespace, call.name)
        if obj is None or "deletionTimestamp" in obj["metadata"]:
            return
        if (call.namespace, call.name) not in self._unwanted:
            raise Violated(
                "nothing is removed without proof", f"{process.name}: {call}, which {full_name(obj)} asks for"
            )

    def _owner(self, namespace: str, name: str) -> Json | None:
        """Return the object that asks for a Secret now."""
        for obj in self._stage.cluster.list("kmssecrets")["items"]:
            if (namespace, name) in targets_of(obj):
                found: Json = obj
                return found
        return None

    # -- invariants at rest

    def quiet(self) -> None:
        """Nothing was written, but now and then that an object is still refused: its status counts the failures."""
        refused = {
            f"patch kmssecrets/status {full_name(obj)}" for obj in self._stage.objects() if self._permits.refuses(obj)
        }
        loud = {call: n for call, n in self.writes.items() if n > (_REMINDERS if call in refused else 0)}
        if loud:
            written = ", ".join(f"{call}, {times} times" for call, times in sorted(loud.items())[:5])
            raise Violated("a quiet world becomes quiet", f"written though nothing happened: {written}")
        self._remains.look()

    def right(self, *, interval: float, alone: bool) -> None:
        """Every object of this interval or a shorter one has what it asks for.

        Args:
            alone: And nothing else: what vanishes in heaps goes only when it was seen missing a second time.
        """
        for obj in self._stage.objects():
            if interval_of(obj) <= interval:
                self._is_right(obj, alone=alone)

    def _is_right(self, obj: Json, *, alone: bool) -> None:
        if self._permits.refuses(obj):
            self._has_nothing(obj)
            return
        for target in targets_of(obj):
            if wrong := self._stage.wrong_in(obj, target, alone=alone):
                text = f"{full_name(obj)}: Secret {'/'.join(target)} is not right in {', '.join(wrong)}"
                raise Violated("right within its interval", text)
        ready = _ready(obj)
        if ready.get("status") != "True":
            raise Violated("right within its interval", f"{full_name(obj)} is not told as ready: {ready.get('reason')}")

    def _has_nothing(self, obj: Json) -> None:
        """A refused object has no values, and is told so."""
        for target in targets_of(obj):
            secret = self._stage.secret(*target)
            if secret and _marked(secret) == full_name(obj) and _holds_values(secret):
                text = f"{full_name(obj)} is refused, and has Secret {'/'.join(target)}"
                raise Violated("nothing reaches who is refused", text)
        ready = _ready(obj)
        if ready.get("reason") not in _REFUSALS and not self._misses_a_namespace(obj, ready):
            raise Violated("statuses say what is", f"{full_name(obj)} is refused, and told as {ready.get('reason')}")

    def _misses_a_namespace(self, obj: Json, ready: Json) -> bool:
        """A namespace that is not there refuses, and lets nothing be written: who is told either is told the truth."""
        gone = any(self._stage.find("namespaces", namespace) is None for namespace, _ in targets_of(obj))
        return gone and ready.get("reason") == "TargetNamespaceMissing"

    def look(self) -> None:
        """Look at what must hold once a minute."""
        self._traffic.look()
        self._attempted()

    def _attempted(self) -> None:
        """Nothing that is due has waited for more than two intervals, as operators themselves say."""
        for process in self._stage.processes:
            if process.leading and process.driver is not None and process.life.held_until <= self._stage.world.now:
                for host, late in process.driver.engine.lateness(process.monotonic()).items():
                    if late.periods > 2.0:  # noqa: PLR2004 - as the invariant says
                        text = f"{process.name}: {host} is late by {late.seconds:.0f} s"
                        raise Violated("attempted within two intervals", text)

    def somebody_leads(self) -> None:
        """There is one who works."""
        if not any(one.leading for one in self._stage.processes):
            raise Violated("somebody leads", "nobody does")


def _ready(obj: Json) -> Json:
    """Return the condition Ready of an object, {} if it has none."""
    return next((one for one in obj.get("status", {}).get("conditions", ()) if one["type"] == "Ready"), {})


def _marked(secret: Json | None) -> str:
    """Return whose mark a Secret carries, as `namespace/name`."""
    annotations = secret["metadata"].get("annotations") if secret else None
    return str((annotations or {}).get(OWNER, ""))


def _holds_values(secret: Json) -> bool:
    texts = (secret.get("data") or {}).values()
    return any(b64decode(text).startswith(f"{CANARY}.".encode()) for text in texts)
