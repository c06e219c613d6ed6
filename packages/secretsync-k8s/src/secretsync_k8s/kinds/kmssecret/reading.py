"""Which secrets a KMSSecret is made of: a folder, some of its keys, or a single one (kmssecret §1, §2.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from attrs import evolve

from secretsync.backends.kms.scope import Scope, read, single, token_project
from secretsync.classes import frozen
from secretsync.errors import PathNotFound, SecretNotFound
from secretsync.queries import Identity
from secretsync.reconcile.ask import Ask
from secretsync.targets import Note
from secretsync.values import Document, Flatten, Row

from .connection import Connection
from .spec import Spec

FLATTEN: Final = Flatten(imports="first")
"""Between imports the first wins, as in the operator replaced, so that taking over writes no data."""

_identity: Final = lru_cache(maxsize=256)(Identity)
"""One value for all objects that log in alike: each folder that is asked for holds its identity."""


@frozen
class Secrets:
    """What was read: one row a key, and what was noticed."""

    rows: Mapping[str, Row]
    notes: tuple[Note, ...] = ()


def read_secrets(spec: Spec, ask: Ask, *, where: Connection, slug_max_age: float) -> Secrets:
    """Return what the object reads.

    Raises:
        ProjectNotFound, EnvironmentNotFound, PathNotFound, SecretNotFound: Proven; also for a folder with nothing in
            it, unless the object says that it may be.
    """
    digest = ask.digest(spec.credentials) if spec.credentials else b""
    identity = _identity(where.host, spec.method, spec.credentials, digest, where.trust)
    scope = spec.scope
    if not (scope.project_id or scope.project_slug):
        scope = evolve(scope, project_id=token_project(ask, identity, max_age=slug_max_age))
    if spec.single:
        return Secrets({spec.single: single(ask, identity, scope, spec.single, slug_max_age=slug_max_age)})
    document = read(ask, identity, scope, slug_max_age=slug_max_age)
    rows = document.chosen(FLATTEN)
    if spec.keys:
        return Secrets(_wanted(spec.keys, rows, scope, where.host))
    _check(spec, rows, where.host)
    return Secrets(rows, tuple(_notes(document)))


def _check(spec: Spec, rows: Mapping[str, Row], host: str) -> None:
    if not rows and not spec.allow_empty:
        # A server answers so for an empty folder, for one that never was, and for one this identity may not see.
        meaning = "path not found: the folder is empty, does not exist, or this identity may not see it"
        raise PathNotFound(host, _listing(spec.scope), meaning)


def _wanted(keys: tuple[str, ...], rows: Mapping[str, Row], scope: Scope, host: str) -> Mapping[str, Row]:
    if missing := [key for key in keys if key not in rows]:
        names = ", ".join(f'"{key}"' for key in missing)
        raise SecretNotFound(host, _listing(scope), f"secret not found: {names}; create it, or take it out of keys")
    return {key: rows[key] for key in sorted(set(keys))}


def _listing(scope: Scope) -> str:
    return f"list secrets of {scope.path} in {scope.environment}"


def _notes(document: Document) -> Iterator[Note]:
    for key, paths in document.duplicates().items():
        yield Note("DuplicateKeys", f'key "{key}" stands in {", ".join(paths)}; the last counts')
