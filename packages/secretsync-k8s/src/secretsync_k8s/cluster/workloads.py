"""Workloads as the engine sees them: what their pods use, what they were told of it, and how they are told (kmssecret §6).

Attributes of one, all flat texts:

    reload             what its annotation `auto-reload` says
    held               why another template would start no pods: `paused` or `OnDelete`
    use:KIND/NAME      how its pods use that, the ways with a comma between
    annotation:NAME    of the workload, ours alone
    template:NAME      of its pod template, ours alone: who changes one starts all pods anew

A workload is others': it is never made, taken over or deleted here. A patch names our annotations and the uid, and no
resourceVersion: the rest of the object moves all the time while pods start, and nothing of it is written over.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

from secretsync.classes import frozen
from secretsync.errors import (
    AuthenticationFailed,
    BackendError,
    Defect,
    Forbidden,
    SecretSyncError,
    TargetForbidden,
    TargetInvalid,
    TargetMoved,
)
from secretsync.queries import Found
from secretsync.targets import Action, Observed, Ref, Update
from secretsync.values import Version

from . import marks, pods
from .pods import Use
from .resources import ARGO_ROLLOUTS, CONFIGMAPS, DAEMON_SETS, DEPLOYMENTS, SECRETS, STATEFUL_SETS, Resource
from .transport import MERGE_PATCH, ApiError, Json, Transport

HOST: Final = "workloads"
"""A queue of its own: an admission that takes its time over workloads must not hold up Secrets."""
RESOURCES: Final = (DEPLOYMENTS, DAEMON_SETS, STATEFUL_SETS)
BY_KIND: Final[Mapping[str, Resource]] = {one.kind: one for one in (*RESOURCES, ARGO_ROLLOUTS)}
MARK: Final = "rollouts"
"""As whose a workload is seen: nobody's in particular."""

_WORDS: Final = {SECRETS.kind: "managed-secret.", CONFIGMAPS.kind: "managed-configmap."}
_ASKED: Final = 5.0
"""Seconds that a start may wait to learn what is installed."""
_LONGEST: Final = 63
_DIGITS: Final = 8
_ANNOTATION: Final = "annotation:"
_TEMPLATE: Final = "template:"
_USE: Final = "use:"

_log = logging.getLogger("secretsync.cluster")


def annotation(use: Use) -> str:
    """Return the annotation by which a workload is told the version of what it uses.

    The last part of an annotation's name is 63 characters long at most: a name that is too long is cut, and told from
    others by the beginning of its SHA-256.
    """
    word, name = _WORDS[use.kind], use.name
    if len(word) + len(name) > _LONGEST:
        digits = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
        name = f"{name[: _LONGEST - len(word) - 1 - _DIGITS]}-{digits}"
    return f"{marks.PREFIX}{word}{name}"


def told(seen: Observed, use: Use) -> str:
    """Return the version that a workload was told last, "" where it was told none.

    Its own annotation counts before that of its pods: what is rolled back, or applied anew from a file, has an old
    one there, and its pods were started all the same.
    """
    name = annotation(use)
    return seen.attributes.get(_ANNOTATION + name) or seen.attributes.get(_TEMPLATE + name, "")


def remembers(use: Use, version: str) -> dict[str, str]:
    """Return the attributes of a workload that is known to run with this version."""
    return {_ANNOTATION + annotation(use): version}


def restarts(use: Use, version: str) -> dict[str, str]:
    """Return the attributes of a workload that is to be restarted for this version."""
    return remembers(use, version) | {_TEMPLATE + annotation(use): version}


def was_restarted(seen: Observed, use: Use, version: str) -> bool:
    """Return whether its pods were started for this very version."""
    return restarts(use, version).items() <= seen.attributes.items()


def held(seen: Observed) -> str:
    """Return why another template would start no pods now, "" if it would."""
    return seen.attributes.get("held", "")


def followed(seen: Observed) -> Iterator[Use]:
    """Yield what the workload asks to be restarted for, in the order of names."""
    ways = asked_ways(seen.attributes.get("reload", ""))
    for name, text in sorted(seen.attributes.items()):
        if name.startswith(_USE) and ways.intersection(text.split(",")):
            yield Use(*name.removeprefix(_USE).split("/", 1))


def asked_ways(text: str) -> frozenset[str]:
    """Return the ways of use that count, by an annotation `auto-reload`; none where it asks for nothing."""
    if text == "true":
        return pods.WAYS
    return pods.WAYS.intersection(word.strip() for word in text.split(","))


