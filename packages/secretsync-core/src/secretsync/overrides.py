"""Values for tests, served in place of a KMS.

with secretsync.override({("shop", "prod", "/db"): {"PASSWORD": "x"}}):
    my_program()
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Final

from attrs import field

from .backends.kms.queries import absolute
from .classes import frozen
from .errors import PathNotFound, SecretNotFound
from .values import Document, Flatten, Row, SecretValue

ORIGIN: Final = "secretsync.override"
"""What errors name in place of a server."""

Given = Mapping[tuple[str, str, str], Mapping[str, "str | bytes | SecretValue"]]
_Place = tuple[str, str, str]

_lock: Final = Lock()
_active: list[Overrides] = []


@contextmanager
def override(given: Given) -> Iterator[None]:
    """Serve these secrets to every client of this process, old or new, for as long as the block takes.

    No client sends anything meanwhile: what is not given is not found. Overrides nest; of a folder that several give
    the innermost counts, whole. They are seen by all threads, those included that the block starts. Watches that are
    opened in the block see what is given and no change; those that were opened before go on as they were.

    Args:
        given: By project, environment and path as the program names them: a folder's secrets, or the credentials that
            a dynamic secret lends, at the path of its folder and its name (`/db/postgres`).
    """
    layer = Overrides.of(given)
    with _lock:
        _active.append(layer)
    try:
        yield
    finally:
        with _lock:
            _active[:] = [one for one in _active if one is not layer]


def active() -> Overrides | None:
    """Return what is given now, None without an override, as nearly always."""
    if not _active:
        return None
    with _lock:
        layers = tuple(_active)
    folders: dict[_Place, Mapping[str, SecretValue]] = {}
    for layer in layers:
        folders |= layer.folders
    return Overrides(folders)


@frozen(eq=False)
class Overrides:
    """Folders by project, environment and absolute path."""

    folders: Mapping[_Place, Mapping[str, SecretValue]] = field(repr=False)

    @classmethod
    def of(cls, given: Given) -> Overrides:
        return cls(
            {
                (project, environment, absolute(path)): {key: secret_value(value) for key, value in fields.items()}
                for (project, environment, path), fields in given.items()
            }
        )

    def folder(
        self, project: str, environment: str, path: str, *, recursive: bool = False
    ) -> Mapping[str, SecretValue]:
        """Return a folder's secrets.

        Raises:
            PathNotFound: It is not among what is given.
        """
        top = absolute(path)
        below = f"{top.rstrip('/')}/"
        rows = [
            Row(key, value, path=at)
            for (owner, name, at), fields in self.folders.items()
            if (owner, name) == (project, environment) and (at == top or (recursive and at.startswith(below)))
            for key, value in fields.items()
        ]
        if not rows and (project, environment, top) not in self.folders:
            raise PathNotFound(ORIGIN, f"list secrets of {top} in {environment} of {project}", "path not found")
        return Document(tuple(rows)).fields(Flatten())

    def secret(self, project: str, environment: str, path: str, name: str) -> SecretValue:
        """Return a secret of a folder, whatever version is asked for.

        Raises:
            PathNotFound: The folder is not among what is given.
            SecretNotFound: It has no such key.
        """
        fields = self.folder(project, environment, path)
        if name not in fields:
            raise SecretNotFound(ORIGIN, f"read secret {name} of {path} in {environment}", "secret not found")
        return fields[name]


def secret_value(value: str | bytes | SecretValue) -> SecretValue:
    """Return what a program handed over as a value that does not show."""
    return value if isinstance(value, SecretValue) else SecretValue(value)
