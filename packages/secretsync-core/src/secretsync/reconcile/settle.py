"""`settle`: run a pure function of answers against the store, once.

A run asks; what is not known is noted and the run ends (`NotYet`). The engine has everything that was missed fetched
in one batch, and the function runs again from its start. When nothing was missed the result stands. What is made by
being asked for (a lease) is fetched when the run, given stand-ins, comes to its end with nothing else missing or failed.

`NotYet` and `AskFailed` are no `Exception`s, so that no careless `except Exception` in a `desired` function hides
them; and because a careless `except BaseException` could, `settle` looks at what the `Ask` noted, not only at what
came out: a run that missed or met a failure never has a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from attrs import frozen

from ..cache.entry import NEVER
from ..cache.store import INPUTS, Store
from ..errors import CredentialsNotFound, SecretSyncError
from ..ports import AnyQuery
from ..queries import Absent, Failed, Found, Purpose, Query
from ..targets import Observe, Observed, Recorded, Ref, Target
from .messages import Subject

T = TypeVar("T")


class NotYet(BaseException):
    """A run met something that is not known yet."""


class AskFailed(BaseException):
    """A run met an answer that could not be had."""

    def __init__(self, query: AnyQuery, failed: Failed) -> None:
        super().__init__(query, failed)
        self.query = query
        self.failed = failed


class Ask:
    """The only thing a `desired` function (or a guard) may do: look answers up in memory.

    Made for one run; not thread-safe.
    """

    def __init__(
        self,
        store: Store,
        *,
        now: float,
        since: float,
        max_age: float,
        permit: Callable[[AnyQuery, Ask], None],
        anew: bool = False,
    ) -> None:
        self._store = store
        self._now = now
        self._since = since
        self._max_age = max_age
        self._permit = permit
        self._oldest = since if anew else NEVER
        self.asked: dict[AnyQuery, float] = {}
        """Every query, with the age that is accepted in seconds."""
        self.missed: dict[AnyQuery, bool] = {}
        """What is not known yet; True: its value is needed."""
        self.effects: dict[AnyQuery, float] = {}
        """What is not there yet and is made by being asked for, each with the age that is accepted in seconds.

        It does not count as asked, or it would be made some day though the run came to nothing.
        """
        self.failed: AskFailed | SecretSyncError | None = None
        """Why nothing can come of this run, whatever its function makes of it."""

    def __call__(self, query: Query[T], *, max_age: float | None = None) -> Found[T] | Absent:
        """Return what is known. `max_age` in seconds; None: the subject's; 0: a read that ends after this run began."""
        return self.all((query,), max_age=max_age)[0]

    def all(self, queries: Iterable[Query[T]], *, max_age: float | None = None) -> tuple[Found[T] | Absent, ...]:
        """Return several answers, noting all that is missed before the run ends."""
        answers = [self._look(query, max_age, value=True) for query in queries]
        return tuple(answer if answer is not None else _not_yet() for answer in answers)

    def digest(self, query: AnyQuery) -> bytes:
        """Return the keyed digest of an answer; brings no value into memory that is not there."""
        if self._look(query, None, value=False) is None:
            raise NotYet
        return self._store.entry(query).digest

    def confirm(self, asked: Mapping[AnyQuery, float]) -> None:
        """Make sure that all of these are known and young enough, values or not."""
        for query, max_age in asked.items():
            self._look(query, max_age, value=False)
        self.verify()

    def verify(self) -> None:
        """Raise what this run met, if it met anything that leaves it without a result, caught or not."""
        self.verify_reads()
        if self.effects:
            raise NotYet

    def verify_reads(self) -> None:
        """Do so, but for what is only made when nothing else is missing."""
        if self.failed:
            raise self.failed
        if self.missed:
            raise NotYet

    def wanted(self) -> Mapping[AnyQuery, bool]:
        """Return what is to be fetched now: what makes something by being asked for comes last, alone."""
        if self.missed:
            return self.missed
        self.asked |= self.effects
        return dict.fromkeys(self.effects, True)

    def _look(self, query: Query[T], max_age: float | None, *, value: bool) -> Found[T] | Absent | None:
        if query.purpose in INPUTS:
            try:
                self._permit(query, self)
            except NotYet:
                return None  # what is not yet allowed is not noted, its siblings still are
            except SecretSyncError as exc:
                self.failed = exc
                raise
        query = self._store.own(query)
        age = self._max_age if max_age is None else max_age
        self.asked[query] = min(age, self.asked.get(query, age))
        answer = self._store.look(query, now=self._now, not_before=max(self._since - age, self._oldest), value=value)
        if isinstance(answer, Failed):
            self.asked[query] = min(age, self._max_age)  # it may come back any time
            self.failed = AskFailed(query, answer)
            raise self.failed
        if isinstance(answer, Absent) and age > self._max_age:
            return self._look(query, self._max_age, value=value)  # what is not there yet may come any time
        if answer is None and query.creates:
            self.effects[query] = self.asked.pop(query)
        elif answer is None:
            self.missed[query] = self.missed.get(query, False) or value
        elif isinstance(answer, Absent) and query.purpose is Purpose.CREDENTIAL:
            self.failed = CredentialsNotFound(f"{query} does not exist; create it, or correct the reference to it")
            raise self.failed
        return answer  # type: ignore[return-value]  # the store holds answers of every type, this one by its query


