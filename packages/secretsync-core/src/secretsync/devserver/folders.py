"""Folders and their imports under one identity's rights (kms-api §6)."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Final

from attrs import evolve

from ..classes import frozen
from .references import Location
from .refusals import Issue, bad_request, forbidden_write, invalid, no_environment, no_folder, no_folder_id, no_import
from .rights import Rights
from .seed import Import
from .tree import Folder, Tree

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")


@frozen
class Shelf:
    """One folder where it stands; `parent` is the id of the folder it is in, None of the root."""

    at: Location
    folder: Folder
    parent: str | None

    @property
    def name(self) -> str:
        return self.at.path.rpartition("/")[2] or "root"


@frozen
class Imported:
    """One import of a folder, with its position there, from 1."""

    id: str
    at: Location
    source: Import
    position: int


@frozen
class Folders:
    """One look at the folders, or one change. Not thread-safe: the folders' owner has the lock."""

    tree: Tree
    rights: Rights

    def list(self, at: Location, *, recursive: bool, since: datetime | None = None) -> tuple[Shelf, ...]:
        """Return the folders in a folder, by path; `since` leaves out those without a change from then on.

        Raises:
            Refusal: There is no such folder.
        """
        depth = at.path.rstrip("/").count("/") + 1
        found = [one for one in self._below(at) if one != at and (recursive or one.path.count("/") == depth)]
        shelves = (self.shelf(one) for one in found)
        return tuple(shelf for shelf in shelves if since is None or shelf.folder.updated_at >= since)

    def get(self, folder_id: str) -> Shelf:
        """Return the folder with this id.

        Raises:
            Refusal: There is none in this project.
        """
        at = self.tree.find(folder_id)
        if at is None or at.project != self.rights.project.id:
            raise no_folder_id(folder_id)
        return self.shelf(at)

    def create(self, parent: Location, name: str, *, description: str | None) -> Shelf:
        """Create a folder and those above it.

        Raises:
            Refusal: There is no such environment (404), the name is unfit (422), it is there already (400), or the
                identity may not (403).
        """
        if parent.environment not in self.rights.project.environments:
            raise no_environment(parent.environment)
        at = self._writable(parent, name)
        if at in self.tree.folders:
            raise bad_request(f"Folder with name '{name}' already exists in path '{parent.path}'")
        self.tree.create(at).description = description
        return self.shelf(at)

    def update(self, folder_id: str, name: str, *, description: str | None) -> Shelf:
        """Rename and describe a folder.

        Raises:
            Refusal: There is none (404), the name is unfit (422) or taken (400), or the identity may not (403).
        """
        at = self.get(folder_id).at
        to = self._writable(_parent(at), name)
        if to != at and to in self.tree.folders:
            raise bad_request(f"Folder with name '{name}' already exists in path '{_parent(at).path}'")
        if to != at:
            self.tree.rename(at, to)
        self.tree.describe(to, description=description)
        return self.shelf(to)

    def delete(self, parent: Location, id_or_name: str) -> Shelf:
        """Delete a folder of a folder with all that is in it, and return it as it was.

        Raises:
            Refusal: There is none (404), or the identity may not (403).
        """
        found = [one for one in self.list(parent, recursive=False) if id_or_name in (one.folder.id, one.name)]
        if not found:
            raise no_folder_id(id_or_name)
        self._allow(found[0].at)
        self.tree.remove(found[0].at)
        return found[0]

    def shelf(self, at: Location) -> Shelf:
        parent = None if at.path == "/" else self.tree.folders[_parent(at)].id
        return Shelf(at, self.tree.folders[at], parent)

    # -- what a folder imports

    def imports(self, at: Location) -> tuple[Imported, ...]:
        """Return what a folder imports, by position.

        Raises:
            Refusal: There is no such folder.
        """
        self._below(at)
        return tuple(
            Imported(_import_id(self.tree.folders[at].id, one), at, one, n)
            for n, one in enumerate(self.tree.folders[at].imports, start=1)
        )

    def add_import(self, at: Location, source: Import) -> Imported:
        """Have a folder import another one, after those that it imports already.

        Raises:
            Refusal: There is no such folder (404), it imports that already or itself (400), or the identity may not.
        """
        there = [one.source for one in self.imports(at)]
        if source in there or (source.environment, source.path) == (at.environment, at.path):
            raise bad_request("The folder imports that already, or is it")
        return self._imported(at, (*there, source))[-1]

    def move_import(self, at: Location, import_id: str, *, source: Import | None, position: int | None) -> Imported:
        """Have an import stand at another position or name another folder.

        Raises:
            Refusal: There is no such folder or import (404), or the identity may not (403).
        """
        one = self._import(at, import_id)
        others = [other.source for other in self.imports(at) if other.id != import_id]
        place = (one.position if position is None else position) - 1
        others.insert(place, source or one.source)
        return next(now for now in self._imported(at, tuple(others)) if now.source == (source or one.source))

    def delete_import(self, at: Location, import_id: str) -> Imported:
        """Have a folder import something no more; return it as it was.

        Raises:
            Refusal: There is no such folder or import (404), or the identity may not (403).
        """
        one = self._import(at, import_id)
        self._imported(at, tuple(other.source for other in self.imports(at) if other.id != import_id))
        return one

    def _import(self, at: Location, import_id: str) -> Imported:
        for one in self.imports(at):
            if one.id == import_id:
                return one
        raise no_import(import_id)

    def _imported(self, at: Location, sources: tuple[Import, ...]) -> tuple[Imported, ...]:
        self._allow(at)
        self.tree.import_(at, sources)
        return self.imports(at)

    # -- inside

    def _below(self, at: Location) -> tuple[Location, ...]:
        found = self.tree.below(at)
        if at not in found:
            raise no_folder(at.path, at.environment)
        return found

    def _writable(self, parent: Location, name: str) -> Location:
        if not _NAME.fullmatch(name):
            raise invalid(Issue("name", "a name may hold letters, digits, dashes and underscores", "custom"))
        self._allow(parent)
        return evolve(parent, path=f"{parent.path.rstrip('/')}/{name}")

    def _allow(self, at: Location) -> None:
        if not self.rights.allow("write", at):
            raise forbidden_write(str(at))


def _parent(at: Location) -> Location:
    return evolve(at, path=at.path.rpartition("/")[0] or "/")


def _import_id(folder_id: str, source: Import) -> str:
    """Return a name of its own: a folder imports another one once."""
    return str(uuid.uuid5(uuid.UUID(folder_id), f"{source.environment}:{source.path}"))
