"""What a shell hands in and gets back, and what the engine exchanges with its driver.

shell  ── Applied · Withdrawn · Moved ─▶  engine  ── Report ─▶ shell
driver ── Answered · Performed · Reported ─▶ engine ── Fetch · Perform · Report ─▶ driver
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field

from ..classes import frozen
from ..clock import FOREVER
from ..errors import SecretSyncError
from ..ports import AnyQuery, AnyWire
from ..queries import Found
from ..targets import Action, Note, Observed, Recorded, Ref, Target
from ..values import Version
from .ask import Ask

Desired = Callable[[Ask], tuple[Target, ...]]
"""The one idea: what should be, as a function that may only ask. Raises any `SecretSyncError` to say why not."""


@frozen
class Subject:
    """One thing to keep right: an object, a template, a sink, a mount, a watch.

    Attributes:
        key: Its name, unique in one engine.
        host: The queue its reports go through.
        spec: Digest of everything `desired` closes over.
        period: Seconds between two checks of what it asked.
        max_age: The age of an answer it accepts, in seconds; None: the period.
        recorded: Targets that were its own when it was last reported.
        settled: It was right when it was last reported, as it says now: its first checks wait for their turn.
        fresh: Another text than before asks for a run that reads everything anew.
        deadline: Monotonic time by which it must have an outcome.
        once: Report the first outcome and forget it.
        deleted: It is going: nothing is asked, what it owns is removed.
    """

    key: str
    host: str
    desired: Desired = field(repr=False)
    spec: bytes = field(repr=False)
    period: float
    max_age: float | None = None
    recorded: tuple[Recorded, ...] = ()
    settled: bool = False
    fresh: str = ""
    deadline: float = FOREVER
    once: bool = False
    deleted: bool = False


@frozen
class Kept:
    """A target of ours as it is now; `observed` is None where it could not be seen or made."""

    recorded: Recorded
    observed: Observed | None = None


@frozen
class Outcome:
    """How a run ended.

    Attributes:
        errors: Why it is not as wanted; none means that every target was verified.
        targets: What is ours, also when the run failed.
        failures: Runs in a row that failed.
        gone: It was deleted, and nothing of it is left to clean up.
        notes: What happened in this run; not part of what makes two outcomes equal.
        took: Seconds from what called for this run to its end, waiting included; None where it waited for its turn.
    """

    errors: tuple[SecretSyncError, ...] = field(default=(), eq=lambda errors: [(type(e), str(e)) for e in errors])
    targets: tuple[Kept, ...] = ()
    failures: int = field(default=0, eq=False)
    gone: bool = False
    notes: tuple[Note, ...] = field(default=(), eq=False)
    took: float | None = field(default=None, eq=False)

    @property
    def ready(self) -> bool:
        return not self.errors


# -- events


@frozen
class Applied:
    """This should be kept right, as it says now."""

    subject: Subject


@frozen
class Withdrawn:
    """Nobody wants this any more; its targets are left alone."""

    key: str


@frozen
class Moved:
    """A watch saw another version of this, `NO_VERSION` when it is gone."""

    query: AnyQuery
    version: Version


@frozen
class Answered:
    """What a fetch brought. Its times count from `at`, when it came: the process may have been suspended since."""

    fetch: Fetch
    answers: Mapping[AnyQuery, AnyWire] = field(repr=False)
    at: float


@frozen
class Performed:
    perform: Perform
    result: AnyWire
    """Found(Observed), Absent after a delete, or Failed."""


@frozen
class Reported:
    report: Report
    error: SecretSyncError | None = None


Event = Applied | Withdrawn | Moved | Answered | Performed | Reported


# -- effects


@frozen(eq=False)
class Fetch:
    """Read these, together. `known` holds the versions a conditional read may name."""

    host: str
    queries: tuple[AnyQuery, ...]
    known: Mapping[AnyQuery, Version]
    credential: Found[Any] | None = field(default=None, repr=False)


@frozen(eq=False)
class Perform:
    """Do this to a target."""

    host: str
    key: str
    ref: Ref
    action: Action


@frozen(eq=False)
class Report:
    """Tell whoever handed the subject in."""

    host: str
    key: str
    outcome: Outcome


Effect = Fetch | Perform | Report
