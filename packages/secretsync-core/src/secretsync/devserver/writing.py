"""What one identity changes among secrets: all of a request or nothing of it (kms-api §5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal

from attrs import evolve, field

from ..classes import frozen
from ..values import SecretValue
from .reading import Row
from .references import Location
from .refusals import (
    Issue,
    Refusal,
    bad_request,
    forbidden_write,
    invalid,
    no_folder,
    no_secret,
    no_secret_id,
)
from .rights import Rights, matches
from .seed import Policy
from .tree import Content, Metadatum, Secret, Tree

Missing = Literal["failOnNotFound", "upsert", "ignore"]
"""What an update does with a secret that is not there."""

_UNFIT_NAME: Final = re.compile(r"[\s:/]")


@frozen
class Approval:
    """A change that was not made, because somebody must approve it."""

    id: str
    slug: str


@frozen(kw_only=True)
class Edit:
    """What a request says about one secret; None is unset, which is not the same as empty.

    Attributes:
        path: Of its folder, where it is not the request's.
        new_key: Its name from now on, if it is to have another.
        tags: By id.
    """

    key: str
    path: str = ""
    new_key: str = ""
    value: SecretValue | None = None
    comment: str | None = field(default=None, repr=False)
    tags: tuple[str, ...] | None = None
    metadata: tuple[Metadatum, ...] | None = None
    multiline: bool | None = None
    reminder_note: str | None = field(default=None, repr=False)
    reminder_days: int | None = None


Changed = tuple[Row, ...] | Approval
Place = tuple[Location, Edit]


@frozen
class Writing:
    """One change under one identity's rights. Not thread-safe: the folders' owner has the lock."""

    tree: Tree
    rights: Rights
    policies: tuple[Policy, ...]

    def create(self, at: Location, edits: Sequence[Edit]) -> Changed:
        """Create secrets in a folder.

        Raises:
            Refusal: The folder is missing (404), a secret is there already or named twice (400), a name is unfit or a
                value missing (422), or the identity may not (403).
        """
        places = [(at, edit) for edit in edits]
        self._admit(places, error="CreateSecret")
        for n, edit in enumerate(edits):
            if _UNFIT_NAME.search(edit.key):
                raise invalid(Issue("secretName", "a name may hold no spaces, colons or slashes", "custom"))
            if edit.value is None:
                raise invalid(Issue("secretValue", "Required"))
            if edit.key in self.tree.folders[at].secrets or edit.key in {one.key for one in edits[:n]}:
                raise bad_request("Secret already exist")
        return self._guarded(places) or tuple(self._put(at, edit) for edit in edits)

    def update(self, at: Location, edits: Sequence[Edit], *, missing: Missing = "failOnNotFound") -> Changed:
        """Change secrets; what an edit leaves unset stays.

        Raises:
            Refusal: A folder or, with `failOnNotFound`, a secret is missing (404), a new name is taken (400), or the
                identity may not (403).
        """
        places = [(evolve(at, path=edit.path or at.path), edit) for edit in edits]
        self._admit(places, error="UpdateSecret")
        there = [(where, edit) for where, edit in places if edit.key in self.tree.folders[where].secrets]
        if missing == "failOnNotFound":
            self._all_there(places)
        self._names_free(there)
        chosen = places if missing == "upsert" else there
        return self._guarded(places) or tuple(self._put(*place) for place in chosen)

    def delete(self, at: Location, keys: Iterable[str]) -> Changed:
        """Delete secrets and return them as they were.

        Raises:
            Refusal: The folder or a secret is missing (404), or the identity may not (403).
        """
        places = [(at, Edit(key=key)) for key in dict.fromkeys(keys)]
        self._admit(places, error="DeleteSecret")
        self._all_there(places)
        return self._guarded(places) or tuple(self._rows(self._dropped(places)))

    def move(self, ids: Iterable[str], source: Location, to: Location, *, overwrite: bool) -> Approval | None:
        """Move secrets from one folder to another.

        Raises:
            Refusal: A folder or secret is missing (404), its name is taken there (400), or the identity may not (403).
        """
        keys = [self._key(secret_id, source) for secret_id in ids]
        places = [(where, Edit(key=key)) for where in (source, to) for key in keys]
        self._admit(places, error="MoveSecrets")
        if not overwrite and any(key in self.tree.folders[to].secrets for key in keys):
            raise bad_request("A secret of that name exists in the destination")
        if approval := self._guarded(places):
            return approval
        for key in keys:
            self.tree.move(source, key, to, key)
        return None

    # -- before anything is changed

    def _admit(self, places: Iterable[Place], *, error: str) -> None:
        for where, _ in places:
            if where not in self.tree.folders:
                raise _renamed(no_folder(where.path, where.environment), error)
            if not self.rights.allow("write", where):
                raise forbidden_write(str(where))

    def _all_there(self, places: Iterable[Place]) -> None:
        for where, edit in places:
            if edit.key not in self.tree.folders[where].secrets:
                raise no_secret(edit.key)

    def _names_free(self, places: Iterable[Place]) -> None:
        for where, edit in places:
            if edit.new_key and edit.new_key != edit.key and edit.new_key in self.tree.folders[where].secrets:
                raise bad_request("Secret with the new name already exist")

    def _guarded(self, places: Iterable[Place]) -> Approval | None:
        """Return the approval that the change waits for, if a policy protects any of its folders."""
        project = self.rights.project
        for where, _ in places:
            for policy in self.policies:
                named = policy.project in (project.id, project.slug)
                if named and matches(policy.env, where.environment) and matches(policy.path, where.path):
                    made = self.tree.new_id()
                    return Approval(made, made.partition("-")[0])
        return None

    def _key(self, secret_id: str, source: Location) -> str:
        found = next((secret.key for at, secret in self.tree.named(secret_id) if at == source), None)
        if found is None:
            raise no_secret_id(secret_id)
        return found

    # -- changes

    def _put(self, at: Location, edit: Edit) -> Row:
        key, old = edit.key, self.tree.folders[at].secrets.get(edit.key)
        if old and edit.new_key and edit.new_key != key:
            key = edit.new_key
            self.tree.move(at, edit.key, at, key)
        return next(self._rows([(at, self.tree.put(at, key, self._content(edit, old)))]))

    def _dropped(self, places: Iterable[Place]) -> Iterator[tuple[Location, Secret]]:
        for where, edit in places:
            if secret := self.tree.drop(where, edit.key):
                yield where, secret

    def _content(self, edit: Edit, old: Secret | None) -> Content:
        content = old.content if old else Content(value=SecretValue(""))
        tags = None if edit.tags is None else tuple(tag for tag in self.rights.project.tags if tag.id in edit.tags)
        wanted: dict[str, Any] = {
            "value": edit.value,
            "comment": edit.comment,
            "tags": tags,
            "metadata": edit.metadata,
            "multiline": edit.multiline,
            "reminder_note": edit.reminder_note,
            "reminder_days": edit.reminder_days,
        }
        return evolve(content, **{name: value for name, value in wanted.items() if value is not None})

    def _rows(self, changed: Iterable[tuple[Location, Secret]]) -> Iterator[Row]:
        for at, secret in changed:
            hidden = not self.rights.allow("read", at)
            yield Row(at, secret, "" if hidden else secret.value.text(), hidden)


def trimmed(text: str) -> SecretValue:
    """Return a value as the server keeps it: without white space around it, but with one newline at its end if any."""
    return SecretValue(text.strip() + "\n" if text.endswith("\n") else text.strip())


def _renamed(refusal: Refusal, error: str) -> Refusal:
    """Return the refusal under another word."""
    return Refusal(refusal.status, error, refusal.message)
