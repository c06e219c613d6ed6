"""Folders and what they import (kms-api §6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from ...classes import frozen
from .. import wire
from ..folders import Shelf
from ..forms import Form
from ..model import KMS
from ..refusals import Issue, invalid
from ..routing import Call, Route, json_body
from ..seed import Import
from ..tree import clean
from .caller import caller
from .place import Place, place

_PATH: Final = ("path", "directory", "secretPath")
"""The CLI says `directory`; an explicit `path` goes before it."""


def routes(kms: KMS) -> Iterator[Route]:
    folders, imports = _Folders(kms), _Imports(kms)
    for version in ("v1", "v2"):
        base = f"/api/{version}/folders"
        yield Route("GET", base, folders.list)
        yield Route("POST", base, folders.create)
        yield Route("GET", base + "/{id}", folders.get)
        yield Route("PATCH", base + "/batch", folders.update_many)
        yield Route("PATCH", base + "/{id}", folders.update)
        yield Route("DELETE", base + "/{id}", folders.delete)
        base = f"/api/{version}/secret-imports"
        yield Route("GET", base, imports.list)
        yield Route("POST", base, imports.create)
        yield Route("PATCH", base + "/{id}", imports.update)
        yield Route("DELETE", base + "/{id}", imports.delete)


@frozen
class _Folders:
    kms: KMS

    def list(self, call: Call) -> wire.Json:
        form = Form(call.query)
        recursive, since = form.truth("recursive", absent=False, lenient=True), _moment(form, "lastSecretModified")
        named = place(self.kms, call, form, path=_PATH)
        with self.kms.folders(named.who, named.project) as folders:
            found = folders.list(named.at, recursive=recursive, since=since)
        return {"folders": [_listed(shelf, named, recursive=recursive) for shelf in found]}

    def get(self, call: Call) -> wire.Json:
        who, folder_id = caller(self.kms, call), call.place["id"]
        project = self.kms.project_of_folder(who, folder_id)
        with self.kms.folders(who, project) as folders:
            shelf = folders.get(folder_id)
        slug = shelf.at.environment
        environment = {"envId": wire.environment_id(project.id, slug), "envName": slug, "envSlug": slug}
        return {"folder": {**_placed(shelf), "projectId": project.id, "environment": environment}}

    def create(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        name, description = form.text("name", required=True), form.given("description")
        named = place(self.kms, call, form, path=_PATH)
        with self.kms.folders(named.who, named.project) as folders:
            return {"folder": _placed(folders.create(named.at, name, description=description))}

    def update(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        name, description = form.text("name", required=True), form.given("description")
        named = place(self.kms, call, form, path=_PATH)
        with self.kms.folders(named.who, named.project) as folders:
            return {"folder": _placed(folders.update(call.place["id"], name, description=description))}

    def update_many(self, call: Call) -> wire.Json:
        form, who = Form(json_body(call)), caller(self.kms, call)
        slug = form.text("projectSlug", "workspaceSlug")
        project_id = form.text("projectId", "workspaceId")
        wanted = [
            (one.text("id", required=True), one.text("name", required=True), one.given("description"))
            for one in form.forms("folders", required=True) or ()
        ]
        form.check()
        project = self.kms.project(who, id=project_id, slug=slug)
        with self.kms.folders(who, project) as folders:
            for folder_id, _, _ in wanted:
                folders.get(folder_id)  # all of them or none
            made = [folders.update(folder_id, name, description=text) for folder_id, name, text in wanted]
        return {"folders": [_placed(shelf) for shelf in made]}

    def delete(self, call: Call) -> wire.Json:
        named = place(self.kms, call, Form(json_body(call)), path=_PATH)
        with self.kms.folders(named.who, named.project) as folders:
            return {"folder": wire.folder(folders.delete(named.at, call.place["id"]))}


@frozen
class _Imports:
    kms: KMS

    def list(self, call: Call) -> wire.Json:
        named = place(self.kms, call, Form(call.query), path=_PATH)
        with self.kms.folders(named.who, named.project) as folders:
            return {"secretImports": [wire.folder_import(one) for one in folders.imports(named.at)]}

    def create(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        source = _source(form.form("import"))
        named = place(self.kms, call, form, path=_PATH)
        with self.kms.folders(named.who, named.project) as folders:
            return {"secretImport": wire.folder_import(folders.add_import(named.at, source))}

    def update(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        wanted = form.form("import")
        position = wanted.number("position")
        source = _source(wanted) if wanted.has("environment") or wanted.has("path") else None
        named = place(self.kms, call, form, path=_PATH)
        with self.kms.folders(named.who, named.project) as folders:
            one = folders.move_import(named.at, call.place["id"], source=source, position=position)
        return {"secretImport": wire.folder_import(one)}

    def delete(self, call: Call) -> wire.Json:
        named = place(self.kms, call, Form(json_body(call)), path=_PATH)
        with self.kms.folders(named.who, named.project) as folders:
            return {"secretImport": wire.folder_import(folders.delete_import(named.at, call.place["id"]))}


def _source(form: Form) -> Import:
    return Import(form.text("environment", required=True), clean(form.text("path", required=True)))


def _placed(shelf: Shelf) -> wire.Json:
    return {**wire.folder(shelf), "path": shelf.at.path}


def _listed(shelf: Shelf, named: Place, *, recursive: bool) -> wire.Json:
    if not recursive:
        return wire.folder(shelf)
    return {**wire.folder(shelf), "relativePath": shelf.at.path.removeprefix(named.at.path).strip("/")}


def _moment(form: Form, name: str) -> datetime | None:
    text = form.text(name)
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise invalid(Issue(name, "expected a time", "invalid_date")) from None
    return found.astimezone(UTC) if found else None
