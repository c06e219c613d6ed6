"""`plan`: what to do with one target. Two values in, one decision out: no clock, no client, no kind."""

from __future__ import annotations

from attrs import frozen

from ..digest import Digester
from ..errors import TargetConflict, TargetError, TargetTypeImmutable
from ..targets import Action, Change, Create, Delete, Observed, Recorded, Target, Update


@frozen
class Decision:
    """What to do (None: the target is as it should be, or not ours to touch) and what is wrong all the same."""

    action: Action | None = None
    error: TargetError | None = None


def plan(target: Target | Recorded, live: Observed | None, digest: Digester) -> Decision:
    """Decide what to do with one target.

    Args:
        target: What is wanted; a `Recorded` is wanted no more.
        live: What is there now.
        digest: Made the digests in `live`.
    """
    if isinstance(target, Recorded):
        return Decision(_release(target, live))
    if live is None:
        return Decision(Create(target.content, {**target.attributes, **target.stamp, **target.fixed}, target.mark))
    conflict = _conflict(target, live)
    if conflict:
        return Decision(error=conflict)
    return Decision(_update(target, live, digest), _complaint(target, live))


def _release(recorded: Recorded, live: Observed | None) -> Delete | None:
    """A target that nobody wants any more goes only if we own it and it is still the very one we wrote."""
    if live is None or not recorded.policy.owns or live.mark != recorded.mark:
        return None
    return Delete(live.uid, live.version) if recorded.uid in ("", live.uid) else None


def _conflict(target: Target, live: Observed) -> TargetConflict | None:
    if live.mark == target.mark:
        return None
    if live.mark is not None:
        return TargetConflict(f"{target.ref} belongs to {live.mark}; name another target, or delete that one's object")
    if live.controller:
        return TargetConflict(f"{target.ref} is controlled by {live.controller}; name another target")
    if not target.policy.adopt:
        return TargetConflict(f"{target.ref} exists and is not ours")
    return None


def _update(target: Target, live: Observed, digest: Digester) -> Update | None:
    put = {key: value for key, value in target.content.items() if live.keys.get(key) != digest(value)}
    drop = frozenset(live.keys) - frozenset(target.content) if target.policy.exclusive else frozenset()
    wanted = dict(target.attributes)
    wanted |= {name: text for name, text in target.stamp.items() if put or drop or name not in live.attributes}
    attributes: dict[str, str | None] = {
        name: text for name, text in wanted.items() if live.attributes.get(name) != text
    }
    attributes |= dict.fromkeys(live.tracked - {*target.attributes, *target.stamp, *target.fixed})
    if not put and not drop and not attributes and live.mark == target.mark:
        return None
    change = Change.UPDATED if live.mark == target.mark else Change.ADOPTED
    return Update(put, drop, attributes, target.mark, live.uid, live.version, change)


def _complaint(target: Target, live: Observed) -> TargetTypeImmutable | None:
    for name, text in target.fixed.items():
        held = live.attributes.get(name)
        if held != text:
            return TargetTypeImmutable(
                f'{target.ref} has {name} "{held}", which cannot become "{text}"; its content is kept in step. '
                "Delete the target to have it made anew"
            )
    return None
