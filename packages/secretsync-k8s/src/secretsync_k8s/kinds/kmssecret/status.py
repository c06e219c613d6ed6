"""The status of a KMSSecret: conditions, targets and times (kmssecret §4 step 10, §8.1).

Every condition has positive polarity and none may be False in a healthy object, because consoles take any False for a
failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from secretsync.errors import (
    AuthenticationFailed,
    CredentialsNotFound,
    Forbidden,
    InvalidSpec,
    RateLimited,
    SecretSyncError,
    TargetTypeImmutable,
    TLSConfigError,
    Unavailable,
)
from secretsync.policies import KMS_ORPHAN, KMS_OWNER
from secretsync.reconcile.messages import Kept, Outcome
from secretsync.targets import Recorded, Ref
from secretsync.templates import TemplateError
from secretsync.values import Version

from ...cluster import secrets
from ...cluster.conditions import ConditionStatus, set_condition
from ...cluster.marks import GROUP, VERSION
from ...cluster.shapes import SHAPES
from ...cluster.texts import timestamp
from ...cluster.transport import API
from ..base import HasMoved, Json, ObjectRef, Rollouts
from .logins import strategy

LOADED: Final = f"{GROUP}/LoadedKMSToken"
SYNCED: Final = f"{GROUP}/ReadyToSyncSecrets"
REDEPLOY: Final = f"{GROUP}/AutoRedeployReady"
READY: Final = "Ready"

STOPPED: Final = "Stopped"

Fact = tuple[str, ConditionStatus, str, str]
"""Type, status, reason and message of a condition."""

_COUNTERS: Final = ("lastSyncTime", "lastAttemptTime", "consecutiveFailures")
_PROVENANCE: Final = ("inputs", "resourceVersion")
"""What a target was last seen with: for the next start, and no news by itself."""

_POLICIES: Final = {policy.name: policy for policy in (KMS_OWNER, KMS_ORPHAN)}


def status(obj: Json, outcome: Outcome, previous: Json, now: datetime, *, rollouts: Rollouts | None = None) -> Json:
    """Return the new status; `previous` itself where nothing is worth a write.

    That is a change of outcome, and of a failure that goes on every doubling of its count.

    Args:
        rollouts: How workloads stand to the targets; None while that is not known.
    """
    generation = ObjectRef.of(obj).generation
    new: Json = {
        "observedGeneration": generation,
        "secretsCount": max((_count(kept) for kept in outcome.targets), default=0),
        "consecutiveFailures": outcome.failures,
        "targets": [_target(kept) for kept in outcome.targets],
        "conditions": _conditions(outcome, previous.get("conditions") or (), obj, now, rollouts),
    }
    changed = _outcome(new) != _outcome(previous)
    if not changed and not _doubled(outcome.failures, previous):
        return previous
    new["lastSyncTime"] = timestamp(now) if changed else previous.get("lastSyncTime", timestamp(now))
    new["lastAttemptTime"] = timestamp(now)
    return new


def redeployed(previous: Json, rollouts: Rollouts, now: datetime) -> Json:
    """Return the status after rollouts ended; `previous` itself where that says so already, or the sync has failed."""
    conditions: list[Json] = previous.get("conditions") or []
    if not any(one.get("type") == REDEPLOY and one.get("reason") != STOPPED for one in conditions):
        return previous
    kind, state, why, message = _redeployed(rollouts)
    generation = previous.get("observedGeneration", 0)
    new = set_condition(
        conditions, type=kind, status=state, reason=why, message=message, generation=generation, now=now
    )
    return previous if new == conditions else {**previous, "conditions": new, "lastSyncTime": timestamp(now)}


def is_settled(obj: Json, moved: HasMoved) -> bool:
    """Return whether the object was right when its status was written, and neither it nor a target has moved since."""
    held = obj.get("status") or {}
    ready = any(one.get("type") == READY and one.get("status") == "True" for one in held.get("conditions") or ())
    seen = [
        (_ref(target), Version(target["resourceVersion"]))
        for target in held.get("targets") or ()
        if target.get("resourceVersion")
    ]
    unchanged = held.get("observedGeneration") == ObjectRef.of(obj).generation
    return ready and unchanged and not any(moved(ref, version) for ref, version in seen)


def _ref(target: Json) -> Ref:
    return secrets.target(target["namespace"], target["name"], target.get("kind", secrets.KIND))


def _unhex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:  # somebody's edit; it costs the name of a correction
        return b""


def _doubled(failures: int, previous: Json) -> bool:
    return failures & (failures - 1) == 0 and failures != previous.get("consecutiveFailures")


def recorded(obj: Json) -> tuple[Recorded, ...]:
    """Return the targets that the status names, ours alone."""
    mark = ObjectRef.of(obj).mark
    targets = (obj.get("status") or {}).get("targets") or ()
    return tuple(
        Recorded(
            _ref(target),
            _POLICIES[target["policy"]],
            mark,
            target.get("uid", ""),
            _unhex(target.get("inputs", "")),
        )
        for target in targets
        if target.get("kind") in SHAPES and target.get("policy") in _POLICIES
    )


def reason(error: SecretSyncError) -> str:
    """Return the reason of condition Ready (kmssecret §4.1): the error's own name, but for a few."""
    match error:
        case Unavailable() if type(error) is Unavailable:
            return "KubernetesUnreachable" if error.backend == API else "KMSUnreachable"
        case Forbidden():
            return "Forbidden"
        case TemplateError():
            return "TemplateError"
        case TargetTypeImmutable():
            return "SecretTypeImmutable"
    return type(error).__name__