def _not_yet() -> Found[T]:
    raise NotYet


Guard = Callable[[Subject, "AnyQuery | Ref", Ask], None]
"""Sees every query of data or credentials before it is noted and every target before it is looked at; raises a
`SecretSyncError` to refuse, and may itself ask (queries of purpose GUARD)."""


def allow(subject: Subject, what: AnyQuery | Ref, ask: Ask) -> None:
    """The guard that refuses nothing."""


@frozen
class Parked:
    """Something is missing; the run begins again when it is there."""

    missed: Mapping[AnyQuery, bool]


@frozen
class Quiet:
    """The same answers, and every target as it was left."""


@frozen
class Settled:
    """What should be, what is, and the fingerprint of all it was computed from."""

    inputs: bytes
    targets: tuple[tuple[Target | Recorded, Observed | None], ...]


@frozen
class Memory:
    """What an earlier run left: its fingerprint, what it asked, and the digest of every target as it was verified.

    A target that could not be verified stands in `verified` with None: nothing verified is not everything verified.
    """

    inputs: bytes = b""
    asked: Mapping[AnyQuery, float] = {}
    verified: Mapping[Ref, bytes | None] = {}


def settle(subject: Subject, ask: Ask, store: Store, *, memory: Memory, guard: Guard) -> Parked | Quiet | Settled:
    """Run it once.

    Raises:
        AskFailed: An answer could not be had; nothing may be written.
        SecretSyncError: The guard, the specification or the data says no; nothing may be written.
    """
    try:
        return _checked(subject, ask, store, memory, guard)
    except NotYet:
        return Parked(ask.wanted())


def _checked(subject: Subject, ask: Ask, store: Store, memory: Memory, guard: Guard) -> Quiet | Settled:
    """Evaluate, and let no result and no error stand that was drawn from answers that are not there.

    An error that says on purpose why not stands though a lease is missing: nothing is lent for what fails.
    """
    try:
        result = _evaluate(subject, ask, store, memory, guard)
    except SecretSyncError:
        ask.verify_reads()
        raise
    except Exception:
        ask.verify()
        raise
    ask.verify()
    return result


def _evaluate(subject: Subject, ask: Ask, store: Store, memory: Memory, guard: Guard) -> Quiet | Settled:
    if _same(subject, ask, store, memory):
        for ref in memory.verified:
            guard(subject, ref, ask)
        return Quiet()
    targets = _wanted(subject, ask)
    for target in targets:
        guard(subject, target.ref, ask)
    seen = ask.all([Observe(target.ref) for target in targets])
    live = (answer.value if isinstance(answer, Found) else None for answer in seen)
    return Settled(store.fingerprint(subject.spec, ask.asked), tuple(zip(targets, live, strict=True)))


def _same(subject: Subject, ask: Ask, store: Store, memory: Memory) -> bool:
    """The same answers, confirmed, and every target as it was left. One that goes is always looked at anew."""
    if subject.deleted or not memory.inputs or store.fingerprint(subject.spec, memory.asked) != memory.inputs:
        return False
    ask.confirm(memory.asked)
    return all(digest == store.entry(Observe(ref)).digest for ref, digest in memory.verified.items())


def _wanted(subject: Subject, ask: Ask) -> tuple[Target | Recorded, ...]:
    """What the subject wants, then what it wanted before and no longer names.

    One that goes wants and asks nothing, so no dead backend blocks it; what it does not own keeps its marks, for a
    successor of the same name.
    """
    if subject.deleted:
        return tuple(recorded for recorded in subject.recorded if recorded.policy.owns)
    targets = subject.desired(ask)
    ask.verify()
    named = {target.ref for target in targets}
    return (*targets, *(recorded for recorded in subject.recorded if recorded.ref not in named))
