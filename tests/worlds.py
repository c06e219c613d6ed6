"""A store, a disk and a driver of virtual time, in memory: what tests of the engine run against.

`World` answers fetches and performs writes; `Play` hands the engine what happened, one event at a time, in the order
of a virtual clock. Deterministic: the same script gives the same run.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import count

from attrs import define, field

from secretsync.clock import FOREVER
from secretsync.digest import Digester
from secretsync.errors import AuthenticationFailed, Forbidden, PathNotFound, SecretSyncError, TargetMoved, Unavailable
from secretsync.policies import KMS_ORPHAN, Policy
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import UNCHANGED, Absent, Failed, Found, Identity, Purpose, Query, Scope, query
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import (
    Answered,
    Applied,
    Desired,
    Effect,
    Event,
    Fetch,
    Moved,
    Outcome,
    Perform,
    Performed,
    Report,
    Reported,
    Subject,
)
from secretsync.reconcile.reads import LEAST
from secretsync.reconcile.settle import Guard, allow
from secretsync.retry import Backoff, Chance
from secretsync.targets import Create, Delete, Observe, Observed, Recorded, Ref, Release, Target, Update
from secretsync.values import Document, Flatten, Row, SecretValue, Version

DIGEST = Digester(b"install key")
DOWN = Failed(Unavailable("kms", "read", "connection refused"), Scope.HOST)
REFUSED = Failed(AuthenticationFailed("kms", "read", "authentication failed"), Scope.CREDENTIAL)
UNTOLD = Unavailable("cluster", "report", "refused")
FORBIDDEN = Failed(Forbidden("kms", "read", "forbidden"), Scope.SUSPECT)


@query
class Credentials(Query[Mapping[str, SecretValue]]):
    name: str
    purpose = Purpose.CREDENTIAL
    pushed = True
    host = "cluster"


@query
class Token(Query[SecretValue]):
    identity: Identity
    backoff = Backoff(base=30.0, floor=30.0)

    @property
    def host(self) -> str:
        return self.identity.host

    @property
    def credential(self) -> Query[object] | None:
        return self.identity.source


@query
class Folder(Query[Document]):
    identity: Identity
    path: str

    @property
    def host(self) -> str:
        return self.identity.host

    @property
    def credential(self) -> Query[object]:
        return Token(self.identity)


def document(**rows: str) -> Document:
    return Document(tuple(Row(key, SecretValue(value)) for key, value in rows.items()))


def login(ask: Ask, credentials: str = "creds", host: str = "kms") -> Identity:
    source = Credentials(credentials)
    return Identity(host, "universal-auth", source, ask.digest(source))


def copy(path: str, *targets: str, policy: Policy = KMS_ORPHAN, mark: str = "one", **who: str) -> Desired:
    """The desired function of an object that copies a folder to some targets."""

    def desired(ask: Ask) -> tuple[Target, ...]:
        answer = ask(Folder(login(ask, **who), path))
        if isinstance(answer, Absent):
            raise answer.why or AssertionError
        content = answer.value.fields(Flatten())
        return tuple(Target(secret(name), content, policy, mark) for name in targets)

    return desired


def secret(name: str) -> Ref:
    return Ref("cluster", "Secret", name, "ns")


def subject(desired: Desired, key: str = "one", spec: bytes = b"1", period: float = 60.0, **more: object) -> Subject:
    return Subject(key, "cluster", desired, spec, period, **more)  # type: ignore[arg-type]


@define
class World:
    """Everything outside the engine. `faults(query or action, now)` may answer in its place."""

    faults: Callable[[object, float], Failed | None] = lambda what, now: None
    token_ttl: float = 3600.0
    token_uses: int = 0
    folders: dict[str, Document] = field(factory=dict)
    credentials: dict[str, SecretValue] = field(factory=lambda: {"creds": SecretValue("s3cr3t")})
    targets: dict[Ref, Observed] = field(factory=dict)
    data: dict[Ref, dict[str, bytes]] = field(factory=dict)
    tokens: dict[SecretValue, float] = field(factory=dict)
    uses: Counter[SecretValue] = field(factory=Counter)
    counts: Counter[str] = field(factory=Counter)
    conditional: Counter[str] = field(factory=Counter)
    moved: list[Moved] = field(factory=list)
    deleted: list[Ref] = field(factory=list)
    refused: set[SecretValue] = field(factory=set)
    """Credentials that no longer log in."""
    stale: set[SecretValue] = field(factory=set)
    """Tokens that are answered with a plain 403."""
    _serial: count[int] = field(factory=lambda: count(1))

    def read(self, fetch: Fetch, now: float) -> dict[AnyQuery, AnyWire]:
        name = type(fetch.queries[0]).__name__
        self.counts[name] += 1
        self.conditional[name] += bool(fetch.known)
        answers: dict[AnyQuery, AnyWire] = {}
        for asked in fetch.queries:
            answer = self.faults(asked, now) or self._answer(asked, fetch, now)
            same = isinstance(answer, Found) and answer.version and fetch.known.get(asked) == answer.version
            answers[asked] = UNCHANGED if same else answer
        return answers

    def _answer(self, asked: AnyQuery, fetch: Fetch, now: float) -> AnyWire:
        match asked:
            case Credentials(name=name):
                held = self.credentials.get(name)
                return Found(held, Version(DIGEST(held).hex())) if held else Absent()
            case Observe(ref=ref):
                seen = self.targets.get(ref)
                return Found(seen, seen.version) if seen else Absent()
            case Token():
                if fetch.credential is None or fetch.credential.value in self.refused:
                    return Failed(AuthenticationFailed("kms", "login", "authentication failed"))
                token = SecretValue(f"token-{next(self._serial)}")
                self.tokens[token] = now + self.token_ttl
                life = self.token_ttl
                return Found(token, renew_in=life * 0.8, expires_in=life, uses=self.token_uses)
            case Folder(path=path):
                if fetch.credential is None or not self._good(fetch.credential.value, now):
                    self.counts["refused"] += 1
                    return REFUSED
                if fetch.credential.value in self.stale:
                    return FORBIDDEN
                found = self.folders.get(path)
                if found is None:
                    return Absent(PathNotFound("kms", "list", f"path not found: {path}"))
                return Found(found, Version(DIGEST(found).hex()))
        raise AssertionError(asked)

    def _good(self, token: SecretValue, now: float) -> bool:
        self.uses[token] += 1
        return now < self.tokens.get(token, 0.0) and (not self.token_uses or self.uses[token] <= self.token_uses)

    def perform(self, effect: Perform, now: float) -> AnyWire:
        self.counts["writes"] += 1
        ref, action = effect.ref, effect.action
        if failed := self.faults(action, now):
            return failed
        live = self.targets.get(ref)
        expected = (None, None) if isinstance(action, Create) else (action.uid, action.version)
        if expected != ((live.uid, live.version) if live else (None, None)):
            return Failed(TargetMoved(f"{ref} moved"))
        match action:
            case Create():
                content = {key: value.reveal() for key, value in action.content.items()}
                return self.put(ref, content, action.mark, dict(action.attributes))
            case Update():
                data = self.data[ref] | {key: value.reveal() for key, value in action.put.items()}
                attributes = {**self.targets[ref].attributes, **action.attributes}
                kept = {name: text for name, text in attributes.items() if text is not None}
                return self.put(ref, {k: v for k, v in data.items() if k not in action.drop}, action.mark, kept)
            case Delete():
                self.deleted.append(ref)
                self.remove(ref)
                return Absent()
            case Release():
                return self.put(ref, self.data[ref])

    def put(
        self, ref: Ref, data: dict[str, bytes], mark: str | None = None, attributes: Mapping[str, str] | None = None
    ) -> Found[Observed]:
        """Write a target, as a user or for the engine."""
        version = Version(str(next(self._serial)))
        uid = self.targets[ref].uid if ref in self.targets else f"uid-{version}"
        keys = {key: DIGEST(SecretValue(raw)) for key, raw in data.items()}
        self.data[ref], self.targets[ref] = data, Observed(keys, uid, version, mark, "", attributes or {})
        self.moved.append(Moved(Observe(ref), version))
        return Found(self.targets[ref], version)

    def remove(self, ref: Ref) -> None:
        del self.targets[ref], self.data[ref]
        self.moved.append(Moved(Observe(ref), Version("")))

    def rotate(self, name: str, value: str | None) -> None:
        if value is None:
            del self.credentials[name]
        else:
            self.credentials[name] = SecretValue(value)
        held = self.credentials.get(name)
        self.moved.append(Moved(Credentials(name), Version(DIGEST(held).hex()) if held else Version("")))


@define
class Play:
    """Runs an engine in virtual time; every effect takes `latency` seconds and is decided at its end.

    `check` is called after every step with its effects; `late` names hosts with a latency of their own. No query may
    ever be in flight twice, no target be written twice at once, no subject be told of twice at once.
    """

    world: World = field(factory=World)
    latency: float = 0.05
    late: dict[str, float] = field(factory=dict)
    chance: Chance = lambda: 0.5
    guard: Guard = allow
    check: Callable[[list[Effect]], None] = lambda effects: None
    longest: float = 300.0
    least: float = LEAST
    limits: Mapping[str, int] = field(factory=dict)
    now: float = 0.0
    reports: dict[str, list[Outcome]] = field(factory=dict)
    refuse: Callable[[Report], SecretSyncError | None] = lambda report: None
    engine: Engine = field(init=False)
    flying: set[object] = field(factory=set)
    _queue: list[tuple[float, int, object]] = field(factory=list)
    _order: count[int] = field(factory=count)

    def __attrs_post_init__(self) -> None:
        self.engine = Engine(
            digest=DIGEST,
            chance=self.chance,
            limit=lambda host: self.limits.get(host, 16),
            guard=self.guard,
            longest=self.longest,
            least=self.least,
        )

    def at(self, time: float, what: Event | Callable[[], object]) -> None:
        heapq.heappush(self._queue, (time, next(self._order), what))

    def apply(self, *subjects: Subject, at: float | None = None) -> None:
        for one in subjects:
            self.at(self.now if at is None else at, Applied(one))

    def run(self, until: float) -> None:
        """Let time pass; fails when it does not, because the engine wants to be called again and again."""
        still = 0
        while (time := min(self._queue[0][0] if self._queue else FOREVER, self.engine.wake_at)) <= until:
            still = still + 1 if time <= self.now else 0
            assert still < 10_000, "the engine runs hot"
            self.now = max(self.now, time)
            events = []
            while self._queue and self._queue[0][0] <= self.now:
                events += self._deliver(heapq.heappop(self._queue)[-1])
            effects = self.engine.step(events, self.now)
            for effect in effects:
                assert not self.flying & _things(effect), f"twice at once: {effect}"
                self.flying |= _things(effect)
                self.at(self.now + self.late.get(effect.host, self.latency), effect)  # type: ignore[arg-type]
            self.check(effects)
            for moved in self.world.moved:
                self.at(self.now + self.latency, moved)
            self.world.moved.clear()
        self.now = until

    def _deliver(self, what: object) -> list[Event]:
        self.flying -= _things(what)
        match what:
            case Fetch():
                return [Answered(what, self.world.read(what, self.now), self.now)]
            case Perform():
                return [Performed(what, self.world.perform(what, self.now))]
            case Report():
                if error := self.refuse(what):
                    return [Reported(what, error)]
                self.reports.setdefault(what.key, []).append(what.outcome)
                return [Reported(what)]
            case _ if callable(what):
                what()
                return []
            case _:
                return [what]  # type: ignore[list-item]

    def last(self, key: str = "one") -> Outcome:
        return self.reports[key][-1]


def _things(effect: object) -> set[object]:
    """What an effect is about."""
    match effect:
        case Fetch():
            return set(effect.queries)
        case Perform():
            return {effect.ref}
        case Report():
            return {effect.key}
        case _:
            return set()


def recorded(ref: Ref, policy: Policy, mark: str = "one") -> Recorded:
    return Recorded(ref, policy, mark)
