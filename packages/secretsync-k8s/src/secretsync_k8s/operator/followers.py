"""The workloads that ask to be restarted, between their watches and the engine, and what became of each (kmssecret §6).

Watches bring metadata alone, and most of what they tell is how far pods have come. So a workload is looked at when its
generation or what concerns us of its annotations has moved, by one read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final

from secretsync.classes import define, frozen
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Applied, Event, Moved, Outcome, Subject
from secretsync.targets import Change as Deed
from secretsync.targets import Observe, Observed, Ref, Target
from secretsync.values import Version

from ..cluster.marks import AUTO_RELOAD, PREFIX
from ..cluster.pods import Use
from ..cluster.replica import Change, ChangeType
from ..cluster.resources import Resource
from ..cluster.transport import Json
from ..cluster.workloads import HOST, asked_ways
from ..kinds import rollouts
from ..kinds.base import ObjectRef, Rollouts, subject_key
from ..kinds.rollouts import Look

HOUR: Final = 3600.0
_WRITES: Final = frozenset(deed.value for deed in Deed)


@define(eq=False)
class _Follower:
    """What is known of one workload.

    Attributes:
        looks: What of its metadata must move to have it looked at.
        look: The last complete one; None before.
        due: What it is restarted for, since the last outcome that told of a write.
        problem: Why it could not be restarted, as it was told last.
        concerned: The marks of the objects that keep what it uses, or used since they were told last.
        happened: Something did since then.
        looked: How often it was looked at.
    """

    looks: object
    look: Look | None = None
    due: frozenset[Use] = frozenset()
    problem: str = ""
    concerned: frozenset[str] = frozenset()
    happened: bool = False
    looked: int = 0

    @property
    def marks(self) -> frozenset[str]:
        """Those of the objects that keep what it uses now."""
        return frozenset(stamp.mark for stamp in self.look.stamps.values()) if self.look else frozenset()

    def lags(self, mark: str) -> bool:
        """Return whether it must be restarted for something that this object keeps."""
        return self.look is not None and any(self.look.stamps[use].mark == mark for use in self.look.lagging)

    def is_pending(self, mark: str) -> bool:
        """Return whether it will be at any moment."""
        return self.look is not None and not self.look.held and not self.problem and self.lags(mark)

    def was_restarted(self, mark: str) -> bool:
        """Return whether its pods were started for what this object keeps now."""
        if self.look is None or self.lags(mark):
            return False
        uses = (use for use, stamp in self.look.stamps.items() if stamp.mark == mark)
        return any(map(self.look.restarted_for, uses))

    def wrote(self, seen: Observed) -> Mapping[str, tuple[Use, ...]]:
        """Take in how it is after a write of ours; return what it was restarted for, by the mark of who keeps it."""
        assert self.look is not None  # noqa: S101 - nothing is written before a look
        now = self.look = Look(seen, self.look.stamps)
        due, self.due = self.due & now.stamps.keys(), frozenset(now.lagging)
        restarted: dict[str, tuple[Use, ...]] = {}
        for use in sorted(filter(now.restarted_for, due)):
            mark = now.stamps[use].mark
            restarted[mark] = (*restarted.get(mark, ()), use)
        return restarted


@frozen
class News:
    """What an outcome of a workload means to others.

    Attributes:
        concerned: The marks of the objects that keep what it uses, or used when they were told last.
        happened: Something did that they were not told: it was restarted, could not be or need not be, or goes.
        restarted: What it was restarted for, by the mark of who keeps it.
        problem: Why it could not be restarted, if that is new.
        skipped: Why it was not, if that is new.
        lagging: The marks of those for which it is not restarted yet.
        looked: How often it was looked at by then.
    """

    concerned: frozenset[str] = frozenset()
    happened: bool = False
    restarted: Mapping[str, tuple[Use, ...]] = {}
    problem: str = ""
    skipped: str = ""
    lagging: frozenset[str] = frozenset()
    looked: int = 0


class Followers:
    """Thread-safe: watches and the engine write, reports read.

    Args:
        complete: Returns whether all that there are were told of.
    """

    def __init__(self, complete: Callable[[], bool]) -> None:
        self._complete = complete
        self._there: dict[str, _Follower] = {}
        self._unheard: set[str] = set()
        self._left: dict[str, frozenset[str]] = {}
        self._users: dict[str, set[str]] = {}
        self._lock = Lock()

    # -- what there is

    def changed(self, resource: Resource, change: Change) -> tuple[Event, ...]:
        """Take in what a watch tells and return it for the engine; nothing where it is of no concern."""
        metadata = change.object["metadata"]
        ref = Ref(HOST, resource.kind, metadata["name"], metadata["namespace"])
        key = subject_key(resource.kind, ObjectRef.of(change.object))
        with self._lock:
            known = self._there.get(key)
            if change.type is ChangeType.DELETED or not _asks(metadata):
                return (self._leaves(key, known),) if known else ()
            looks = _looks(metadata)
            if known is not None and known.looks == looks:
                return ()
            moved = Moved(Observe(ref), Version(metadata["resourceVersion"]))
            if known is not None:
                known.looks = looks
                return (moved,)
            self._there[key] = _Follower(looks, concerned=self._left.pop(key, frozenset()))
            self._unheard.add(key)
        # It may be remembered as another of the same name was.
        return moved, Applied(Subject(key, HOST, _Following(self, key, ref), b"", HOUR))

    def _leaves(self, key: str, one: _Follower) -> Applied:
        """Have the engine say a last word about it and forget it; what it was told stays with it."""
        del self._there[key]
        self._unheard.discard(key)
        self._unlist(key, one)
        self._left[key] = one.concerned
        return Applied(Subject(key, HOST, _nothing, b"", HOUR, once=True, deleted=True))

    # -- what becomes of them

    def saw(self, key: str, look: Look) -> None:
        """Take in a look that had all its answers."""
        with self._lock:
            if (one := self._there.get(key)) is None:
                return
            self._unlist(key, one)
            one.look, one.looked = look, one.looked + 1
            one.due |= frozenset(look.lagging)
            one.concerned |= one.marks
            for mark in one.marks:
                self._users.setdefault(mark, set()).add(key)

    def _unlist(self, key: str, one: _Follower) -> None:
        for mark in one.marks:
            users = self._users[mark]
            users.discard(key)
            if not users:
                del self._users[mark]

    def told(self, key: str, outcome: Outcome) -> News:
        """Take in an outcome and return what is new of it.

        Of one that is told twice nothing is but who is concerned, until that is `passed_on`.
        """
        with self._lock:
            self._unheard.discard(key)
            one = self._there.get(key)
            if one is None:
                return News(self._left.get(key, frozenset()), happened=True)
            problem = "; ".join(str(error) for error in outcome.errors)
            is_new, one.problem = problem != one.problem, problem
            seen = _written(outcome)
            restarted = one.wrote(seen) if seen and one.look else {}
            skipped = next((note.message for note in outcome.notes if note.reason == rollouts.SKIPPED), "")
            one.happened |= bool(is_new or restarted or skipped)
            return News(
                one.concerned,
                happened=one.happened,
                restarted=restarted,
                problem=problem if is_new else "",
                skipped=skipped,
                lagging=frozenset(filter(one.lags, one.concerned)),
                looked=one.looked,
            )

    def passed_on(self, key: str, news: News) -> None:
        """Note that all concerned were told, unless more came meanwhile."""
        with self._lock:
            self._left.pop(key, None)
            one = self._there.get(key)
            if one is not None and one.looked == news.looked:
                one.concerned, one.happened = one.marks, False

    def of(self, mark: str) -> Rollouts | None:
        """Return how the workloads stand that use what an object keeps; None while one of them is not settled."""
        with self._lock:
            users = [self._there[key] for key in self._users.get(mark, ())]
            if self._unheard or not self._complete() or any(one.is_pending(mark) for one in users):
                return None
            return Rollouts(
                restarted=sum(one.was_restarted(mark) for one in users),
                skipped=sum(one.lags(mark) and not one.problem for one in users),
                problems=tuple(sorted({one.problem for one in users if one.problem and one.lags(mark)})),
            )


@frozen
class _Following:
    """What a workload is to be told; its table learns of each look."""

    table: Followers
    key: str
    ref: Ref

    def __call__(self, ask: Ask) -> tuple[Target, ...]:
        one = rollouts.look(self.ref, ask)
        if one is None:
            return ()
        self.table.saw(self.key, one)
        return rollouts.desired(self.ref, one, ask)


def _nothing(ask: Ask) -> tuple[Target, ...]:  # noqa: ARG001 - the form of a `Desired`
    return ()


def _asks(metadata: Json) -> bool:
    return bool(asked_ways((metadata.get("annotations") or {}).get(AUTO_RELOAD, "")))


def _looks(metadata: Json) -> object:
    annotations: Json = metadata.get("annotations") or {}
    ours = sorted((name, text) for name, text in annotations.items() if name.startswith(PREFIX))
    return metadata["uid"], metadata.get("generation", 0), ours


def _written(outcome: Outcome) -> Observed | None:
    """Return how a workload is after a write of ours; None where this outcome tells of none that was done."""
    wrote = not outcome.errors and any(note.reason in _WRITES for note in outcome.notes)
    return next((kept.observed for kept in outcome.targets if kept.observed), None) if wrote else None
