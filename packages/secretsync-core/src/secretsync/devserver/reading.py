"""What one identity reads of the folders: own rows, import blocks, references (kms-api §4.3 to §4.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import evolve, field

from ..classes import frozen
from .references import OTHER_PROJECT, Location, expand
from .refusals import forbidden, forbidden_read, no_folder, no_secret, no_version
from .rights import Rights
from .seed import Import, Project
from .tree import Secret, Tree

_DEEPEST_IMPORT: Final = 10


@frozen
class Row:
    """One secret where it stands, with its text as it is returned: references expanded if that was asked for.

    A row that is `hidden` has no text.
    """

    at: Location
    secret: Secret
    text: str = field(repr=False)
    hidden: bool = False


@frozen
class Block:
    """What one import of a folder brings; `folder_id` is empty where the imported folder is missing."""

    at: Location
    folder_id: str
    rows: tuple[Row, ...]


@frozen
class Listing:
    rows: tuple[Row, ...]
    blocks: tuple[Block, ...] = ()


@frozen
class Filter:
    """Which of a folder's own rows count: with any of these tags, with all of these metadata."""

    tags: frozenset[str] = frozenset()
    metadata: tuple[tuple[str, str], ...] = ()

    def takes(self, secret: Secret) -> bool:
        plain = {(one.key, one.value) for one in secret.content.metadata if not one.encrypted}
        tagged = not self.tags or any(tag.slug in self.tags for tag in secret.content.tags)
        return tagged and all(pair in plain for pair in self.metadata)


@frozen(kw_only=True)
class View:
    """How secrets are wanted: with references expanded, with what is imported, with their values."""

    expand: bool = True
    imports: bool = True
    values: bool = True


EVERYTHING: Final = View()
UNFILTERED: Final = Filter()


@frozen
class Reading:
    """One read of the folders under one identity's rights. Not thread-safe: the folders' owner has the lock."""

    tree: Tree
    rights: Rights
    view: View
    projects: Mapping[str, Project]
    """By slug, for references to other projects."""

    def list(self, at: Location, *, recursive: bool, only: Filter) -> Listing:
        """Return the rows by path, then key, and the import blocks in the folders' order.

        Raises:
            Refusal: There is no such folder, the identity may not read it, or a reference names a secret that may not
                be read.
        """
        scope = self.tree.below(at) if recursive else (at,) if at in self.tree.folders else ()
        if not scope:
            raise no_folder(at.path, at.environment)
        self._admit(at)
        rows = tuple(row for folder in scope for row in self._own(folder, top=folder == at) if only.takes(row.secret))
        imports = scope if self.view.imports else ()
        return Listing(rows, tuple(block for folder in imports for block in self._blocks(folder)))

    def one(self, at: Location, name: str, *, version: int | None) -> Row:
        """Return a secret of the folder, else of its last import that has it.

        Raises:
            Refusal: There is no such folder, secret or version, or it may not be read.
        """
        if at not in self.tree.folders:
            raise no_folder(at.path, at.environment)
        if name in self.tree.folders[at].secrets and not self._reveals(at) and not self._masks(at):
            raise forbidden_read(name)
        blocks = tuple(self._blocks(at)) if self.view.imports else ()
        candidates = (*self._own(at, top=True), *(row for block in reversed(blocks) for row in block.rows))
        for row in candidates:
            if row.secret.key == name:
                return row if version is None else self._old(row, version)
        raise no_secret(name)

    def row(self, at: Location, secret: Secret) -> Row:
        """Return a secret that is known to stand there.

        Raises:
            Refusal: It may not be read.
        """
        if not self._reveals(at) and not self._masks(at):
            raise forbidden_read(secret.key)
        return self._row(at, secret)

    # -- what may be seen

    def _admit(self, at: Location) -> None:
        """Refuse what the elder servers refuse where the newer ones hide."""
        if self.rights.style == "go":
            return
        if not self.rights.any_of("read", "describe"):
            raise forbidden(str(at))
        if self.view.values and self.rights.describe(at) and not self.rights.allow("read", at):
            raise forbidden(str(at))

    def _reveals(self, at: Location) -> bool:
        return self.rights.allow("read", at)

    def _masks(self, at: Location) -> bool:
        """Whether rows of a folder are shown without values to who may only describe them."""
        return self.rights.describe(at) and (self.rights.style == "go" or not self.view.values)

    # -- rows

    def _own(self, at: Location, *, top: bool = False) -> Iterator[Row]:
        folder = self.tree.folders.get(at)
        if folder is None or not (self._reveals(at) or (self._masks(at) and (top or not self.view.values))):
            return
        for _, secret in sorted(folder.secrets.items()):
            yield self._row(at, secret)

    def _row(self, at: Location, secret: Secret) -> Row:
        if not self.view.values or not self._reveals(at):
            return Row(at, secret, "", hidden=True)
        text = secret.value.text()
        if self.view.expand:
            text = expand(text, at, self._referred, chain=((at, secret.key),))
            text = _one_line(text) if secret.content.multiline else text
        return Row(at, secret, text)

    def _old(self, row: Row, version: int) -> Row:
        for secret in (row.secret, *row.secret.past):
            if secret.version == version:
                return self._row(row.at, secret)
        raise no_version(row.secret.key, version)

    def _blocks(self, at: Location) -> Iterator[Block]:
        for one in self.tree.folders[at].imports:
            source = _source(at, one)
            folder = self.tree.folders.get(source)
            yield Block(source, folder.id if folder else "", tuple(self._flat(source, seen={at}, depth=0)))

    def _flat(self, at: Location, *, seen: set[Location], depth: int) -> Iterator[Row]:
        """Yield an imported folder's rows and then those of its own imports, each folder once."""
        if at in seen or depth == _DEEPEST_IMPORT:
            return
        seen.add(at)
        yield from self._own(at)
        for one in self.tree.folders[at].imports if at in self.tree.folders else ():
            yield from self._flat(_source(at, one), seen=seen, depth=depth + 1)

    def _referred(self, at: Location, key: str) -> str | None:
        rights = self.rights
        if at.project.startswith(OTHER_PROJECT):
            other = self.projects.get(at.project.removeprefix(OTHER_PROJECT))
            if other is None:
                return None
            at, rights = evolve(at, project=other.id), evolve(rights, project=other)
        folder = self.tree.folders.get(at)
        if folder is None or key not in folder.secrets:
            return None
        if not rights.allow("read", at):
            raise forbidden(f"{at} {key}")
        return folder.secrets[key].value.text()


def _source(at: Location, one: Import) -> Location:
    return Location(at.project, one.environment, one.path)


def _one_line(text: str) -> str:
    return '"' + text.replace("\n", "\\n") + '"' if "\n" in text else text
