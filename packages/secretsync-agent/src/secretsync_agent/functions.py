"""The functions of templates that ask: each call becomes a query, and an answer what Go's template would see (agent §8).

A function is bound when a template is parsed and asks through a `Questions`, which is given the run's `Ask` for the
time of each rendering.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from attrs import field

from secretsync.auth.refusal import NOT_FOUND
from secretsync.backends.kms.queries import DynamicSecret, Folder, Lent, Place, Project, Secret
from secretsync.classes import define, frozen
from secretsync.errors import NotFound
from secretsync.queries import Absent, Identity, Query
from secretsync.reconcile.ask import Ask, NotYet
from secretsync.templates import Function, FunctionError, Record, StandIn
from secretsync.templates.agent import DATA_FUNCTIONS
from secretsync.templates.values import TypedList
from secretsync.values import Document, Row

T = TypeVar("T")
Lists = Mapping[Folder, frozenset[str]]
"""Paths and keys of what was listed, never values."""

NOT_LENT: Final = Lent({})
"""What a dry run gets in place of a lease: a template sees a stand-in."""

_LEASE_ARGUMENTS: Final = range(4, 7)
_ROW: Final = "models.SingleEnvironmentVariable"
_ROW_IN_JSON: Final[Mapping[str, str]] = {
    "Key": "key",
    "WorkspaceId": "workspace",
    "Value": "value",
    "Type": "type",
    "ID": "_id",
    "SecretPath": "secretPath",
    "Tags": "tags",
    "Comment": "comment",
    "SkipMultilineEncoding": "skipMultilineEncoding",
}
_TAG_IN_JSON: Final[Mapping[str, str]] = {"ID": "_id", "Name": "name", "Slug": "slug", "Color": "color"}
_TAG: Final = "struct { ID string; Name string; Slug string; Color string }"


@define(eq=False)
class Questions:
    """What one template asks in one rendering. One thread's at a time.

    Attributes:
        slug_max_age: Seconds for which a project's id is taken from its slug.
        saw: Told of every list that was answered.
        answers: The digest of each answer, in the order of the calls.
        lists: Of every list that was answered, the paths and keys.
        leases: What was lent, or is wanted to be.
    """

    identity: Identity
    slug_max_age: float
    saw: Callable[[Folder, Document], None]
    answers: list[bytes] = field(factory=list, init=False, repr=False)
    lists: dict[Folder, frozenset[str]] = field(factory=dict, init=False)
    leases: set[DynamicSecret] = field(factory=set, init=False)
    _ask: Ask | None = field(default=None, init=False)

    def begin(self, ask: Ask) -> None:
        """Ask through this from now on."""
        self._ask, self.answers, self.lists, self.leases = ask, [], {}, set()

    def end(self) -> None:
        """Hold nothing of what was answered."""
        self._ask, self.answers, self.lists, self.leases = None, [], {}, set()

    def answer(self, query: Query[T], *, max_age: float | None = None) -> T | StandIn:
        """Return an answer, or a stand-in where there is none yet.

        Raises:
            NotFound: It is proven not to exist.
        """
        assert self._ask is not None  # noqa: S101 - nothing renders before `begin`
        try:
            found = self._ask(query, max_age=max_age)
        except NotYet:
            return StandIn()
        if isinstance(found, Absent):
            raise found.why or NotFound(query.host, "read", "not found", status=NOT_FOUND)
        self.answers.append(self._ask.digest(query, max_age=max_age))
        return found.value


@frozen
class Modifier:
    """The JSON behind a list's path."""

    recursive: bool = False
    expand: bool = True


def functions(questions: Questions) -> Mapping[str, Function]:
    """Return the functions that ask, under the names and types that the dialect declares."""
    listing = _listing(questions)
    calls: dict[str, Callable[..., object]] = {
        "secret": listing,
        "listSecrets": listing,
        "listSecretsByProjectSlug": _listing_by_slug(questions),
        "getSecretByName": _single(questions),
        "dynamic_secret": _leased(questions),
        "dynamicSecret": _leased(questions),
    }
    return {name: _bound(declared, calls[name]) for name, declared in DATA_FUNCTIONS.items()}


def _bound(declared: Function, call: Callable[..., object]) -> Function:
    return Function(call, declared.takes, rest=declared.rest, asks=True)