# -- reading


def served(transport: Transport) -> tuple[Resource, ...]:
    """Return the kinds of workloads that there are: those of every cluster, and Argo's where it is installed."""
    argo = ARGO_ROLLOUTS
    try:
        found = transport.request("GET", f"/apis/{argo.api_version}", timeout=_ASKED)
    except BackendError as error:
        _log.debug("%s are not followed: %s", argo.plural, error.code)
        return RESOURCES
    is_there = any(one.get("name") == argo.plural for one in found.get("resources") or ())
    return (*RESOURCES, argo) if is_there else RESOURCES


def observed(live: Json) -> Observed:
    """Return what a live workload looks like."""
    metadata, spec = live["metadata"], live.get("spec") or {}
    template: Json = spec.get("template") or {}
    attributes = {f"{_USE}{use.kind}/{use.name}": ",".join(sorted(ways)) for use, ways in pods.uses(template).items()}
    attributes |= {_ANNOTATION + name: text for name, text in _ours(metadata)}
    attributes |= {_TEMPLATE + name: text for name, text in _ours(template.get("metadata") or {})}
    attributes["reload"] = (metadata.get("annotations") or {}).get(marks.AUTO_RELOAD, "")
    if why := _held(spec):
        attributes["held"] = why
    return Observed({}, metadata["uid"], Version(metadata["resourceVersion"]), MARK, attributes=attributes)


def _ours(metadata: Json) -> Iterator[tuple[str, str]]:
    begins = tuple(marks.PREFIX + word for word in _WORDS.values())
    return ((name, text) for name, text in (metadata.get("annotations") or {}).items() if name.startswith(begins))


def _held(spec: Json) -> str:
    if spec.get("paused"):
        return "paused"
    return "OnDelete" if (spec.get("updateStrategy") or {}).get("type") == "OnDelete" else ""


def look(transport: Transport, ref: Ref, *, timeout: float) -> Found[Observed]:
    """Return what a workload looks like now; `timeout` in seconds.

    Raises:
        BackendError: There is none, or the API server refuses or cannot be had.
    """
    seen = observed(transport.request("GET", _path(ref), timeout=timeout))
    return Found(seen, seen.version)


# -- telling


@frozen
class Workloads:
    """A `Place` that tells workloads versions, and does nothing else to them. Thread-safe."""

    transport: Transport

    kinds = frozenset(BY_KIND)

    def perform(self, ref: Ref, action: Action, *, subject: str) -> Found[Observed]:  # noqa: ARG002 - it is the target
        """Write our annotations; see `Place.perform` for what it raises."""
        if not isinstance(action, Update):
            raise Defect(f"{type(action).__name__} of a workload")
        try:
            live = self.transport.request("PATCH", _path(ref), body=_patch(action), content_type=MERGE_PATCH)
        except BackendError as error:
            raise _refusal(ref, error) from None
        _log.debug("%s: told %s", ref, ", ".join(sorted(action.attributes)))
        seen = observed(live)
        return Found(seen, seen.version)


def _path(ref: Ref) -> str:
    return BY_KIND[ref.kind].path(ref.namespace, ref.name)


def _patch(action: Update) -> Json:
    patch: Json = {"metadata": {"uid": action.uid, "annotations": _named(action.attributes, _ANNOTATION)}}
    if in_pods := _named(action.attributes, _TEMPLATE):
        patch["spec"] = {"template": {"metadata": {"annotations": in_pods}}}
    return patch


def _named(attributes: Mapping[str, str | None], kind: str) -> dict[str, str | None]:
    return {name.removeprefix(kind): text for name, text in attributes.items() if name.startswith(kind)}


def _refusal(ref: Ref, error: BackendError) -> SecretSyncError:
    if isinstance(error, Forbidden | AuthenticationFailed):
        plural = BY_KIND[ref.kind].plural
        return TargetForbidden(
            f"{ref}: we may not patch it; let our service account patch {plural} in namespace {ref.namespace}"
        )
    if not isinstance(error, ApiError):
        return error
    is_another = any(cause.startswith("metadata.uid:") for cause in error.causes)
    if is_another or error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
        return TargetMoved(f"{ref}: it is gone, or another by now")
    return TargetInvalid(f"{ref}: the API server does not accept it: {error.detail}")
