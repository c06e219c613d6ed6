"""`settle`: run a pure function of answers against the store, once.

A run asks; what is not known is noted and the run ends (`NotYet`). The engine has everything that was missed fetched
in one batch, and the function runs again from its start. When nothing was missed the result stands. What is made by
being asked for (a lease) is fetched when the run, given stand-ins, comes to its end with nothing else missing or failed;
one that was refused is tried again under the same condition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..cache.store import Store
from ..classes import frozen
from ..errors import SecretSyncError
from ..ports import AnyQuery
from ..queries import Found
from ..targets import Observe, Observed, Recorded, Ref, Target
from .ask import Ask, NotYet
from .messages import Subject

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
