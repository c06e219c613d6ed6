"""A scenario around manifests of a user's own: made-up folders, credentials and namespaces for all that they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Final

from secretsync.classes import frozen

from ...cluster.marks import PREFIX
from ...cluster.transport import Json
from .scenario import Place, Scenario, full_name, interval_of, login_of, place_of, targets_of, value

OPERATORS: Final = 2
_OPAQUE: Final = "Opaque"
_KEYS: Final = 4
"""In each made-up folder."""


@frozen
class Built:
    """A scenario, and what of the manifests is not in it, in plain words."""

    scenario: Scenario
    notes: tuple[str, ...]


def build(manifests: Iterable[Json]) -> Built:
    """Return the scenario of manifests, which must be valid.

    A paused object is left out, for nothing happens to it. `tls` is left out because simulated servers need no
    certificate, and a type of Secret because made-up keys would not be those that it takes.
    """
    notes: dict[str, list[str]] = {}
    objects = tuple(_simplified(notes, manifests))
    places = tuple(dict.fromkeys(map(place_of, objects)))
    logins = tuple(dict.fromkeys(map(login_of, objects)))
    used = [*(obj["metadata"]["namespace"] for obj in objects), *(login.namespace for login in logins)]
    used += [namespace for obj in objects for namespace, _ in targets_of(obj)]
    scenario = Scenario(
        hosts=tuple(dict.fromkeys(place.host for place in places)),
        folders={place: _rows(n, place) for n, place in enumerate(places)},
        objects=objects,
        namespaces=tuple(dict.fromkeys(used)),
        logins=logins,
        longest=max(map(interval_of, objects), default=0.0),
        ids=frozenset(_ids(objects)),
        operators=OPERATORS,
        cross_namespace="Allow",
    )
    return Built(scenario, tuple(f"{words}: {', '.join(names)}" for words, names in notes.items()))


def _simplified(notes: dict[str, list[str]], manifests: Iterable[Json]) -> Iterator[Json]:
    for manifest in manifests:
        name, spec = full_name(manifest), deepcopy(manifest["spec"])
        if (manifest["metadata"].get("annotations") or {}).get(f"{PREFIX}paused") == "true":
            notes.setdefault("paused, and so not simulated", []).append(name)
            continue
        if spec.pop("tls", None):
            notes.setdefault("simulated without TLS", []).append(name)
        if _made_opaque(spec):
            notes.setdefault("simulated with Secrets of type Opaque", []).append(name)
        yield {**manifest, "spec": spec}


def _made_opaque(spec: Json) -> bool:
    """Give targets that have another type the common one; return whether there are any."""
    blocks = [*(spec.get("managedKubeSecretReferences") or ()), spec.get("managedSecretReference") or {}]
    special = [block for block in blocks if block.get("secretType", "") not in ("", _OPAQUE)]
    for block in special:
        block["secretType"] = _OPAQUE
    return bool(special)


def _rows(number: int, place: Place) -> Mapping[str, str]:
    """Return what is in a folder: keys that are in no other, because an object may read several."""
    return {key: value(place, key) for key in (f"KEY_{number}_{n}" for n in range(_KEYS))}


def _ids(objects: Iterable[Json]) -> Iterator[str]:
    for obj in objects:
        scope = obj["spec"]["authentication"]["universalAuth"]["secretsScope"]
        if not scope.get("projectSlug"):
            yield scope["projectId"]
