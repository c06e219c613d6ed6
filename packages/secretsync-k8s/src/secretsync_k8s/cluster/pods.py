"""What a pod template uses of its namespace, and how (kmssecret §6).

    env      a container took it at its start, and keeps it until the next
    volume   a file in a volume, which the cluster refreshes by itself

What only fetches images (`imagePullSecrets`) is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from secretsync.classes import frozen

from .resources import CONFIGMAPS, SECRETS
from .transport import Json

ENV: Final = "env"
VOLUME: Final = "volume"
WAYS: Final = frozenset({ENV, VOLUME})

_CONTAINERS: Final = ("containers", "initContainers", "ephemeralContainers")

_Parts = Mapping[str, tuple[str, str]]
"""By kind the part of a source that names one, and the field with the name."""
_ENV_FROM: Final[_Parts] = {SECRETS.kind: ("secretRef", "name"), CONFIGMAPS.kind: ("configMapRef", "name")}
_VALUE_FROM: Final[_Parts] = {SECRETS.kind: ("secretKeyRef", "name"), CONFIGMAPS.kind: ("configMapKeyRef", "name")}
_VOLUME: Final[_Parts] = {SECRETS.kind: ("secret", "secretName"), CONFIGMAPS.kind: ("configMap", "name")}
_PROJECTED: Final[_Parts] = {SECRETS.kind: ("secret", "name"), CONFIGMAPS.kind: ("configMap", "name")}


@frozen(order=True)
class Use:
    """A Secret or ConfigMap that pods use, in the namespace they are in."""

    kind: str
    name: str


def uses(template: Json) -> Mapping[Use, frozenset[str]]:
    """Return what the pods of a template use, with the ways of it."""
    spec: Json = template.get("spec") or {}
    found: dict[Use, frozenset[str]] = {}
    containers = [one for part in _CONTAINERS for one in spec.get(part) or ()]
    for way, used in ((ENV, _by_env(containers)), (VOLUME, _by_volume(spec.get("volumes") or ()))):
        for use in used:
            found[use] = found.get(use, frozenset()) | {way}
    return found


def _by_env(containers: Iterable[Json]) -> Iterator[Use]:
    for container in containers:
        for source in container.get("envFrom") or ():
            yield from _named(source, _ENV_FROM)
        for variable in container.get("env") or ():
            yield from _named(variable.get("valueFrom") or {}, _VALUE_FROM)


def _by_volume(volumes: Iterable[Json]) -> Iterator[Use]:
    for volume in volumes:
        yield from _named(volume, _VOLUME)
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield from _named(source, _PROJECTED)


def _named(source: Json, parts: _Parts) -> Iterator[Use]:
    for kind, (part, field) in parts.items():
        if name := (source.get(part) or {}).get(field):
            yield Use(kind, name)
