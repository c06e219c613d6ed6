"""How a Secret says whose it is: the label, the annotations and the owner reference that we write (kmssecret §4.2).

A Secret that an earlier operator made with `creationPolicy: Owner` carries no annotation of the owner, but an owner
reference of its KMSSecret in the same namespace; that names the owner just as well, so taking over needs no adoption.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from .transport import Json

GROUP: Final = "secrets.lux.network"
KIND: Final = "KMSSecret"
"""The only kind that is named by an owner reference; other kinds of the group may carry the same names."""
PREFIX: Final = f"{GROUP}/"

MANAGED: Final = f"{PREFIX}managed"
"""Label, "true": what the watch of targets selects by."""
CLUSTER: Final = "the cluster itself"
"""As whose the cluster's own Secrets are looked at: nobody else may have them, whatever else is allowed."""
OWNER: Final = f"{PREFIX}owner"
"""Annotation: the mark, `namespace/name` of the object that wants this Secret."""
OWNER_UID: Final = f"{PREFIX}owner-uid"
VERSION: Final = f"{PREFIX}version"
ALLOWED: Final = f"{PREFIX}allow-from-namespaces"
"""Annotation of a Secret or a Namespace: the namespaces whose objects may use it, or `*`."""
MANAGED_LABELS: Final = f"{PREFIX}managed-labels"
MANAGED_ANNOTATIONS: Final = f"{PREFIX}managed-annotations"

MANAGED_KEYS: Final = f"{PREFIX}managed-keys"
"""Annotation of a Secret that others write too: the keys that we set."""

AUTO_RELOAD: Final = f"{PREFIX}auto-reload"
"""Annotation of a workload that asks to be restarted: `true`, or the ways of use that count."""

TRACKING: Final[Mapping[str, str]] = {"label:": MANAGED_LABELS, "annotation:": MANAGED_ANNOTATIONS}
"""Which annotation lists the names of which attributes."""

_NOTHING: Final[frozenset[str]] = frozenset()
"""One for all: an empty set of its own would cost each Secret 200 bytes."""
_REFERENCE: Final = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")


def owner_reference(*, api_version: str, kind: str, name: str, uid: str) -> str:
    """Return the attribute `owner` for a controller in the Secret's own namespace."""
    return reference_text(
        {
            "apiVersion": api_version,
            "kind": kind,
            "name": name,
            "uid": uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
    )


def reference_text(reference: Json) -> str:
    """Return an owner reference as text; equal references have equal texts."""
    return json.dumps({key: reference.get(key, False) for key in _REFERENCE}, separators=(",", ":"))


def mark_of(metadata: Json) -> str | None:
    """Return whose mark an object carries."""
    written: str | None = (metadata.get("annotations") or {}).get(OWNER)
    if written is not None:
        return written
    names = [r["name"] for r in references(metadata) if r.get("controller") and _of_kmssecret(r)]
    return f"{metadata.get('namespace', '')}/{names[0]}" if names else None


def references(metadata: Json) -> list[Json]:
    return metadata.get("ownerReferences") or []


def is_ours(reference: Json, metadata: Json) -> bool:
    """Return whether a reference is of the object that the mark names."""
    if reference.get("uid") == (metadata.get("annotations") or {}).get(OWNER_UID, ""):
        return True
    named = f"{metadata.get('namespace', '')}/{reference.get('name')}"
    return _of_kmssecret(reference) and named == mark_of(metadata)


def _of_kmssecret(reference: Json) -> bool:
    return reference.get("kind") == KIND and str(reference.get("apiVersion", "")).startswith(PREFIX)


def foreign_controller(metadata: Json) -> str:
    """Return the controller that owns the object and is not the one the mark names, in words, or ""."""
    for reference in references(metadata):
        if reference.get("controller") and not is_ours(reference, metadata):
            return f"{reference.get('kind')} {reference.get('name')}"
    return ""


def tracked(metadata: Json) -> frozenset[str]:
    """Return the attributes that we set earlier, as the object itself says."""
    annotations = metadata.get("annotations") or {}
    names = {
        f"{kind}{name}"
        for kind, listed in TRACKING.items()
        for name in annotations.get(listed, "").split(",")
        if name and not name.startswith(PREFIX)
    }
    owned = any(is_ours(reference, metadata) for reference in references(metadata))
    if owned:
        names.add("owner")
    return frozenset(names) if names else _NOTHING


def owned(metadata: Json) -> frozenset[str]:
    """Return the keys that we set earlier where others set some too, as the object itself says."""
    listed = (metadata.get("annotations") or {}).get(MANAGED_KEYS, "")
    return frozenset(listed.split(",")) if listed else _NOTHING


def owned_annotation(keys: frozenset[str]) -> dict[str, str | None]:
    """Return the annotation that lists these keys; None where there is none to list."""
    return {MANAGED_KEYS: ",".join(sorted(keys)) or None}


def tracking_annotations(attributes: Iterable[str]) -> dict[str, str | None]:
    """Return the annotations that list these attributes; None where there is none to list."""
    names = sorted(attributes)
    return {listed: ",".join(_names(names, kind)) or None for kind, listed in TRACKING.items()}


def _names(attributes: list[str], kind: str) -> list[str]:
    names = [attribute.removeprefix(kind) for attribute in attributes if attribute.startswith(kind)]
    return [name for name in names if not name.startswith(PREFIX)]
