"""Lists and single reads of secrets (kms-api §4)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Final

from attrs import field

from ...classes import frozen
from .. import wire
from ..forms import Form
from ..model import KMS
from ..parameters import ReadParameters, read_parameters, view_parameters
from ..routing import Call, Reply, Route, written
from ..seed import Identity, Project
from .caller import bearer, caller

_V4: Final = "/api/v4/"
_MOST_KEPT: Final = 256
"""Lists whose answers are kept; then all are made anew."""


def routes(kms: KMS) -> Iterator[Route]:
    secrets = _Secrets(kms)
    for base in ("/api/v3/secrets/raw", "/api/v4/secrets"):
        yield Route("GET", base, secrets.list)
        yield Route("GET", base + "/id/{id}", secrets.get_by_id)
        yield Route("GET", base + "/{name:path}", secrets.get)


@frozen
class _Secrets:
    kms: KMS
    _kept: dict[Hashable, tuple[int, Reply]] = field(factory=dict, init=False)

    def list(self, call: Call) -> Reply:
        """Answer a list; one that was answered before is not made again while nothing has changed."""
        who, revision = caller(self.kms, call), self.kms.revision
        key = (who.id, call.path, tuple(call.query.items()), self.kms.permissions)
        kept = self._kept.get(key)
        if kept is not None and kept[0] == revision:
            return kept[1]
        reply = written(self._listed(who, call))
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = revision, reply
        return reply

    def _listed(self, who: Identity, call: Call) -> wire.Json:
        project, wanted = self._read(who, call)
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
        who = caller(self.kms, call)
        project, wanted = self._read(who, call)
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

    def _read(self, who: Identity, call: Call) -> tuple[Project, ReadParameters]:
        wanted = read_parameters({**call.query, **self._own_scope(call, who)}, generous=_generous(call))
        return self.kms.project(who, id=wanted.project_id, slug=wanted.project_slug), wanted

    def _own_scope(self, call: Call, who: Identity) -> Mapping[str, str]:
        """Return what a service token of one scope reads, whatever is asked; nothing for all others."""
        service = self.kms.identities.service(bearer(call))
        if service is None or len(service.scopes) != 1:
            return {}
        (scope,), (project,) = service.scopes, self.kms.projects(who)
        path = {} if "*" in scope.secret_path else {"secretPath": scope.secret_path}
        return {"projectId": project.id, "environment": scope.environment, **path}


def _generous(call: Call) -> bool:
    return call.path.startswith(_V4)
