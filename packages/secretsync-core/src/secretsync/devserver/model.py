"""The KMS in memory: what it knows, what it lets whom read, and how it changes. No HTTP in here."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from threading import Lock
from typing import TypeVar

import attrs

from ..clock import Clock
from ..values import SecretValue
from .access import Entropy, Login, Tokens
from .reading import Folder, Listing, Reading, Row, Secret
from .references import Location
from .refusals import Refusal, no_environment, no_project, not_a_member, unauthorized
from .rights import Rights
from .seed import Identity, Project, Seed

T = TypeVar("T")


class KMS:
    """One organisation's projects, identities and secrets. Safe to call from several threads.

    Reads take who asks and raise `Refusal` as the server would answer. Writes are for whoever runs the server (a test,
    the control API): nobody is asked whether they may; they name projects by id or slug.

    Attributes:
        started: When it began, which is the age of everything the seed brought.
        organization: The slug.
        revision: Counts the changes of what anybody may read; tokens may end all the same.
    """

    def __init__(self, seed: Seed, *, clock: Clock, entropy: Entropy) -> None:
        self.revision: int = 0
        self._clock = clock
        self._entropy = entropy
        self._lock = Lock()
        self.started: datetime = clock.now()
        self.organization: str = seed.organization.slug
        self._projects = seed.projects
        self._identities = {identity.id: identity for identity in seed.identities}
        self._tokens = Tokens(clock=clock, entropy=entropy)
        self._folders: dict[Location, Folder] = {}
        self._sow(seed)

    # -- who asks

    def login(self, *, client_id: str, client_secret: SecretValue) -> Login:
        """Return a new access token of the identity with these universal-auth credentials.

        Raises:
            Refusal: 401, the same for an unknown client and a wrong secret.
        """
        with self._lock:
            for identity in self._identities.values():
                universal = identity.universal
                if universal and universal.client_id == client_id and universal.client_secret == client_secret:
                    return self._tokens.issue(identity, universal)
        raise unauthorized("Invalid credentials")

    def identify(self, token: SecretValue) -> Identity:
        """Return whose token it is.

        Raises:
            Refusal: 403 TokenError when it is unknown or has ended, 401 when it was revoked.
        """
        with self._lock:
            return self._identities[self._tokens.identity(token)]

    def admits(self, token: SecretValue) -> bool:
        """Return whether a token is good now."""
        try:
            self.identify(token)
        except Refusal:
            return False
        return True

    def revoke_tokens(self) -> int:
        """Refuse all tokens issued so far with 401; return how many."""
        with self._lock:
            return self._tokens.revoke_all()

    def expire_tokens(self) -> None:
        """Let all tokens issued so far end now: refused with 403 TokenError."""
        with self._lock:
            self._tokens.expire_all()

    def replace_identity(self, identity: Identity) -> None:
        """Have another identity of the same id: other credentials, other grants. Its tokens stay good."""
        with self._lock:
            self._identities[identity.id] = identity
            self.revision += 1

    # -- reads

    def project(self, who: Identity, *, id: str = "", slug: str = "") -> Project:  # noqa: A002 - as the API names it
        """Return a project by id, or by slug if there is no id.

        Raises:
            Refusal: There is none (404), or the identity is no member of it (403).
        """
        wanted = [one for one in self._projects if (one.id == id if id else one.slug == slug)]
        if not wanted:
            raise no_project(id=id, slug=slug)
        if not Rights(who, wanted[0]).member():
            raise not_a_member()
        return wanted[0]

    def projects(self, who: Identity) -> tuple[Project, ...]:
        """Return the projects that the identity is a member of."""
        return tuple(one for one in self._projects if Rights(who, one).member())

    def list_secrets(
        self,
        who: Identity,
        project: Project,
        *,
        environment: str,
        path: str = "/",
        recursive: bool = False,
        imports: bool = True,
        expand: bool = True,
    ) -> Listing:
        """Return the secrets of a folder; what the identity has no grant for is left out (kms-api §4.6, node).

        Raises:
            Refusal: No such folder or environment, or a reference names what may not be read.
        """
        if recursive and environment not in project.environments:
            raise no_environment(environment)
        with self._lock:
            reading = self._reading(who, project, expand=expand)
            return reading.list(Location(project.id, environment, clean(path)), recursive=recursive, imports=imports)

    def get_secret(
        self,
        who: Identity,
        project: Project,
        name: str,
        *,
        environment: str,
        path: str = "/",
        imports: bool = True,
        expand: bool = True,
    ) -> Row:
        """Return one secret: the folder's own, else the last import's that has it.

        Raises:
            Refusal: No such folder or secret, or it may not be read.
        """
        with self._lock:
            reading = self._reading(who, project, expand=expand)
            return reading.one(Location(project.id, environment, clean(path)), name, imports=imports)

    # -- writes

    def put(self, project: str, environment: str, path: str, values: Mapping[str, SecretValue | str]) -> None:
        """Create or change secrets; each change counts one version up. Folders that are missing are created.

        Raises:
            Refusal: There is no such project or environment.
            ValueError: A value is not UTF-8 text.
        """
        texts = {key: value.text() if isinstance(value, SecretValue) else value for key, value in values.items()}
        with self._lock:
            folder = self._create(self._location(project, environment, path))
            for key, text in texts.items():
                self._set(folder, key, SecretValue(text))

    def delete(self, project: str, environment: str, path: str, keys: Iterable[str]) -> None:
        """Remove secrets; those that are not there are no error.

        Raises:
            Refusal: There is no such project or environment.
        """
        with self._lock:
            self.revision += 1
            if folder := self._folders.get(self._location(project, environment, path)):
                for key in keys:
                    folder.secrets.pop(key, None)

    def create_folder(self, project: str, environment: str, path: str) -> None:
        """Create a folder and those above it; one that is there stays.

        Raises:
            Refusal: There is no such project or environment.
        """
        with self._lock:
            self._create(self._location(project, environment, path))

    # -- inside, under the lock

    def _sow(self, seed: Seed) -> None:
        for project in seed.projects:
            for environment in project.environments:
                self._create(Location(project.id, environment, "/"))
        for slug, environment, path, secrets in _leaves(seed.secrets):
            folder = self._create(self._location(slug, environment, path))
            for key, value in secrets.items():
                self._set(folder, key, value)
        for slug, environment, path, imports in _leaves(seed.imports):
            self._create(self._location(slug, environment, path)).imports = imports

    def _location(self, project: str, environment: str, path: str) -> Location:
        wanted = [one for one in self._projects if project in (one.id, one.slug)]
        if not wanted:
            raise no_project(slug=project)
        if environment not in wanted[0].environments:
            raise no_environment(environment)
        return Location(wanted[0].id, environment, clean(path))

    def _create(self, at: Location) -> Folder:
        self.revision += 1
        names = at.path.strip("/").split("/")
        for depth in range(len(names) + 1):
            above = attrs.evolve(at, path="/" + "/".join(names[:depth]))
            if above not in self._folders:
                self._folders[above] = Folder(self._new_id())
        return self._folders[at]

    def _set(self, folder: Folder, key: str, value: SecretValue) -> None:
        now, old = self._clock.now(), folder.secrets.get(key)
        if old is None:
            folder.secrets[key] = Secret(self._new_id(), key, value, 1, now, now)
        else:
            folder.secrets[key] = Secret(old.id, key, value, old.version + 1, old.created_at, now)

    def _reading(self, who: Identity, project: Project, *, expand: bool) -> Reading:
        rights = Rights(who, project)
        return Reading(self._folders, lambda at: rights.allow("read", at), expand)

    def _new_id(self) -> str:
        return str(uuid.UUID(bytes=self._entropy(16), version=4))


def clean(path: str) -> str:
    """Return a folder's path with one slash before it and none behind."""
    return "/" + path.strip("/")


def _leaves(tree: Mapping[str, Mapping[str, Mapping[str, T]]]) -> Iterator[tuple[str, str, str, T]]:
    for project, by_environment in tree.items():
        for environment, folders in by_environment.items():
            for path, leaf in folders.items():
                yield project, environment, path, leaf
