"""What one identity reads of the folders: own rows, import blocks, references (kms-api §4.3 to §4.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from attrs import define, field, frozen

from ..values import SecretValue
from .references import Location, expand
from .refusals import forbidden, forbidden_read, no_folder, no_secret
from .seed import Import

_DEEPEST_IMPORT: Final = 10


@frozen
class Secret:
    id: str
    key: str
    value: SecretValue
    version: int
    created_at: datetime
    updated_at: datetime


@define
class Folder:
    id: str
    secrets: dict[str, Secret] = field(factory=dict)
    imports: tuple[Import, ...] = ()


@frozen
class Row:
    """One secret where it stands, with its text as it is returned: references expanded if that was asked for."""

    at: Location
    secret: Secret
    text: str = field(repr=False)


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
class Reading:
    """One read of the folders; `may_read` decides for each folder. Not thread-safe: the folders' owner has the lock."""

    folders: Mapping[Location, Folder]
    may_read: Callable[[Location], bool]
    expand: bool

    def list(self, at: Location, *, recursive: bool, imports: bool) -> Listing:
        """Return the rows by path, then key, and the import blocks in the folders' order.

        Raises:
            Refusal: There is no such folder, or a reference names a secret that may not be read.
        """
        scope = self._below(at) if recursive else (at,) if at in self.folders else ()
        if not scope:
            raise no_folder(at.path, at.environment)
        rows = tuple(row for folder in scope for row in self._own(folder))
        return Listing(rows, tuple(block for folder in scope for block in self._blocks(folder)) if imports else ())

    def one(self, at: Location, name: str, *, imports: bool) -> Row:
        """Return a secret of the folder, else of its last import that has it.

        Raises:
            Refusal: There is no such folder or secret, or it may not be read.
        """
        if at not in self.folders:
            raise no_folder(at.path, at.environment)
        if name in self.folders[at].secrets and not self.may_read(at):
            raise forbidden_read(name)
        blocks = tuple(self._blocks(at)) if imports else ()
        candidates = (*self._own(at), *(row for block in reversed(blocks) for row in block.rows))
        for row in candidates:
            if row.secret.key == name:
                return row
        raise no_secret(name)

    def _below(self, at: Location) -> tuple[Location, ...]:
        prefix = at.path.rstrip("/") + "/"
        return tuple(
            sorted(
                folder
                for folder in self.folders
                if (folder.project, folder.environment) == (at.project, at.environment)
                and (folder.path == at.path or folder.path.startswith(prefix))
            )
        )

    def _own(self, at: Location) -> Iterator[Row]:
        folder = self.folders.get(at)
        if folder is None or not self.may_read(at):
            return
        for _, secret in sorted(folder.secrets.items()):
            text = secret.value.text()
            yield Row(at, secret, expand(text, at, self._referred, chain=((at, secret.key),)) if self.expand else text)

    def _blocks(self, at: Location) -> Iterator[Block]:
        for one in self.folders[at].imports:
            source = Location(at.project, one.environment, one.path)
            folder = self.folders.get(source)
            yield Block(source, folder.id if folder else "", tuple(self._flat(source, seen={at}, depth=0)))

    def _flat(self, at: Location, *, seen: set[Location], depth: int) -> Iterator[Row]:
        """Yield an imported folder's rows and then those of its own imports, each folder once."""
        if at in seen or depth == _DEEPEST_IMPORT:
            return
        seen.add(at)
        yield from self._own(at)
        for one in self.folders[at].imports if at in self.folders else ():
            yield from self._flat(Location(at.project, one.environment, one.path), seen=seen, depth=depth + 1)

    def _referred(self, at: Location, key: str) -> str | None:
        folder = self.folders.get(at)
        if folder is None or key not in folder.secrets:
            return None
        if not self.may_read(at):
            raise forbidden(f"{at} {key}")
        return folder.secrets[key].value.text()
