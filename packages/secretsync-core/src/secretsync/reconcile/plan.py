"""`plan`: what to do with one target. Two values in, one decision out: no clock, no client, no kind."""

from __future__ import annotations

from ..classes import frozen
from ..digest import Digester
from ..errors import TargetConflict, TargetError, TargetTypeImmutable
from ..policies import Adopt
from ..targets import Action, Change, Create, Delete, Observed, Recorded, Release, Target, Update


@frozen
class Decision:
    """What to do (None: the target is as it should be, or not ours to touch) and what is wrong all the same."""

    action: Action | None = None
    error: TargetError | None = None
    doubted: frozenset[str] = frozenset()
    """Keys that vanished and whose removal must wait for a second look."""


def plan(
    target: Target | Recorded,
    live: Observed | None,
    digest: Digester,
    *,
    ours: frozenset[str] | None = None,
    waiting: frozenset[str] = frozenset(),
    seen: frozenset[str] = frozenset(),
) -> Decision:
    """Decide what to do with one target.

    Args:
        target: What is wanted; a `Recorded` is wanted no more.
        live: What is there now.
        digest: Made the digests in `live`.
        ours: The keys that the target had when it was last right; None when nobody remembers.
        waiting: Keys whose vanishing was seen less than a period ago: they stay.
        seen: Keys whose vanishing was seen a period ago: they may go now.
    """
    if isinstance(target, Recorded):
        return Decision(_release(target, live))
    if live is None:
        attributes = {**target.attributes, **target.stamp, **target.fixed}
        return Decision(Create(target.content, attributes, target.mark, _owned(target)))
    conflict = _conflict(target, live)
    if conflict:
        return Decision(error=conflict)
    complaint = _complaint(target, live)
    if complaint and target.policy.recreate and live.mark == target.mark:
        return Decision(Delete(live.uid, live.version))
    doubted = _doubted(target, live, ours, waiting) - seen
    return Decision(_update(target, live, digest, keep=doubted), complaint, doubted)


def _release(recorded: Recorded, live: Observed | None) -> Delete | Release | None:
    """A target that nobody wants any more goes if we own it and it is still the very one we wrote.

    One that we do not own only loses our marks, so that others may take it.
    """
    if live is None or live.mark != recorded.mark:
        return None
    if not recorded.policy.owns:
        return Release(live.uid, live.version)
    return Delete(live.uid, live.version) if recorded.uid in ("", live.uid) else None


def _doubted(target: Target, live: Observed, ours: frozenset[str] | None, waiting: frozenset[str]) -> frozenset[str]:
    """Return the keys that vanished, if they are more than half of what the target held of ours, or wait already."""
    removable = _removable(target, live)
    had = removable if ours is None else ours & removable
    vanished = had - frozenset(target.content)
    if not target.policy.cautious:
        return frozenset()
    return vanished if 2 * len(vanished) > len(had) else vanished & waiting


def _conflict(target: Target, live: Observed) -> TargetConflict | None:
    if live.mark == target.mark:
        return None
    if live.mark is not None:
        return TargetConflict(f"{target.ref} belongs to {live.mark}; name another target, or have it given up there")
    if live.controller and target.policy.adopt is not Adopt.ALWAYS:
        return TargetConflict(f"{target.ref} is controlled by {live.controller}; name another target")
    if target.policy.adopt is Adopt.NEVER:
        return TargetConflict(f"{target.ref} exists and is not ours; name another target, or delete it")
    return None


def _update(target: Target, live: Observed, digest: Digester, *, keep: frozenset[str]) -> Update | None:
    put = {key: value for key, value in target.content.items() if live.keys.get(key) != digest(value)}
    drop = _removable(target, live) - frozenset(target.content) - keep
    owned = _owned(target, keep)
    wanted = dict(target.attributes)
    wanted |= {name: text for name, text in target.stamp.items() if put or drop or name not in live.attributes}
    attributes: dict[str, str | None] = {
        name: text for name, text in wanted.items() if live.attributes.get(name) != text
    }
    attributes |= dict.fromkeys(live.tracked - {*target.attributes, *target.stamp, *target.fixed})
    if not put and not drop and not attributes and live.mark == target.mark and live.owned == owned:
        return None
    change = Change.UPDATED if live.mark == target.mark else Change.ADOPTED
    kept = None if live.owned == owned else owned
    return Update(put, drop, attributes, target.mark, live.uid, live.version, change, kept)


def _removable(target: Target, live: Observed) -> frozenset[str]:
    """Return the keys that are ours to take away: all, or where others have some too those that we set."""
    there = frozenset(live.keys)
    return there if target.policy.exclusive else there & live.owned


def _owned(target: Target, keep: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the keys that the target must remember as ours: none where all are."""
    return frozenset() if target.policy.exclusive else frozenset(target.content) | keep


def _complaint(target: Target, live: Observed) -> TargetTypeImmutable | None:
    for name, text in target.fixed.items():
        held = live.attributes.get(name)
        if held != text:
            return TargetTypeImmutable(
                f'{target.ref} has {name} "{held}", which cannot become "{text}"; its content is kept in step. '
                "Delete the target to have it made anew"
            )
    return None
