"""Projects by slug and by id, and the status (kms-api §1, §3)."""

from __future__ import annotations

from collections.abc import Iterator

from ...classes import frozen
from .. import wire
from ..model import KMS
from ..routing import Call, Route
from ..seed import Project
from .caller import caller


def routes(kms: KMS) -> Iterator[Route]:
    projects = _Projects(kms)
    yield Route("GET", "/api/status", _status)
    for path in ("/api/v1/projects/slug/{slug}", "/api/v1/workspace/slug/{slug}", "/api/v2/workspace/{slug}"):
        yield Route("GET", path, projects.by_slug)
    yield Route("GET", "/api/v1/projects/{id}", projects.by_id)
    yield Route("GET", "/api/v1/workspace/{id}", projects.workspace)
    yield Route("GET", "/api/v1/projects", projects.all)
    yield Route("GET", "/api/v1/workspace", projects.workspaces)


def _status(_: Call) -> wire.Json:
    return {"message": "Ok"}


@frozen
class _Projects:
    kms: KMS

    def by_slug(self, call: Call) -> wire.Json:
        return self._shown(self.kms.project(caller(self.kms, call), slug=call.place["slug"]))

    def by_id(self, call: Call) -> wire.Json:
        return {"project": self._shown(self.kms.project(caller(self.kms, call), id=call.place["id"]))}

    def workspace(self, call: Call) -> wire.Json:
        return {"workspace": self._shown(self.kms.project(caller(self.kms, call), id=call.place["id"]))}

    def all(self, call: Call) -> wire.Json:
        return {"projects": [self._shown(one) for one in self.kms.projects(caller(self.kms, call))]}

    def workspaces(self, call: Call) -> wire.Json:
        return {"workspaces": [self._shown(one) for one in self.kms.projects(caller(self.kms, call))]}

    def _shown(self, one: Project) -> wire.Json:
        return wire.project(one, organization=self.kms.organization, created=self.kms.started)
