"""Secrets and ConfigMaps as the engine sees them: answers to read, targets to write (kmssecret §4.2, §5).

Attributes of a target, all flat texts:

    type               of a Secret; fixed when it is created
    label:NAME         annotation:NAME
    owner              one owner reference as text (`marks.owner_reference`); None takes ours away

An update is one JSON merge patch with the resourceVersion it was decided on: what it does not name stays, and whoever
wrote in between is noticed (409). A uid need not stand in it, since a re-created Secret has another resourceVersion.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from sys import intern
from typing import Any, Final, assert_never

from attrs import field

from secretsync.classes import frozen
from secretsync.clock import Deadline
from secretsync.digest import Digester
from secretsync.errors import (
    AuthenticationFailed,
    BackendError,
    CredentialsNotFound,
    DeadlineExceeded,
    Forbidden,
    RateLimited,
    SecretNotFound,
    SecretSyncError,
    TargetError,
    TargetForbidden,
    TargetImmutable,
    TargetInvalid,
    TargetMoved,
    TargetNamespaceMissing,
    Unavailable,
)
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import UNCHANGED, Absent, Failed, Found, Purpose, Scope, query
from secretsync.targets import Action, Change, Create, Delete, Observe, Observed, Ref, Release, Update
from secretsync.values import SecretValue, Version

from . import accounts, configmaps, finalizers, grants, marks, stamps, trust, workloads
from .accounts import ClusterAccount
from .configmaps import ClusterConfigMap
from .finalizers import Finalizer
from .grants import Grant
from .queries import HOST, ClusterQuery
from .shapes import RESERVED, SHAPES
from .stamps import Stamp
from .transport import API, MERGE_PATCH, METADATA, TIMEOUT, ApiError, Json, Transport
from .trust import TrustBundles

KIND: Final = "Secret"

_log = logging.getLogger("secretsync.cluster")

_FROZEN: Final = frozenset({"data: FieldValueForbidden"})
"""How the API server refuses to change what an immutable Secret holds."""

_READ: Final[Mapping[type[AnyQuery], Callable[..., AnyWire]]] = {
    Finalizer: finalizers.add,
    Grant: grants.granted,
    ClusterConfigMap: configmaps.texts,
    ClusterAccount: accounts.credentials,
    Stamp: stamps.stamped,
}
"""What is read in its own way."""

_LABEL: Final = "label:"
_ANNOTATION: Final = "annotation:"


@query
class ClusterSecret(ClusterQuery[Mapping[str, SecretValue]]):
    """Asks for a Secret that holds credentials or a certificate."""

    namespace: str
    name: str
    purpose = Purpose.CREDENTIAL
    pushed = True

    def __str__(self) -> str:
        return f"Secret {self.namespace}/{self.name}"


def target(namespace: str, name: str, kind: str = KIND) -> Ref:
    """Return the name of a Secret, or of a ConfigMap, as a target."""
    return Ref(HOST, kind, name, intern(namespace))


@frozen
class Secrets:
    """The Secrets of one cluster, and its ConfigMaps: a `Backend` that reads them and the `Place` that writes them.

    It answers what else is asked of the cluster too: all of it goes to one server. Thread-safe.

    Attributes:
        bundles: CA bundles that were read, in PEM, by the digest that `Identity.trust` carries; for `Http`.
    """

    transport: Transport
    digest: Digester
    bundles: MutableMapping[str, bytes] = field(factory=dict, repr=False)

    answers = frozenset({ClusterSecret, Observe, TrustBundles, *_READ})
    kinds = frozenset(SHAPES)

    # -- reading

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,  # noqa: ARG002 - the cluster's credentials are the transport's
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        """Answer each query by one GET; a `Finalizer` that is missing is added."""
        return {query: self._answer(query, known.get(query), deadline) for query in queries}

    def _answer(self, query: AnyQuery, known: Version | None, deadline: Deadline) -> AnyWire:
        if not (seconds := deadline.within(TIMEOUT)):
            return Failed(DeadlineExceeded(f"no time was left to read {query}"))
        try:
            return self._read(query, known, seconds)
        except SecretSyncError as error:
            return _unread(query, error)

    def _read(self, query: AnyQuery, known: Version | None, seconds: float) -> AnyWire:
        if (read := _READ.get(type(query))) is not None:
            return read(self.transport, query, timeout=seconds)
        if isinstance(query, Observe) and query.ref.kind in workloads.BY_KIND:
            return workloads.look(self.transport, query.ref, timeout=seconds)
        ref = _ref(query)
        held = self.transport.request("GET", _path(ref), timeout=seconds)
        version = Version(held["metadata"]["resourceVersion"])
        return UNCHANGED if version == known else Found(self._value(query, held), version)

    def _value(self, query: AnyQuery, secret: Json) -> object:
        if isinstance(query, Observe):
            return self.observed(secret, query.ref.kind)
        if secret.get("type") in RESERVED:
            raise CredentialsNotFound(
                f"{query} is of type {secret['type']}, which is the cluster's own and never used; "
                "put the credentials into a Secret of type Opaque"
            )
        content = SHAPES[KIND].content(secret)
        return trust.bundles(content, self.bundles) if isinstance(query, TrustBundles) else content

    def observed(self, live: Json, kind: str = KIND) -> Observed:
        """Return what a live object looks like, without its values. A Secret of the cluster's own is nobody else's."""
        metadata, shape = live["metadata"], SHAPES[kind]
        if shape.type(live) in RESERVED:
            return Observed({}, metadata["uid"], Version(metadata["resourceVersion"]), mark=marks.CLUSTER)
        return Observed(
            # Interned: many Secrets hold keys of the same names.
            keys={intern(key): self.digest(value) for key, value in shape.content(live).items()},
            uid=metadata["uid"],
            version=Version(metadata["resourceVersion"]),
            mark=marks.mark_of(metadata),
            controller=marks.foreign_controller(metadata),
            attributes=_attributes(live, shape.type(live)),
            tracked=marks.tracked(metadata),
            owned=marks.owned(metadata),
        )

    # -- writing

    def perform(self, ref: Ref, action: Action, *, subject: str) -> Found[Observed] | Absent:
        """Create, update or delete one Secret or ConfigMap; see `Place.perform` for what it raises."""
        try:
            result = self._perform(ref, action)
        except BackendError as error:
            if isinstance(action, Delete) and _is(error, 404):
                return Absent()
            raise _refusal(ref, action, error) from None
        _log.debug("%s: %s for %s", ref, action.change.value, subject)
        return result

    def _perform(self, ref: Ref, action: Action) -> Found[Observed] | Absent:
        match action:
            case Create():
                path = SHAPES[ref.kind].resource.path(ref.namespace)
                return self._found(ref, self.transport.request("POST", path, body=_created(ref, action)))
            case Update():
                return self._patched(ref, _patch(ref, action, self._metadata(ref, action)))
            case Delete():
                self.transport.request("DELETE", _path(ref), body=_deleted(action))
                return Absent()
            case Release():
                return self._patched(ref, _released(action))
        assert_never(action)

    def _patched(self, ref: Ref, body: Json) -> Found[Observed]:
        return self._found(ref, self.transport.request("PATCH", _path(ref), body=body, content_type=MERGE_PATCH))

    def _found(self, ref: Ref, live: Json) -> Found[Observed]:
        seen = self.observed(live, ref.kind)
        return Found(seen, seen.version)

    def _metadata(self, ref: Ref, action: Update) -> Json:
        """Return the live metadata where the patch depends on it, {} elsewhere.

        A merge patch replaces lists whole, so references of others must be repeated in it, and so must the names of
        what we track. A change of data alone, by far the most frequent, does without this read. Should the object
        have changed since the decision, the patch is refused by its version, whatever was read here.
        """
        if not any(name == "owner" or _is_tracked(name) for name in action.attributes):
            return {}
        live = self.transport.request("GET", _path(ref), accept=METADATA)
        metadata: Json = live["metadata"]
        return metadata


# -- what is read


def _ref(query: AnyQuery) -> Ref:
    match query:
        case Observe():
            return query.ref
        case ClusterSecret() | TrustBundles():
            return target(query.namespace, query.name)
    raise TypeError(f"{type(query).__name__} is not answered by the cluster")


def _unread(query: AnyQuery, error: SecretSyncError) -> Absent | Failed:
    if _is(error, 404):
        return _absent(query)
    if isinstance(error, RateLimited):
        return Failed(error, Scope.HOST, error.retry_after)
    return Failed(error, Scope.HOST if isinstance(error, Unavailable) and error.nobody_there else Scope.QUERY)


def _absent(query: AnyQuery) -> Absent:
    if isinstance(query, ClusterSecret):
        return Absent(SecretNotFound(API, f"read {query}", "there is no such Secret", status=404))
    return Absent()


def _is(error: SecretSyncError, status: int) -> bool:
    return isinstance(error, ApiError) and error.status == status


def _path(ref: Ref) -> str:
    return SHAPES[ref.kind].resource.path(ref.namespace, ref.name)


def _attributes(live: Json, type_: str) -> Mapping[str, str]:
    metadata = live["metadata"]
    attributes = {"type": type_} if type_ else {}
    for kind, texts in ((_LABEL, metadata.get("labels")), (_ANNOTATION, metadata.get("annotations"))):
        # Interned: thousands of Secrets carry the same names.
        attributes |= {intern(f"{kind}{name}"): text for name, text in (texts or {}).items()}
    for reference in marks.references(metadata):
        if marks.is_ours(reference, metadata):
            attributes["owner"] = marks.reference_text(reference)
    return attributes


# -- what is written


def _created(ref: Ref, action: Create) -> Json:
    owner = action.attributes.get("owner")
    metadata = {
        "namespace": ref.namespace,
        "name": ref.name,
        "labels": _labels(action.attributes),
        "annotations": _without_none(
            _annotations(action.attributes, action.mark)
            | marks.tracking_annotations(action.attributes)
            | marks.owned_annotation(action.owned)
        ),
        "ownerReferences": [json.loads(owner)] if owner else [],
    }
    shape = SHAPES[ref.kind]
    return {
        "apiVersion": shape.resource.api_version,
        "kind": shape.resource.kind,
        "metadata": metadata,
        **shape.created(action.content, action.attributes.get("type", "")),
    }


def _patch(ref: Ref, action: Update, live: Json) -> Json:
    """Return the merge patch; `live` is the metadata it was decided on, {} if neither owner nor names change."""
    metadata: Json = {
        "resourceVersion": action.version,
        "labels": _labels(action.attributes),
        "annotations": _annotations(action.attributes, action.mark),
    }
    if action.owned is not None:
        metadata["annotations"] |= marks.owned_annotation(action.owned)
    if live:
        metadata["annotations"] |= marks.tracking_annotations(_tracked_after(action, live))
    if "owner" in action.attributes:
        metadata["ownerReferences"] = _references(action, live)
    return {"metadata": metadata, **SHAPES[ref.kind].patched(action.put, action.drop)}


def _deleted(action: Delete) -> Json:
    preconditions = {"uid": action.uid, "resourceVersion": action.version}
    return {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}


def _released(action: Release) -> Json:
    marks_ = dict.fromkeys((marks.OWNER, marks.OWNER_UID, marks.MANAGED_KEYS, *marks.TRACKING.values()))
    metadata = {"resourceVersion": action.version, "labels": {marks.MANAGED: None}, "annotations": marks_}
    return {"metadata": metadata}


def _labels(attributes: Mapping[str, str | None]) -> dict[str, str | None]:
    return _named(attributes, _LABEL) | {marks.MANAGED: "true"}


def _annotations(attributes: Mapping[str, str | None], mark: str) -> dict[str, str | None]:
    return _named(attributes, _ANNOTATION) | {marks.OWNER: mark}


def _named(attributes: Mapping[str, str | None], kind: str) -> dict[str, str | None]:
    return {name.removeprefix(kind): text for name, text in attributes.items() if name.startswith(kind)}


def _without_none(texts: Mapping[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text is not None}


def _is_tracked(attribute: str) -> bool:
    return any(attribute.startswith(kind) and not attribute.startswith(kind + marks.PREFIX) for kind in marks.TRACKING)


def _tracked_after(action: Update, live: Json) -> frozenset[str]:
    taken = {name for name, text in action.attributes.items() if text is None}
    return frozenset(marks.tracked(live) | set(action.attributes)) - taken


def _references(action: Update, live: Json) -> list[Json]:
    owner = action.attributes["owner"]
    wanted = [json.loads(owner)] if owner else []
    uids = {reference["uid"] for reference in wanted}
    foreign = [r for r in marks.references(live) if not marks.is_ours(r, live) and r.get("uid") not in uids]
    if wanted and action.change is Change.ADOPTED:
        # There is room for one controller: who was it until now stays as an owner among others.
        foreign = [{**reference, "controller": False} for reference in foreign]
    return foreign + wanted


# -- what is refused


def _refusal(ref: Ref, action: Action, error: BackendError) -> SecretSyncError:
    """Return the error of a write for the transport's one; nothing of what was sent is in it."""
    if isinstance(error, Forbidden | AuthenticationFailed):
        verb = {Create: "create", Update: "patch", Release: "patch", Delete: "delete"}[type(action)]
        return TargetForbidden(
            f"{ref}: we may not {verb} it; "
            f"let our service account {verb} {SHAPES[ref.kind].resource.plural} in namespace {ref.namespace}"
        )
    return _api_refusal(ref, action, error) if isinstance(error, ApiError) else error


def _api_refusal(ref: Ref, action: Action, error: ApiError) -> TargetError:
    match error.status, action:
        case 404, Create():
            return TargetNamespaceMissing(f"{ref}: there is no namespace {ref.namespace}; create it first")
        case ((404 | 409), _):
            return TargetMoved(f"{ref}: it changed between the look and the write")
        case _, Update() if _FROZEN.intersection(error.causes):
            return TargetImmutable(f"{ref} is immutable; delete it to have it made anew")
    return TargetInvalid(f"{ref}: the API server does not accept it: {error.detail}")
