"""The folders and what stands in them: how they change, and who hears of it. No identities and no HTTP in here."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, Literal

from attrs import evolve, field

from ..classes import define, frozen
from ..clock import Clock
from ..values import SecretValue
from .entropy import Entropy
from .references import Location
from .seed import Import, Tag

_KEPT_VERSIONS: Final = 50
"""Of each secret; who asks for an older one is told that there is none."""

Happening = Literal["secret:create", "secret:update", "secret:delete", "secret:import-mutation"]


@frozen
class Event:
    """What changed where; `key` is empty when a folder's imports did."""

    kind: Happening
    at: Location
    key: str = ""


@frozen
class Metadatum:
    key: str
    value: str = field(repr=False)
    encrypted: bool = False


@frozen(kw_only=True)
class Content:
    """What people write into a secret."""

    value: SecretValue
    comment: str = field(default="", repr=False)
    tags: tuple[Tag, ...] = ()
    metadata: tuple[Metadatum, ...] = ()
    multiline: bool = False
    """An expanded value of several lines is returned as one, in quotes (the API's `skipMultilineEncoding`)."""
    reminder_note: str | None = field(default=None, repr=False)
    reminder_days: int | None = None


@frozen
class Secret:
    """One version of a secret; `past` holds those before it, the oldest first."""

    id: str
    key: str
    content: Content
    version: int
    created_at: datetime
    updated_at: datetime
    past: tuple[Secret, ...] = field(default=(), repr=False)

    @property
    def value(self) -> SecretValue:
        return self.content.value


@define
class Folder:
    id: str
    created_at: datetime
    updated_at: datetime
    secrets: dict[str, Secret] = field(factory=dict)
    imports: tuple[Import, ...] = ()
    description: str | None = None
    version: int = 1


class Tree:
    """All folders, by location. Not thread-safe: its owner has the lock.

    Attributes:
        folders: Only for reading.
        revision: Counts the changes.
    """

    def __init__(self, *, clock: Clock, entropy: Entropy, hear: Callable[[Event], None]) -> None:
        self.folders: dict[Location, Folder] = {}
        self.revision: int = 0
        self._clock = clock
        self._entropy = entropy
        self._hear = hear

    def new_id(self) -> str:
        return str(uuid.UUID(bytes=self._entropy(16), version=4))

    # -- folders

    def create(self, at: Location) -> Folder:
        """Return the folder, made with those above it if it is not there."""
        self.revision += 1
        names = at.path.strip("/").split("/")
        now = self._clock.now()
        for depth in range(len(names) + 1):
            above = evolve(at, path="/" + "/".join(names[:depth]))
            if above not in self.folders:
                self.folders[above] = Folder(self.new_id(), now, now)
        return self.folders[at]

    def find(self, folder_id: str) -> Location | None:
        """Return where the folder with this id is."""
        return next((at for at, folder in self.folders.items() if folder.id == folder_id), None)

    def below(self, at: Location) -> tuple[Location, ...]:
        """Return the folder and all below it, by path; nothing where there is no such folder."""
        prefix = at.path.rstrip("/") + "/"
        return tuple(
            sorted(
                one
                for one in self.folders
                if (one.project, one.environment) == (at.project, at.environment)
                and (one.path == at.path or one.path.startswith(prefix))
            )
        )

    def describe(self, at: Location, *, description: str | None) -> None:
        folder = self.folders[at]
        folder.description, folder.version, folder.updated_at = description, folder.version + 1, self._clock.now()
        self.revision += 1

    def rename(self, at: Location, to: Location) -> None:
        """Move a folder and all below it; readers of either place are told."""
        moved = {one: evolve(one, path=to.path + one.path[len(at.path) :]) for one in self.below(at)}
        for old, new in moved.items():
            folder = self.folders[new] = self.folders.pop(old)
            self._tell_all(folder, old, "secret:delete")
            self._tell_all(folder, new, "secret:create")
        self.revision += 1

    def remove(self, at: Location) -> None:
        """Remove a folder with all below it."""
        for one in self.below(at):
            self._tell_all(self.folders.pop(one), one, "secret:delete")
        self.revision += 1

    def import_(self, at: Location, imports: tuple[Import, ...]) -> None:
        """Have the folder import these, in this order."""
        self.folders[at].imports = imports
        self.revision += 1
        self._hear(Event("secret:import-mutation", at))

    # -- secrets

    def put(self, at: Location, key: str, content: Content) -> Secret:
        """Create or change a secret of a folder that is there."""
        folder, now = self.folders[at], self._clock.now()
        old = folder.secrets.get(key)
        if old is None:
            made = Secret(self.new_id(), key, content, 1, now, now)
        else:
            past = (*old.past, evolve(old, past=()))[-_KEPT_VERSIONS:]
            made = Secret(old.id, key, content, old.version + 1, old.created_at, now, past)
        folder.secrets[key] = made
        self._touched(folder, Event("secret:create" if old is None else "secret:update", at, key))
        return made

    def move(self, at: Location, key: str, to: Location, name: str) -> None:
        """Give a secret another name or folder, as it is; what stood there is gone."""
        secret = self.drop(at, key)
        if secret is not None:
            self.folders[to].secrets[name] = evolve(secret, key=name)
            self._touched(self.folders[to], Event("secret:create", to, name))

    def drop(self, at: Location, key: str) -> Secret | None:
        """Remove a secret and return it, None where there is none."""
        self.revision += 1
        folder = self.folders.get(at)
        dropped = folder.secrets.pop(key, None) if folder else None
        if folder and dropped:
            self._touched(folder, Event("secret:delete", at, key))
        return dropped

    def named(self, secret_id: str) -> Iterator[tuple[Location, Secret]]:
        """Yield the secret with this id and where it stands."""
        for at, folder in self.folders.items():
            for secret in folder.secrets.values():
                if secret.id == secret_id:
                    yield at, secret

    def _touched(self, folder: Folder, event: Event) -> None:
        self.revision += 1
        folder.updated_at = self._clock.now()
        self._hear(event)

    def _tell_all(self, folder: Folder, at: Location, kind: Happening) -> None:
        for key in folder.secrets:
            self._hear(Event(kind, at, key))


def clean(path: str) -> str:
    """Return a folder's path with one slash before it and none behind."""
    return "/" + path.strip("/")
