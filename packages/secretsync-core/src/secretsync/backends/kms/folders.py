"""Folders of a KMS and what they import (kms-api §6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from ...classes import frozen
from ...errors import PathNotFound
from .decode import Malformed, entries, items, number, text
from .errors import Missing
from .queries import Place
from .session import Deed, Session
from .urls import segment

T = TypeVar("T")

_NO_FOLDER: Final[Missing] = (PathNotFound, "folder not found")
_NO_IMPORT: Final[Missing] = (PathNotFound, "import not found")


@frozen
class Shelf:
    """One folder. `path` is absolute."""

    id: str
    name: str
    path: str


@frozen
class Import:
    """What a folder imports: another folder of its project, at a position from 1."""

    id: str
    environment: str
    path: str
    position: int


@frozen
class Folders:
    """Folders of one session's KMS. Thread-safe; raises as `Writes` does, but for `ApprovalRequired`."""

    session: Session

    def list(self, place: Place, *, recursive: bool = False) -> tuple[Shelf, ...]:
        """Return the folders in a folder; `recursive` with those below them."""
        deed = self._deed("GET", "", place, f"list folders of {place}", recursive="true" if recursive else "false")
        return self._decoded(deed, lambda body: tuple(_shelf(one, place) for one in items(body, "folders")))

    def create(self, place: Place, name: str, *, description: str = "") -> Shelf:
        """Create a folder in a folder.

        Raises:
            InvalidRequest: It is there already, or the name is none.
        """
        deed = self._deed("POST", "", place, f"create folder {name} of {place}", name=name, description=description)
        return self._decoded(deed, lambda body: _shelf(entries(body.get("folder")), place))

    def rename(self, place: Place, folder_id: str, name: str) -> Shelf:
        """Give a folder of a folder another name.

        Raises:
            PathNotFound: There is none with that id.
            InvalidRequest: The name is taken or is none.
        """
        operation = f"rename a folder of {place} to {name}"
        deed = self._deed("PATCH", f"/{segment(folder_id)}", place, operation, name=name)
        return self._decoded(deed, lambda body: _shelf(entries(body.get("folder")), place))

    def delete(self, place: Place, id_or_name: str) -> Shelf:
        """Delete a folder of a folder, with all that is in it.

        Raises:
            PathNotFound: There is none.
        """
        operation = f"delete folder {id_or_name} of {place}"
        deed = self._deed("DELETE", f"/{segment(id_or_name)}", place, operation)
        return self._decoded(deed, lambda body: _shelf(entries(body.get("folder")), place))

    def imports(self, place: Place) -> tuple[Import, ...]:
        """Return what a folder imports, by position."""
        deed = _import_deed("GET", "", place, f"list imports of {place}")
        return self._decoded(deed, lambda body: tuple(_import(one) for one in items(body, "secretImports")))

    def add_import(self, place: Place, source: Place) -> Import:
        """Have a folder import another one of its project, after those that it imports already.

        Raises:
            InvalidRequest: It imports that already.
        """
        named = {"environment": source.environment, "path": source.path}
        deed = _import_deed("POST", "", place, f"import {source} into {place}", named)
        return self._decoded(deed, lambda body: _import(entries(body.get("secretImport"))))

    def move_import(self, place: Place, import_id: str, position: int) -> Import:
        """Have an import stand at another position, from 1.

        Raises:
            PathNotFound: There is no such import.
        """
        way, operation = f"/{segment(import_id)}", f"move an import of {place}"
        deed = _import_deed("PATCH", way, place, operation, {"position": position})
        return self._decoded(deed, lambda body: _import(entries(body.get("secretImport"))))

    def delete_import(self, place: Place, import_id: str) -> Import:
        """Have a folder import something no more.

        Raises:
            PathNotFound: There is no such import.
        """
        deed = _import_deed("DELETE", f"/{segment(import_id)}", place, f"delete an import of {place}")
        return self._decoded(deed, lambda body: _import(entries(body.get("secretImport"))))

    def _deed(self, method: str, way: str, place: Place, operation: str, **more: str) -> Deed:
        named = {"environment": place.environment, "path": place.path, **more}
        ways = (
            (f"/v2/folders{way}", {"projectId": place.project, **named}),
            (f"/v1/folders{way}", {"workspaceId": place.project, **named}),
        )
        return Deed(method, ways, operation, missing=_NO_FOLDER)

    def _decoded(self, deed: Deed, decode: Callable[[Mapping[str, object]], T]) -> T:
        answer = self.session.do(deed)
        try:
            return decode(answer)
        except Malformed as problem:
            raise self.session.strange(deed, problem) from None


def _import_deed(
    method: str, way: str, place: Place, operation: str, source: Mapping[str, str | int] | None = None
) -> Deed:
    named: dict[str, Any] = {"environment": place.environment, "path": place.path}
    if source is not None:
        named["import"] = source
    ways = (
        (f"/v2/secret-imports{way}", {"projectId": place.project, **named}),
        (f"/v1/secret-imports{way}", {"workspaceId": place.project, **named}),
    )
    return Deed(method, ways, operation, missing=_NO_IMPORT)


def _shelf(found: Mapping[str, object], place: Place) -> Shelf:
    name, relative = text(found, "name"), found.get("relativePath")
    below = relative if isinstance(relative, str) and relative else name
    path = found.get("path")
    return Shelf(text(found, "id"), name, path if isinstance(path, str) else f"{place.path.rstrip('/')}/{below}")


def _import(found: Mapping[str, object]) -> Import:
    environment = text(entries(found.get("importEnv")), "slug")
    return Import(text(found, "id"), environment, text(found, "importPath"), number(found, "position"))
