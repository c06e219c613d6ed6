"""The KMS's endpoints: paths, authorisation header, parameters (kms-api §1 to §4, §10). No network in here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from ..values import SecretValue
from . import wire
from .model import KMS
from .parameters import ReadParameters, read_parameters
from .refusals import Issue, invalid, unauthorized
from .routing import Call, Endpoint, Route, json_body
from .seed import Identity, Project

_V4: Final = "/api/v4/"


def routes(kms: KMS) -> Iterator[Route]:
    """Yield the routes of the API. Paths arrive without a trailing slash (the gate sees to it)."""
    api = _Api(kms)
    yield Route("POST", "/api/v1/auth/universal-auth/login", api.login)
    reads: dict[str, Endpoint] = {
        "/api/status": api.status,
        "/api/v1/projects/slug/{slug}": api.project_by_slug,
        "/api/v1/workspace/slug/{slug}": api.project_by_slug,
        "/api/v2/workspace/{slug}": api.project_by_slug,
        "/api/v1/projects/{id}": api.project_by_id,
        "/api/v3/secrets/raw": api.list_secrets,
        "/api/v4/secrets": api.list_secrets,
        "/api/v3/secrets/raw/{name:path}": api.get_secret,
        "/api/v4/secrets/{name:path}": api.get_secret,
    }
    for path, endpoint in reads.items():
        yield Route("GET", path, endpoint)


@frozen
class _Api:
    kms: KMS

    def login(self, call: Call) -> wire.Json:
        if "authorization" in call.headers:  # checked on every request, so an ended token makes a login fail
            self._who(call)
        body = json_body(call)
        fields = {
            name: value.strip() for name in ("clientId", "clientSecret") if isinstance(value := body.get(name), str)
        }
        missing = [name for name in ("clientId", "clientSecret") if not fields.get(name)]
        if missing:
            raise invalid(*(Issue(name, "Required") for name in missing))
        secret = SecretValue(fields["clientSecret"])
        return wire.login(self.kms.login(client_id=fields["clientId"], client_secret=secret))

    def status(self, _: Call) -> wire.Json:
        return {"message": "Ok"}

    def project_by_slug(self, call: Call) -> wire.Json:
        return self._project(self.kms.project(self._who(call), slug=call.place["slug"]))

    def project_by_id(self, call: Call) -> wire.Json:
        return {"project": self._project(self.kms.project(self._who(call), id=call.place["id"]))}

    def list_secrets(self, call: Call) -> wire.Json:
        who, project, wanted = self._read(call)
        found = self.kms.list_secrets(
            who,
            project,
            environment=wanted.environment,
            path=wanted.path,
            recursive=wanted.recursive,
            imports=wanted.imports,
            expand=wanted.expand,
        )
        return wire.listing(found, wire.Shown(project.id, wanted.values))

    def get_secret(self, call: Call) -> wire.Json:
        who, project, wanted = self._read(call)
        row = self.kms.get_secret(
            who,
            project,
            call.place["name"],
            environment=wanted.environment,
            path=wanted.path,
            imports=wanted.imports,
            expand=wanted.expand,
        )
        return {"secret": wire.own_row(row, wire.Shown(project.id, wanted.values))}

    def _read(self, call: Call) -> tuple[Identity, Project, ReadParameters]:
        who = self._who(call)
        wanted = read_parameters(call.query, generous=call.path.startswith(_V4))
        return who, self.kms.project(who, id=wanted.project_id, slug=wanted.project_slug), wanted

    def _who(self, call: Call) -> Identity:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("Token missing")
        return self.kms.identify(SecretValue(token.strip()))

    def _project(self, one: Project) -> wire.Json:
        return wire.project(one, organization=self.kms.organization, created=self.kms.started)