def _listing(questions: Questions) -> Callable[..., object]:
    def secret(project: str, environment: str, path: str, *modifiers: str) -> object:
        chosen = _modifier(modifiers[0]) if modifiers else Modifier()
        query = Folder(questions.identity, project, environment, path, recursive=chosen.recursive, expand=chosen.expand)
        document = questions.answer(query)
        if isinstance(document, StandIn):
            return document
        questions.saw(query, document)
        rows = tuple(merged(document))
        questions.lists[query] = frozenset(f"{row.path} {row.key}" for row in rows)
        return TypedList(f"[]{_ROW}", [_record(row, project) for row in rows])

    return secret


def _listing_by_slug(questions: Questions) -> Callable[..., object]:
    listing = _listing(questions)

    def by_slug(slug: str, environment: str, path: str, *modifiers: str) -> object:
        project = questions.answer(Project(questions.identity, slug), max_age=questions.slug_max_age)
        return project if isinstance(project, StandIn) else listing(project, environment, path, *modifiers)

    return by_slug


def _single(questions: Questions) -> Callable[..., object]:
    def get_secret_by_name(project: str, environment: str, path: str, name: str) -> object:
        row = questions.answer(Secret(questions.identity, project, environment, path, name))
        return row if isinstance(row, StandIn) else _record(row, project)

    return get_secret_by_name


def _leased(questions: Questions) -> Callable[..., object]:
    def dynamic_secret(*args: str) -> object:
        if len(args) not in _LEASE_ARGUMENTS:
            raise FunctionError(
                f"a dynamic secret takes 4 to 6 arguments (project slug, environment, path, name, ttl, principals), not {len(args)}"
            )
        slug, environment, path, name, ttl, principals = (*args, "", "")[:6]
        query = DynamicSecret(
            questions.identity,
            Place(slug, environment, path),
            name,
            ttl=ttl,
            principals=tuple(one.strip() for one in principals.split(",") if one.strip()),
            holder=path,  # two ways to write one folder are two leases, as they always were
        )
        lent = questions.answer(query)
        questions.leases.add(query)
        return StandIn(full=True) if isinstance(lent, StandIn) or lent is NOT_LENT else _decoded(lent)

    return dynamic_secret


def _decoded(lent: Lent) -> dict[str, object]:
    """Return what a lease lends as Go has it, to which every number is a float."""
    texts = {name: value.text() for name, value in sorted(lent.items())}
    return {name: json.loads(text, parse_int=float) if name in lent.json else text for name, text in texts.items()}


def _modifier(text: str) -> Modifier:
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise FunctionError("the modifier of a list of secrets is no JSON object")
    recursive, expand = given.get("recursive", False), given.get("expandSecretReferences", True)
    if not isinstance(recursive, bool | None) or not isinstance(expand, bool | None):
        raise FunctionError("recursive and expandSecretReferences of a list of secrets are true or false")
    return Modifier(bool(recursive), expand is not False)


def merged(document: Document) -> Iterable[Row]:
    """Yield own rows as they came, then of the imports, the last first, those of keys not seen so far (agent §8.1)."""
    own = [row for row in document.rows if row.block == 0]
    yield from own
    seen = {row.key for row in own}
    for row in sorted((row for row in document.rows if row.block), key=lambda row: -row.block):
        if row.key not in seen:
            seen.add(row.key)
            yield row


def _record(row: Row, project: str) -> Record:
    return Record(
        _ROW,
        {
            "Key": row.key,
            "WorkspaceId": project,
            "Value": row.value.text(),
            "Type": "shared",
            "ID": row.id,
            "SecretPath": row.path.rpartition(":")[2],
            "Tags": TypedList(f"[]{_TAG}", [_tag(slug) for slug in row.tags], is_nil=not row.tags),
            "Comment": row.comment,
            "Etag": "",
            "SkipMultilineEncoding": False,
        },
        {"IsMultilineEncodingEnabled": lambda: True},
        json_names=_ROW_IN_JSON,
    )


def _tag(slug: str) -> Record:
    return Record(_TAG, {"ID": "", "Name": slug, "Slug": slug, "Color": ""}, json_names=_TAG_IN_JSON)
