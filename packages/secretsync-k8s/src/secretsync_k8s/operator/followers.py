"""The workloads that ask to be restarted, between their watches and the engine, and what became of each (kmssecret §6).

Watches bring metadata alone, and most of what they tell is how far pods have come. So a workload is looked at when its
generation or what concerns us of its annotations has moved, by one read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Final

from attrs import define, frozen

from secretsync.reconcile.messages import Applied, Moved, Outcome, Subject
from secretsync.reconcile.settle import Ask
from secretsync.targets import Change as Deed
from secretsync.targets import Observe, Ref, Target
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
        ref: As a target.
        looks: What of its metadata must move to have it looked at.
        look: The last complete one; None before.
        due: What it is restarted for, since the last outcome that told of a write.
        problem: Why it could not be restarted, as it was told last.
        marks: Of the objects that keep what it uses, or used since they were told last.
        happened: Something did since then.
        looked: How often it was looked at.
    """

    ref: Ref
    looks: object
    look: Look | None = None
    due: frozenset[Use] = frozenset()
    problem: str = ""
    marks: frozenset[str] = frozenset()
    happened: bool = False
    looked: int = 0


@frozen
class News:
    """What an outcome of a workload means to others.

    Attributes:
        marks: Of the objects that keep what it uses, or used when they were told last.
        happened: Something did that they were not told: it was restarted, could not be or need not be, or goes.
        restarted: What it was restarted for, by the mark of who keeps it.
        problem: Why it could not be restarted, if that is new.
        skipped: Why it was not, if that is new.
        lagging: The marks of what it is not restarted for yet.
    """

    marks: frozenset[str] = frozenset()
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

    def changed(self, resource: Resource, change: Change) -> Applied | Moved | None:
        """Take in what a watch tells and return it for the engine; None where it is of no concern."""
        metadata = change.object["metadata"]
        ref = Ref(HOST, resource.kind, metadata["name"], metadata["namespace"])
        key = subject_key(resource.kind, ObjectRef.of(change.object))
        asks = change.type is not ChangeType.DELETED and asked_ways(_annotations(metadata).get(AUTO_RELOAD, ""))
        with self._lock:
            known = self._there.get(key)
            if not asks:
                return self._leaves(key) if known else None
            looks = _looks(metadata)
            if known is None:
                self._there[key] = _Follower(ref, looks, marks=self._left.pop(key, frozenset()))
                self._unheard.add(key)
                return Applied(Subject(key, HOST, _Following(self, key, ref), b"", HOUR))
            if known.looks == looks:
                return None
            known.looks = looks
        return Moved(Observe(ref), Version(metadata["resourceVersion"]))

    def _leaves(self, key: str) -> Applied:
        """Have the engine say a last word about it and forget it; what it was told stays with it."""
        one = self._there.pop(key)
        self._unheard.discard(key)
        self._unlist(key, one)
        self._left[key] = one.marks
        return Applied(Subject(key, HOST, _nothing, b"", HOUR, once=True, deleted=True))

    # -- what becomes of them

    def saw(self, key: str, look: Look) -> None:
        """Take in a look that had all its answers."""
        with self._lock:
            if (one := self._there.get(key)) is None:
                return
            self._unlist(key, one)
            one.look = look
            one.due |= frozenset(look.lagging)
            one.marks |= _marks(look)
            one.looked += 1
            for mark in _marks(look):
                self._users.setdefault(mark, set()).add(key)

    def _unlist(self, key: str, one: _Follower) -> None:
        for mark in _marks(one.look):
            users = self._users[mark]
            users.discard(key)
            if not users:
                del self._users[mark]

    def told(self, key: str, outcome: Outcome) -> News:
        """Take in an outcome and return what is new of it.

        Of one that is told twice only the marks are, until `passed_on`.
        """
        with self._lock:
            self._unheard.discard(key)
            one = self._there.get(key)
            if one is None:
                return News(self._left.get(key, frozenset()), happened=True)
            problem = "; ".join(str(error) for error in outcome.errors)
            is_new, one.problem = problem != one.problem, problem
            restarted = self._wrote(one, outcome)
            skipped = next((note.message for note in outcome.notes if note.reason == rollouts.SKIPPED), "")
            one.happened |= bool(is_new or restarted or skipped)
            return News(
                one.marks,
                happened=one.happened,
                restarted=restarted,
                problem=problem if is_new else "",
                skipped=skipped,
                lagging=frozenset(mark for mark in one.marks if _is_lagging(one, mark)),
                looked=one.looked,
            )

    def passed_on(self, key: str, news: News) -> None:
        """Note that all concerned were told, unless more came meanwhile."""
        with self._lock:
            self._left.pop(key, None)
            one = self._there.get(key)
            if one is not None and one.looked == news.looked:
                one.marks, one.happened = _marks(one.look), False

    @staticmethod
    def _wrote(one: _Follower, outcome: Outcome) -> Mapping[str, tuple[Use, ...]]:
        """Note how the workload is now; return what it was restarted for, if this outcome tells of a write."""
        seen = next((kept.observed for kept in outcome.targets if kept.observed), None)
        if one.look is None or seen is None or outcome.errors:
            return {}
        now = one.look = Look(seen, one.look.stamps)
        if not any(note.reason in _WRITES for note in outcome.notes):
            return {}
        due, one.due = one.due & now.stamps.keys(), frozenset(now.lagging)
        done = sorted(use for use in due if now.restarted_for(use))
        return {mark: tuple(use for use in done if now.stamps[use].mark == mark) for mark in _marks(now) if done}

    def of(self, mark: str) -> Rollouts | None:
        """Return how the workloads stand that use what an object keeps; None while one of them is not settled."""
        with self._lock:
            users = [self._there[key] for key in self._users.get(mark, ())]
            if self._unheard or not self._complete() or any(_is_pending(one, mark) for one in users):
                return None
            return Rollouts(
                restarted=sum(_was_restarted(one, mark) for one in users),
                skipped=sum(_is_lagging(one, mark) and not one.problem for one in users),
                problems=tuple(sorted({one.problem for one in users if one.problem and _is_lagging(one, mark)})),
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


def _annotations(metadata: Json) -> dict[str, str]:
    return metadata.get("annotations") or {}


def _looks(metadata: Json) -> object:
    ours = sorted((name, text) for name, text in _annotations(metadata).items() if name.startswith(PREFIX))
    return metadata["uid"], metadata.get("generation", 0), ours


def _marks(look: Look | None) -> frozenset[str]:
    return frozenset(stamp.mark for stamp in look.stamps.values()) if look else frozenset()


def _of(uses: Iterable[Use], one: _Follower, mark: str) -> list[Use]:
    return [use for use in uses if one.look and one.look.stamps[use].mark == mark]


def _is_lagging(one: _Follower, mark: str) -> bool:
    return one.look is not None and bool(_of(one.look.lagging, one, mark))


def _is_pending(one: _Follower, mark: str) -> bool:
    return one.look is not None and not one.look.held and not one.problem and _is_lagging(one, mark)


def _was_restarted(one: _Follower, mark: str) -> bool:
    if one.look is None or _is_lagging(one, mark):
        return False
    return any(one.look.restarted_for(use) for use in _of(one.look.stamps, one, mark))
