"""Who is there when a simulated life begins: namespaces, KMS servers, credentials, objects, operators.

Drawn by a seed, or built around manifests of a user's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from random import Random
from typing import Final, TypeVar

from attrs import evolve, field

from secretsync.backends.kms.urls import normalise
from secretsync.classes import frozen
from secretsync.devserver.methods import Universal
from secretsync.devserver.seed import Grant, Identity, Project, Seed
from secretsync.devserver.tree import clean
from secretsync.values import SecretValue

from ...cluster.transport import Json
from ...kinds.kmssecret.spec import interval

T = TypeVar("T")

HOME: Final = "operators"
"""The namespace of the operators themselves."""
PROJECT: Final = "shop"
ENVIRONMENT: Final = "prod"
CREDENTIALS: Final = "kms-credentials"
DEFAULT_HOST: Final = "https://kms.default"
"""The KMS of objects that name none."""
TOKEN_LIFE: Final = 7200
"""Seconds that a token of a server is good."""
CANARY: Final = "cnry"
"""Every secret value begins with it, so that one where it should not be is found."""

_NAMESPACES: Final = ("blue", "green")
_POLICIES: Final = ("Deny", "Annotated", "Allow")
_ABROAD: Final = 0.15
"""How many objects name credentials of another namespace, and how many a Secret in one."""
_DRAWN: Final = (60, 300, 300, 600, 600, 1800)


@frozen
class Place:
    """A folder on a server; `project` is what manifests call it, its slug or its id."""

    host: str
    path: str
    project: str = PROJECT
    environment: str = ENVIRONMENT

    def __str__(self) -> str:
        return f"{self.host} {self.project}/{self.environment}{self.path}"

    @property
    def mark(self) -> str:
        """How the secret values in it begin."""
        return f"{CANARY}.{self.project}.{self.environment}.{self.path.strip('/')}."

    def holds(self, other: Place) -> bool:
        """Whether the other is this folder or below it."""
        below = other.path == self.path or other.path.startswith(f"{self.path.rstrip('/')}/")
        return below and evolve(other, path=self.path) == self


@frozen
class Login:
    """A machine identity, by the Secret that holds its credentials."""

    namespace: str
    name: str = CREDENTIALS

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@frozen
class Scenario:
    """What a life begins with.

    Attributes:
        hosts: Origins of the KMS servers.
        folders: What is in each folder, by key.
        objects: KMSSecret manifests.
        namespaces: Where they and their Secrets live.
        logins: Who logs in at the servers; each may read everything.
        longest: The longest interval of an object in seconds. It says how far storms are apart, and so must stay when
            objects are left out.
        ids: Those projects that manifests name by id; the others are named by slug.
        operators: How many processes stand for the Lease; one alone works without it.
        cross_namespace: The operators' policy.
        lends: Of a namespace, which others its credentials say may use them: names with commas between, or `*`.
        takes_in: Of a namespace, whose Secrets it says may be kept in it, likewise.
    """

    hosts: tuple[str, ...]
    folders: Mapping[Place, Mapping[str, str]] = field(repr=False)
    objects: tuple[Json, ...] = field(repr=False)
    namespaces: tuple[str, ...] = _NAMESPACES
    logins: tuple[Login, ...] = tuple(map(Login, _NAMESPACES))
    longest: float = _DRAWN[-1]
    ids: frozenset[str] = frozenset()
    operators: int = 1
    cross_namespace: str = "Deny"
    lends: Mapping[str, str] = {}
    takes_in: Mapping[str, str] = {}

    @property
    def intervals(self) -> tuple[float, ...]:
        """Those of the objects in seconds, each once, the shortest first."""
        return tuple(sorted({interval_of(obj) for obj in self.objects}))

    def seed(self, host: str) -> Seed:
        """Return what a server begins with: its folders, and everybody who logs in."""
        secrets: dict[str, dict[str, dict[str, dict[str, SecretValue]]]] = {}
        for place, rows in self.folders.items():
            if place.host == host:
                folders = secrets.setdefault(place.project, {}).setdefault(place.environment, {})
                folders[place.path] = {key: SecretValue(text) for key, text in rows.items()}
        return Seed(
            projects=tuple(Project(self.project_id(name), name, tuple(folders)) for name, folders in secrets.items()),
            identities=tuple(self.identity(host, login) for login in self.logins),
            secrets=secrets,
        )

    def project_id(self, project: str) -> str:
        """Return the id of a project as servers know it."""
        return project if project in self.ids else f"id-{project}"

    def identity(self, host: str, login: Login, *, secret: str = "", grants: bool = True) -> Identity:
        """Return a machine identity as a server knows it, with other credentials or without rights if asked to."""
        universal = Universal(client_id(login), SecretValue(secret or client_secret(login)), ttl=TOKEN_LIFE)
        projects = dict.fromkeys(place.project for place in self.folders if place.host == host)
        return Identity(f"id-{login}", universal, grants=tuple(map(Grant, projects)) if grants else ())

    def listed(self, host: str, query: Mapping[str, str]) -> Place:
        """Return the folder that a request lists."""
        known_as = query.get("projectId") or query.get("workspaceId", "")
        project = known_as if known_as in self.ids else known_as.removeprefix("id-")
        return Place(host, clean(query.get("secretPath", "")), project, query.get("environment", ""))

    def scope(self, place: Place) -> Json:
        """Return how a manifest names a folder, as a merge patch of its `secretsScope`."""
        slug, known_as = (None, place.project) if place.project in self.ids else (place.project, None)
        named = {"projectSlug": slug, "projectId": known_as}
        return {**named, "envSlug": place.environment, "secretsPath": place.path}


def client_id(login: Login) -> str:
    return f"client-{login.namespace}-{login.name}"


def client_secret(login: Login, generation: int = 0) -> str:
    return f"{CANARY}.login.{login.namespace}.{login.name}.{generation}"


def value(place: Place, key: str, generation: int = 0) -> str:
    """Return a secret value that says where it belongs."""
    return f"{place.mark}{key}.{generation}"


# -- what a manifest says


def full_name(obj: Json) -> str:
    """Return `namespace/name`."""
    return f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"


def place_of(obj: Json) -> Place:
    """Return the folder that an object reads."""
    spec = obj["spec"]
    scope = _login_block(obj)["secretsScope"]
    project = scope.get("projectSlug") or scope["projectId"]
    return Place(_server(spec.get("hostAPI") or DEFAULT_HOST), clean(scope["secretsPath"]), project, scope["envSlug"])


@cache
def _server(address: str) -> str:
    return normalise(address)


def is_recursive(obj: Json) -> bool:
    """Whether it reads the folders below, too."""
    return bool(_login_block(obj)["secretsScope"].get("recursive"))


def login_of(obj: Json) -> Login:
    """Return who logs in for an object."""
    credentials = _login_block(obj)["credentialsRef"]
    return Login(credentials["secretNamespace"], credentials["secretName"])


def targets_of(obj: Json) -> tuple[tuple[str, str], ...]:
    """Return namespace and name of each Secret that an object asks for."""
    spec = obj["spec"]
    blocks = spec.get("managedKubeSecretReferences") or [spec["managedSecretReference"]]
    return tuple((block["secretNamespace"], block["secretName"]) for block in blocks)


def interval_of(obj: Json) -> float:
    """Return the seconds between two checks of an object."""
    seconds = interval(obj["spec"])
    assert seconds is not None  # noqa: S101 - the CRD admits no other
    return seconds


def _login_block(obj: Json) -> Json:
    block: Json = obj["spec"]["authentication"]["universalAuth"]
    return block


def draw(random: Random, *, objects: int = 20) -> Scenario:
    """Return a scenario: objects of both policies and several intervals, some on the same folder."""
    hosts = tuple(f"https://kms-{n}.example" for n in range(1 + int(random.random() * 2)))
    folders = {place: _rows(random, place) for place in _places(random, hosts, objects)}
    places = tuple(folders)
    manifests = tuple(_object(random, n, places[int(random.random() * len(places))]) for n in range(objects))
    return Scenario(
        hosts,
        folders,
        manifests,
        operators=1 + int(random.random() * 2),
        cross_namespace=_POLICIES[int(random.random() * len(_POLICIES))],
        lends=_grants(random),
        takes_in=_grants(random),
    )


def _grants(random: Random) -> dict[str, str]:
    """Return what half of the namespaces allow others."""
    texts = {namespace: _one(random, ("*", *_others(namespace))) for namespace in _NAMESPACES}
    return {namespace: text for namespace, text in texts.items() if random.random() < 0.5}  # noqa: PLR2004 - one half


def _others(namespace: str) -> tuple[str, ...]:
    return tuple(one for one in _NAMESPACES if one != namespace)


def _one(random: Random, among: Sequence[T]) -> T:
    return among[int(random.random() * len(among))]


def _places(random: Random, hosts: tuple[str, ...], objects: int) -> Iterator[Place]:
    for n in range(max(1, int(objects * 0.7))):
        yield Place(hosts[int(random.random() * len(hosts))], f"/folder-{n}")


def _rows(random: Random, place: Place) -> dict[str, str]:
    keys = [f"KEY_{n}" for n in range(2 + int(random.random() * 5))]
    return {key: value(place, key) for key in keys}


def _object(random: Random, n: int, place: Place) -> Json:
    namespace = _one(random, _NAMESPACES)
    credentials, into = (_one(random, _others(namespace)) if random.random() < _ABROAD else namespace for _ in range(2))
    return manifest(
        f"app-{n}",
        namespace,
        place,
        interval=_one(random, _DRAWN),
        policy=_one(random, ("Owner", "Orphan")),
        credentials=credentials,
        into=into,
    )


def manifest(
    name: str, namespace: str, place: Place, *, interval: int, policy: str, credentials: str = "", into: str = ""
) -> Json:
    """Return a KMSSecret; its credentials and its Secret are in its own namespace, unless others are named."""
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
                "secretNamespace": into or namespace,
                "creationPolicy": policy,
            },
        },
    }
