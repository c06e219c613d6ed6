"""Who is there when a simulated life begins: namespaces, KMS servers, credentials, objects, operators.

Drawn by a seed, or built around manifests of a user's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Final

from attrs import field, frozen

from secretsync.devserver.seed import Grant, Identity, Project, Seed, Universal
from secretsync.values import SecretValue

from ...cluster.transport import Json

HOME: Final = "operators"
"""The namespace of the operators themselves."""
PROJECT: Final = "shop"
ENVIRONMENT: Final = "prod"
CREDENTIALS: Final = "kms-credentials"
CANARY: Final = "cnry"
"""Every secret value begins with it, so that one where it should not be is found."""

_NAMESPACES: Final = ("blue", "green")
INTERVALS: Final = (60, 300, 600, 1800)
_DRAWN: Final = (60, 60, 60, 300, 300, 600, 1800)


@frozen
class Place:
    """A folder on a server."""

    host: str
    path: str


@frozen
class Scenario:
    """What a life begins with.

    Attributes:
        hosts: Origins of the KMS servers.
        folders: What is in each folder, by key.
        objects: KMSSecret manifests.
        namespaces: Where they live.
        operators: How many processes stand for the Lease; one alone works without it.
        cross_namespace: The operators' policy.
    """

    hosts: tuple[str, ...]
    folders: Mapping[Place, Mapping[str, str]] = field(repr=False)
    objects: tuple[Json, ...] = field(repr=False)
    namespaces: tuple[str, ...] = _NAMESPACES
    operators: int = 1
    cross_namespace: str = "Deny"

    def seed(self, host: str) -> Seed:
        """Return what a server begins with: a folder each, and an identity for each namespace."""
        folders = {
            place.path: {key: SecretValue(text) for key, text in rows.items()}
            for place, rows in self.folders.items()
            if place.host == host
        }
        return Seed(
            projects=(Project("p1", PROJECT, (ENVIRONMENT,)),),
            identities=tuple(identity(namespace) for namespace in self.namespaces),
            secrets={PROJECT: {ENVIRONMENT: folders}},
        )


def identity(namespace: str, *, secret: str = "", grants: bool = True) -> Identity:
    """Return the machine identity of a namespace."""
    universal = Universal(f"client-{namespace}", SecretValue(secret or client_secret(namespace)), ttl=7200)
    return Identity(f"id-{namespace}", universal, grants=(Grant(PROJECT),) if grants else ())


def client_secret(namespace: str, generation: int = 0) -> str:
    return f"{CANARY}.login.{namespace}.{generation}"


def value(place: Place, key: str, generation: int = 0) -> str:
    """Return a secret value that says where it belongs."""
    return f"{CANARY}.{place.path.strip('/')}.{key}.{generation}"


def draw(random: Random, *, objects: int = 20) -> Scenario:
    """Return a scenario: objects of both policies and several intervals, some on the same folder."""
    hosts = tuple(f"https://kms-{n}.example" for n in range(1 + int(random.random() * 2)))
    folders = {place: _rows(random, place) for place in _places(random, hosts, objects)}
    places = tuple(folders)
    manifests = tuple(_object(random, n, places[int(random.random() * len(places))]) for n in range(objects))
    return Scenario(hosts, folders, manifests, operators=1 + int(random.random() * 2))


def _places(random: Random, hosts: tuple[str, ...], objects: int) -> Iterator[Place]:
    for n in range(max(1, int(objects * 0.7))):
        yield Place(hosts[int(random.random() * len(hosts))], f"/folder-{n}")


def _rows(random: Random, place: Place) -> dict[str, str]:
    keys = [f"KEY_{n}" for n in range(2 + int(random.random() * 5))]
    return {key: value(place, key) for key in keys}


def _object(random: Random, n: int, place: Place) -> Json:
    namespace = _NAMESPACES[int(random.random() * len(_NAMESPACES))]
    interval = _DRAWN[int(random.random() * len(_DRAWN))]
    policy = "Owner" if random.random() < 0.5 else "Orphan"  # noqa: PLR2004 - one half each
    return manifest(f"app-{n}", namespace, place, interval=interval, policy=policy)


def manifest(name: str, namespace: str, place: Place, *, interval: int, policy: str, credentials: str = "") -> Json:
    """Return a KMSSecret; `credentials` is the namespace of its credentials, its own by default."""
    return {
        "apiVersion": "secrets.lux.network/v1alpha1",
        "kind": "KMSSecret",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "hostAPI": f"{place.host}/api",
            "resyncInterval": interval,
            "authentication": {
                "universalAuth": {
                    "credentialsRef": {"secretName": CREDENTIALS, "secretNamespace": credentials or namespace},
                    "secretsScope": {"projectSlug": PROJECT, "envSlug": ENVIRONMENT, "secretsPath": place.path},
                }
            },
            "managedSecretReference": {
                "secretName": f"{name}-secret",
                "secretNamespace": namespace,
                "creationPolicy": policy,
            },
        },
    }
