"""What a client learns about the server before it asks for an object: groups, resources, version, OpenAPI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from .resources import ResourceType
from .status import Json, plain

KUBERNETES: Final = {"major": "1", "minor": "36", "gitVersion": "v1.36.0+secretsync.memory"}
"""The version whose behaviour is imitated."""

_VERBS: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_STATUS_VERBS: Final = ("get", "patch", "update")


_FIXED: Final[dict[tuple[str, ...], Json]] = {
    ("version",): {**KUBERNETES, "platform": "memory", "goVersion": "", "gitTreeState": "clean"},
    ("api",): {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
    # No types: enough for clients that only look whether the documents are there.
    ("openapi", "v2"): {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": KUBERNETES["gitVersion"]},
        "paths": {},
        "definitions": {},
    },
    ("openapi", "v3"): {"paths": {}},
}


def answer(segments: Sequence[str], types: Sequence[ResourceType]) -> Json:
    """Return the document at a path of discovery, given as its segments (`["apis", "apps", "v1"]`).

    Raises:
        ApiError: 404, there is none.
    """
    groups = list(dict.fromkeys(type_.group for type_ in types))
    versions = {(type_.group, type_.version) for type_ in types}
    match segments:
        case ["apis"]:
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(g, types) for g in groups if g]}
        case ["apis", group] if group in groups:
            return {"apiVersion": "v1", **_group(group, types)}
        case ["apis", group, version] if (group, version) in versions:
            return _resources(group, version, types)
        case ["api", "v1"]:
            return _resources("", "v1", types)
        case _ if tuple(segments) in _FIXED:
            return _FIXED[tuple(segments)]
        case _:
            raise plain(404, "the server could not find the requested resource")


def _group(name: str, types: Iterable[ResourceType]) -> Json:
    versions = dict.fromkeys(type_.version for type_ in types if type_.group == name)
    entries = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"kind": "APIGroup", "name": name, "versions": entries, "preferredVersion": entries[0]}


def _resources(group: str, version: str, types: Iterable[ResourceType]) -> Json:
    served = [type_ for type_ in types if (type_.group, type_.version) == (group, version)]
    entries = [entry for type_ in served for entry in _entries(type_)]
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries}


def _entries(type_: ResourceType) -> list[Json]:
    common: dict[str, Any] = {"namespaced": type_.namespaced, "kind": type_.kind}
    main = {"name": type_.plural, "singularName": type_.kind.lower(), **common, "verbs": list(_VERBS)}
    if type_.short_names:
        main["shortNames"] = list(type_.short_names)
    if type_.categories:
        main["categories"] = list(type_.categories)
    status = {"name": f"{type_.plural}/status", "singularName": "", **common, "verbs": list(_STATUS_VERBS)}
    return [main, status] if type_.has_status else [main]
