"""A run: what is known of one subject and of the work under way for it."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto

from attrs import field

from ..classes import define
from ..clock import FOREVER
from ..errors import SecretSyncError
from ..ports import AnyQuery
from ..targets import Note, Ref
from .caution import Caution
from .lanes import Lane
from .messages import Kept, Outcome, Perform, Subject
from .settle import Memory


class State(Enum):
    IDLE = auto()
    QUEUED = auto()
    PARKED = auto()
    WRITING = auto()


@define(eq=False)
class Draft:
    """The targets while they are written.

    Attributes:
        kept: What will be ours.
        writing: Actions that are not done yet.
    """

    kept: dict[Ref, Kept] = field(factory=dict)
    writing: dict[Ref, Perform] = field(factory=dict)


@define(eq=False)
class Run:
    """Mutable, owned by one `Runs`.

    Attributes:
        since: When this round of work began: what is asked with an age of 0 must be read after it.
        memory: What the last complete evaluation left.
        targets: What is ours, by the last outcome.
        waiting: What a parked run waits for.
        draft: The outcome in the making while targets are written.
        errors: Why a target is not as wanted, by the last complete evaluation.
        down: The hosts that could not be reached for a write of it.
        notes: What happened since the last outcome.
        again: Something changed while targets were written.
        told: Notes of targets that were told already.
        anew: Everything must be read after `since`.
        reported: The last outcome that was told, without its notes.
    """

    subject: Subject
    since: float
    state: State = State.IDLE
    lane: Lane = Lane.NEW
    rounds: int = 0
    memory: Memory = field(factory=Memory)
    targets: tuple[Kept, ...] = ()
    waiting: dict[AnyQuery, None] | None = None
    held: tuple[AnyQuery, ...] = ()
    draft: Draft | None = None
    errors: tuple[SecretSyncError, ...] = ()
    down: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    again: bool = False
    moved: int = 0
    failures: int = 0
    told: tuple[Note, ...] = ()
    anew: bool = False
    caution: Caution = field(factory=Caution)
    reported: Outcome | None = None
    due: float = FOREVER

    @property
    def key(self) -> str:
        return self.subject.key

    @property
    def writing(self) -> Collection[Perform]:
        """The actions that are not done yet."""
        return self.draft.writing.values() if self.draft else ()
