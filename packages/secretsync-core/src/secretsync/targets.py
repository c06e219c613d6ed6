"""Where secrets go: what a target should be, what it is, and the few things that can be done to it.

A target is content (keys and values) and attributes (a flat map of texts such as `label:app`, `type`, `mode`; the
place knows what they mean). What is observed holds digests only, so deciding never needs live values.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import field

from .classes import frozen
from .policies import Policy
from .queries import Purpose, Query, query
from .values import NO_VERSION, SecretValue, Version

Content = Mapping[str, SecretValue]


@query
class Ref:
    """Names one target: `host` is whose time it costs (and its queue), `kind` picks the place that performs."""

    host: str
    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@frozen
class Note:
    """Something worth telling beside the outcome; `reason` is one of a closed set of CamelCase words."""

    reason: str
    message: str


@frozen
class Target:
    """What a target should be.

    Attributes:
        mark: Who wants it; written to the target, and what makes it ours.
        attributes: What must hold whenever the target is verified.
        stamp: Attributes that are written when content is, and otherwise only where there is none yet: a version
            text that others read must not move while the content stands (kmssecret §5, the sticky rule).
        fixed: Attributes that are settled when the target is created and cannot be changed later.
        notes: What the evaluation noticed on the way.
    """

    ref: Ref
    content: Content = field(repr=lambda content: f"<{len(content)} keys>")
    policy: Policy
    mark: str
    attributes: Mapping[str, str] = {}
    stamp: Mapping[str, str] = {}
    fixed: Mapping[str, str] = {}
    notes: tuple[Note, ...] = ()


@frozen
class Recorded:
    """A target that was ours when it was last reported, by the uid it had then.

    Attributes:
        inputs: The fingerprint of what its content was computed from, once it matched; b"" before.
    """

    ref: Ref
    policy: Policy
    mark: str
    uid: str = ""
    inputs: bytes = field(default=b"", repr=False, eq=False)


@frozen
class Observed:
    """What a target is now: key names with keyed digests, never values.

    Attributes:
        mark: Whose mark it carries, None without one.
        controller: Another controller that owns it, in words, or "".
        attributes: Everything that could be compared with a target's.
        tracked: Names of the attributes that we set earlier; those no longer wanted are taken away.
        owned: Keys that we set earlier, where others have keys there too.
    """

    keys: Mapping[str, bytes]
    uid: str = ""
    version: Version = NO_VERSION
    mark: str | None = None
    controller: str = ""
    attributes: Mapping[str, str] = {}
    tracked: frozenset[str] = frozenset()
    owned: frozenset[str] = frozenset()


@query
class Observe(Query[Observed]):
    """Asks what a target looks like now."""

    ref: Ref
    purpose = Purpose.TARGET
    pushed = True
    private = False

    @property
    def host(self) -> str:
        return self.ref.host


# -- what can be done


class Change(Enum):
    """Why an action happens; becomes an event."""

    CREATED = "Created"
    UPDATED = "Updated"
    ADOPTED = "Adopted"
    CORRECTED = "DriftCorrected"
    DELETED = "Deleted"
    RELEASED = "Released"


@frozen
class Create:
    content: Content = field(repr=False)
    attributes: Mapping[str, str]
    mark: str
    owned: frozenset[str] = frozenset()
    change = Change.CREATED


@frozen
class Update:
    """Changes what differs and nothing else; fails with `TargetMoved` when `version` is no longer the live one."""

    put: Content = field(repr=False)
    drop: frozenset[str]
    attributes: Mapping[str, str | None]
    """None: take it away."""
    mark: str
    uid: str
    version: Version
    change: Change = Change.UPDATED
    owned: frozenset[str] | None = None
    """What `Observed.owned` is to be from now on; None leaves it."""


@frozen
class Delete:
    uid: str
    version: Version
    change = Change.DELETED


@frozen
class Release:
    """Takes our marks away and leaves everything else."""

    uid: str
    version: Version
    change = Change.RELEASED


Action = Create | Update | Delete | Release
