"""Lists and single reads of secrets (kms-api §4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from .. import wire
from ..forms import Form
from ..model import KMS
from ..parameters import ReadParameters, read_parameters, view_parameters
from ..routing import Call, Route
from ..seed import Identity, Project
from .caller import caller

_V4: Final = "/api/v4/"


def routes(kms: KMS) -> Iterator[Route]:
    secrets = _Secrets(kms)
    for base in ("/api/v3/secrets/raw", "/api/v4/secrets"):
        yield Route("GET", base, secrets.list)
        yield Route("GET", base + "/id/{id}", secrets.get_by_id)
        yield Route("GET", base + "/{name:path}", secrets.get)


@frozen
class _Secrets:
    kms: KMS

    def list(self, call: Call) -> wire.Json:
        who, project, wanted = self._read(call)
        found = self.kms.list_secrets(
            who,
            project,
            environment=wanted.environment,
            path=wanted.path,
            recursive=wanted.recursive,
            view=wanted.view,
            only=wanted.only,
        )
        return wire.listing(found, project.id)

    def get(self, call: Call) -> wire.Json:
        who, project, wanted = self._read(call)
        row = self.kms.get_secret(
            who,
            project,
            call.place["name"],
            environment=wanted.environment,
            path=wanted.path,
            view=wanted.view,
            version=wanted.version,
        )
        return {"secret": wire.own_row(row, project.id)}

    def get_by_id(self, call: Call) -> wire.Json:
        who, form = caller(self.kms, call), Form(call.query)
        view = view_parameters(form, generous=_generous(call))
        form.check()
        row, project = self.kms.get_secret_by_id(who, call.place["id"], view=view)
        return {"secret": wire.own_row(row, project.id)}

    def _read(self, call: Call) -> tuple[Identity, Project, ReadParameters]:
        who = caller(self.kms, call)
        wanted = read_parameters(call.query, generous=_generous(call))
        return who, self.kms.project(who, id=wanted.project_id, slug=wanted.project_slug), wanted


def _generous(call: Call) -> bool:
    return call.path.startswith(_V4)