def _without(status: Json, names: Iterable[str]) -> Json:
    return {name: value for name, value in status.items() if name not in names}


def _outcome(status: Json) -> Json:
    targets = [_without(target, _PROVENANCE) for target in status.get("targets") or ()]
    return _without(status, _COUNTERS) | {"targets": targets}


def _count(kept: Kept) -> int:
    return len(kept.observed.keys) if kept.observed else 0


def _target(kept: Kept) -> Json:
    ref = kept.recorded.ref
    seen = kept.observed
    target: Json = {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name, "policy": kept.recorded.policy.name}
    target |= {"uid": kept.recorded.uid} if kept.recorded.uid else {}
    if seen:
        version = seen.attributes.get(f"annotation:{VERSION}")
        target |= {"keys": len(seen.keys), **({"version": version} if version else {})}
        target |= {"resourceVersion": seen.version} if seen.version else {}
    target |= {"inputs": kept.recorded.inputs.hex()} if kept.recorded.inputs else {}
    return target


def _conditions(
    outcome: Outcome, previous: Iterable[Json], obj: Json, now: datetime, rollouts: Rollouts | None
) -> list[Json]:
    conditions, generation = list(previous), ObjectRef.of(obj).generation
    for kind, state, why, message in _facts(outcome, conditions, strategy(obj.get("spec") or {}), rollouts):
        conditions = set_condition(
            conditions, type=kind, status=state, reason=why, message=message, generation=generation, now=now
        )
    return conditions


def _facts(outcome: Outcome, previous: list[Json], method: str, rollouts: Rollouts | None) -> list[Fact]:
    count = max((_count(kept) for kept in outcome.targets), default=0)
    errors = outcome.errors
    text = "; ".join(_text(error) for error in errors)
    loaded = _loaded(errors, previous)
    facts: list[Fact] = [
        (LOADED, "True", "OK", f"authenticated by {method}") if loaded else (LOADED, "False", "Error", text)
    ]
    if all(isinstance(error, TargetTypeImmutable) for error in errors):
        facts.append((SYNCED, "True", "OK", f"number of secrets synced: {count}"))
        facts.append(_redeploy(previous, rollouts))
    else:
        facts.append((SYNCED, "False", "Error", text))
        facts.append((REDEPLOY, "False", STOPPED, "the secrets could not be synced"))
    if errors:
        facts.append((READY, "False", reason(errors[0]), text))
    else:
        facts.append((READY, "True", "Synced", f"{_counted(count, 'key')} in {_kinds(outcome.targets)}"))
    return facts


def _redeploy(previous: list[Json], rollouts: Rollouts | None) -> Fact:
    """Return how the workloads are when the targets were looked at: as was told last, unless they are well or not by now.

    Who counts them says so itself, when one was restarted. What a restart of the operator learns anew is no news.
    """
    told = next((one for one in previous if one.get("type") == REDEPLOY and one.get("reason") != STOPPED), None)
    if told is None:
        return _redeployed(rollouts or Rollouts())
    if rollouts is not None and bool(rollouts.problems) == (told["status"] == "True"):
        return _redeployed(rollouts)
    return (REDEPLOY, told["status"], told["reason"], told["message"])


def _redeployed(rollouts: Rollouts) -> Fact:
    if rollouts.problems:
        return (REDEPLOY, "False", "Error", "; ".join(rollouts.problems))
    skipped = f"; skipped: {rollouts.skipped}" if rollouts.skipped else ""
    return (REDEPLOY, "True", "OK", f"number of workloads restarted: {rollouts.restarted}{skipped}")


def _kinds(targets: Iterable[Kept]) -> str:
    """Return how many targets there are, by their kinds."""
    counts = Counter(kept.recorded.ref.kind for kept in targets)
    return " and ".join(_counted(number, kind) for kind, number in counts.items()) or _counted(0, secrets.KIND)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _text(error: SecretSyncError) -> str:
    """Return what is said of an error.

    A host's trouble is told to all who ask it, in the words of whoever met it: what that one asked for may be a folder
    of another object, which is nobody else's business.
    """
    if not isinstance(error, Unavailable | RateLimited):
        return str(error)
    status = f" (HTTP {error.status})" if error.status is not None else ""
    return f"{error.backend}: {error.detail}{status}"


def _loaded(errors: tuple[SecretSyncError, ...], previous: list[Json]) -> bool:
    """Whether we are logged in as far as is known; an outage proves nothing about an earlier login."""
    if not errors:
        return True
    if isinstance(errors[0], AuthenticationFailed | CredentialsNotFound | InvalidSpec | TLSConfigError):
        return False
    if isinstance(errors[0], Unavailable):
        return any(c.get("type") == LOADED and c.get("status") == "True" for c in previous)
    return True
