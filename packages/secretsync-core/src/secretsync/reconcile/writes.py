"""Writes: what a run does to its targets. Each is decided by itself, sent, and taken in when it is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from attrs import evolve

from ..cache.store import Store
from ..digest import Digester
from ..errors import TargetConflict, TargetMoved, WriterConflict
from ..ports import AnyWire
from ..queries import Failed, Found, Scope
from ..targets import Action, Change, Create, Delete, Note, Observe, Observed, Recorded, Ref, Release, Target, Update
from .hosts import Hosts
from .messages import Kept, Perform
from .plan import Decision, plan
from .run import Draft, Run
from .settle import Settled
from .timers import Timers

LEAVING: Final = b"leaving"
"""In place of the digest of a target that is to be removed and still there: none is like it, so the run goes on."""
_NAMED: Final = 10


class Writes:
    """Owned by one engine.

    Args:
        run_of: Returns the run of a subject, None if it is forgotten.
        learned: Called with what a write has come to, as an answer to who looks at its target.
        written: Called when the last write of a run is done.
    """

    def __init__(
        self,
        store: Store,
        hosts: Hosts[Any],
        timers: Timers[Any],
        *,
        digest: Digester,
        run_of: Callable[[str], Run | None],
        learned: Callable[[Perform, AnyWire, float], None],
        written: Callable[[Run, float], None],
    ) -> None:
        self._store = store
        self._hosts = hosts
        self._timers = timers
        self._digest = digest
        self._run_of = run_of
        self._learned = learned
        self._written = written

    # -- deciding

    def begin(self, run: Run, settled: Settled, now: float) -> Mapping[Ref, bytes | None]:
        """Decide about every target, and have written what differs; return which of them are right as they are."""
        before = {kept.recorded.ref: kept for kept in run.targets}
        verified: dict[Ref, bytes | None] = {}
        run.draft = draft = Draft()
        run.errors, run.down = (), ()
        run.notes += self._fresh_notes(run, settled)
        for target, live in settled.targets:
            kept = before.get(target.ref)
            decision = self._decide(run, target, live, kept, now)
            if settled.inputs in (run.memory.inputs, kept.recorded.inputs if kept else b""):
                decision = self._pacify(run, target.ref, decision, now, right=_was_right(run, target.ref, kept))
            self._take(run, draft, target, live, decision, inputs=settled.inputs)
            if isinstance(target, Target):
                verified[self._own(target.ref)] = self._seen(target.ref) if decision == Decision() else None
            elif decision != Decision():
                verified[self._own(target.ref)] = LEAVING
        return verified

    def _decide(
        self, run: Run, target: Target | Recorded, live: Observed | None, kept: Kept | None, now: float
    ) -> Decision:
        """Return what to do with one target, but for a removal that must be seen twice."""
        ref, period = target.ref, run.subject.period
        ours = frozenset(kept.observed.keys) if kept and kept.observed else None
        waiting = run.caution.waiting(ref, now=now, period=period)
        seen = run.caution.seen(ref, now=now, period=period)
        decision = plan(target, live, self._digest, ours=ours, waiting=waiting, seen=seen)
        if run.caution.doubt(ref, decision.doubted, now):
            run.notes += (Note("ManyKeysRemoved", f"{ref}: {_names(decision.doubted)} vanished; kept for now"),)
        if decision.doubted:
            self._timers.at(run.caution.second_look(ref, period), run)
        return decision

    def _pacify(self, run: Run, ref: Ref, decision: Decision, now: float, *, right: bool) -> Decision:
        """Name a correction what it is: the same answers and another target. One that others keep undoing waits.

        Args:
            right: The target was as it should be: it is not a write of ours that failed.
        """
        if not isinstance(decision.action, Update):
            return decision
        period = run.subject.period
        until = run.caution.paused_until(ref, now)
        if until is None and not right:
            return decision
        if until is None and run.caution.corrects(ref, decision.action, now=now, pause=period):
            return evolve(decision, action=evolve(decision.action, change=Change.CORRECTED))
        self._timers.at(now + period if until is None else until, run)
        return Decision(error=WriterConflict(f"{ref}: somebody keeps changing it back; find who else writes it"))

    def _take(
        self,
        run: Run,
        draft: Draft,
        target: Target | Recorded,
        live: Observed | None,
        decision: Decision,
        *,
        inputs: bytes,
    ) -> None:
        if decision.error:
            run.errors += (decision.error,)
        if decision.action:
            draft.writing[target.ref] = self._queue_write(run, target.ref, decision.action)
            run.again |= isinstance(target, Target) and isinstance(decision.action, Delete)  # to be made anew
        if decision.action or (isinstance(target, Target) and not isinstance(decision.error, TargetConflict)):
            right = inputs if isinstance(target, Target) and decision == Decision() else b""
            recorded = Recorded(self._own(target.ref), target.policy, target.mark, live.uid if live else "", right)
            draft.kept[target.ref] = Kept(recorded, live)

    @staticmethod
    def _fresh_notes(run: Run, settled: Settled) -> tuple[Note, ...]:
        before = run.told
        run.told = tuple(note for target, _ in settled.targets if isinstance(target, Target) for note in target.notes)
        return tuple(note for note in run.told if note not in before)

    def _queue_write(self, run: Run, ref: Ref, action: Action) -> Perform:
        perform = Perform(ref.host, run.key, ref, action)
        self._hosts.put(ref.host, perform, run.lane)
        return perform

    def _own(self, ref: Ref) -> Ref:
        return self._store.own(Observe(ref)).ref

    def _seen(self, ref: Ref) -> bytes:
        return self._store.entry(Observe(ref)).digest

    # -- writing

    def dispatch(self, perform: Perform, verdict: Failed | None, now: float) -> Perform | None:
        """Return a write that may go out now; one whose host is down, or whose target is being written, has failed."""
        entry = self._store.entry(Observe(perform.ref))
        if entry.written:
            verdict = Failed(TargetMoved(f"{perform.ref} is being written for another object"))
        if verdict:
            self._ended(perform, verdict, now)
            return None
        entry.written = True
        return perform

    def performed(self, perform: Perform, result: AnyWire, now: float) -> None:
        """Take in how a write ended, whoever still cares."""
        self._hosts.done(perform.host)
        self._store.entry(Observe(perform.ref)).written = False
        if isinstance(result, Failed) and result.scope is Scope.HOST:
            self._hosts.failed(perform.host, result, now)
        else:
            self._hosts.answered(perform.host, now)
        self._ended(perform, result, now)

    def _ended(self, perform: Perform, result: AnyWire, now: float) -> None:
        self._learned(perform, result, now)
        run = self._run_of(perform.key)
        draft = run.draft if run else None
        if run is None or draft is None or draft.writing.get(perform.ref) is not perform:
            return
        del draft.writing[perform.ref]
        self._note(run, draft, perform, result)
        if not draft.writing:
            self._written(run, now)

    def _note(self, run: Run, draft: Draft, perform: Perform, result: AnyWire) -> None:
        ref, change = perform.ref, perform.action.change
        verified = dict(run.memory.verified)
        if isinstance(result, Failed):
            run.errors += (result.error,)
            run.down += (perform.host,) if result.scope is Scope.HOST else ()
        elif isinstance(result, Found) and not isinstance(perform.action, Release):
            kept = draft.kept[ref]
            recorded = evolve(kept.recorded, uid=result.value.uid, inputs=run.memory.inputs)
            draft.kept[ref] = Kept(recorded, result.value)
            verified[ref] = None if ref in run.caution.doubted else self._seen(ref)
            run.notes += (Note(change.value, _told(perform)),)
        else:
            del draft.kept[ref]  # and if it is still wanted, it is not verified: another run makes it anew
            if verified.get(ref) == LEAVING:
                del verified[ref]
            run.notes += (Note(change.value, _told(perform)),)
        run.memory = evolve(run.memory, verified=verified)


def _was_right(run: Run, ref: Ref, kept: Kept | None) -> bool:
    """Whether a target was as it should be when it was looked at last, by this process or the one before."""
    return run.memory.verified.get(ref) is not None or (kept is not None and bool(kept.recorded.inputs))


def _told(perform: Perform) -> str:
    """What was done, in names: values never show, and key names are what people look for."""
    ref, action = perform.ref, perform.action
    match action:
        case Create():
            return f"{ref} with {_names(action.content)}"
        case Update():
            facts = [f"set {_names(action.put)}"] if action.put else []
            facts += [f"removed {_names(action.drop)}"] if action.drop else []
            return f"{ref}: {'; '.join(facts) or 'labels and annotations'}"
        case _:
            return str(ref)


def _names(keys: Collection[str]) -> str:
    first = sorted(keys)[:_NAMED]
    return ", ".join(first) + (f" and {len(keys) - len(first)} more" if len(keys) > len(first) else "")
