"""Which workloads are restarted when what they use changes, and which are not (kmssecret §6).

A workload is told the version of each Secret and ConfigMap of ours that it uses. What it was told last stands in its
own annotation; what its pods were started for stands in their template too, and to change that is to restart them.

    told nothing yet        it is told alone: its pods run, and nothing has changed since that anybody saw
    told the same           nothing, however often
    told another version    both, so it is restarted, unless it is held or not yet its turn

So nobody is restarted for asking to be, nor for the first look of an operator, nor for one that takes over. Who rolls
a workload back has it keep what it was told: its pods were started since, with what there is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from secretsync.classes import frozen
from secretsync.policies import ROLLOUT
from secretsync.queries import Absent, Found
from secretsync.reconcile.ask import Ask
from secretsync.targets import Note, Observe, Observed, Ref, Target
from secretsync.values import Version

from ..cluster import workloads
from ..cluster.pace import Turn
from ..cluster.pods import Use
from ..cluster.stamps import Stamp, Stamped

SKIPPED: Final = "RolloutSkipped"
_HELD: Final = {"paused": "is paused", "OnDelete": "starts pods only when others are deleted"}

Stamps = Mapping[Use, Stamped]


@frozen
class Look:
    """One look at a workload: how it is, and what of ours it uses; `of` in which versions, as the cluster counts."""

    seen: Observed
    stamps: Stamps
    of: tuple[Version, ...] = ()

    @property
    def lagging(self) -> tuple[Use, ...]:
        """What it must be restarted for."""
        return tuple(use for use, stamp in self.stamps.items() if self._told(use) not in {"", stamp.version})

    @property
    def held(self) -> str:
        """Why it cannot be restarted now, "" if it can."""
        return workloads.held(self.seen)

    def restarted_for(self, use: Use) -> bool:
        """Return whether its pods were started for what it uses now."""
        return workloads.was_restarted(self.seen, use, self.stamps[use].version)

    def _told(self, use: Use) -> str:
        return workloads.told(self.seen, use)


def look(ref: Ref, ask: Ask) -> Look | None:
    """Return how a workload is, None if it is gone."""
    answer = ask(Observe(ref))
    if isinstance(answer, Absent):
        return None
    uses = tuple(workloads.followed(answer.value))
    stamps = ask.all([Stamp(use.kind, ref.namespace, use.name) for use in uses])
    ours = {use: stamp for use, stamp in zip(uses, stamps, strict=True) if isinstance(stamp, Found)}
    versions = tuple(stamp.version for stamp in ours.values())
    return Look(answer.value, {use: stamp.value for use, stamp in ours.items()}, versions)


def desired(ref: Ref, one: Look, ask: Ask) -> tuple[Target, ...]:
    """Return the workload with what it is to be told."""
    lagging = one.lagging
    due = lagging if lagging and not one.held and _turn(ref, one, ask) else ()
    attributes: dict[str, str] = {}
    for use, stamp in one.stamps.items():
        if use in due:
            attributes |= workloads.restarts(use, stamp.version)
        elif use not in lagging:
            attributes |= workloads.remembers(use, stamp.version)
    notes = (_skipped(ref, one),) if lagging and one.held else ()
    return (Target(ref, {}, ROLLOUT, workloads.MARK, attributes, notes=notes),)


def _turn(ref: Ref, one: Look, ask: Ask) -> bool:
    answer = ask(Turn(ref, one.of))
    return isinstance(answer, Found) and answer.value


def _skipped(ref: Ref, one: Look) -> Note:
    return Note(SKIPPED, f"{ref} {_HELD[one.held]}: its pods go on with what they had of {names(one.lagging)}")


def names(uses: tuple[Use, ...]) -> str:
    """Return what is used, as people read it."""
    return ", ".join(f"{use.kind} {use.name}" for use in uses)
