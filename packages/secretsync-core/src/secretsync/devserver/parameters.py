"""Parameters of a request: two spellings of each, empty is absent, truth values as `true` and `false` (§4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from .refusals import Issue, Refusal, bad_request, invalid

_TRUTH: Final = {"true": True, "false": False}


@frozen
class ReadParameters:
    """What a list or a single read asks for; `project_id` goes before `project_slug`."""

    project_id: str
    project_slug: str
    environment: str
    path: str
    recursive: bool
    imports: bool
    expand: bool
    values: bool


def read_parameters(query: Mapping[str, str], *, generous: bool) -> ReadParameters:
    """Return what a query asks for.

    Args:
        query: As it came.
        generous: What absent truth values mean for imports and references: on with v4, off with v3.

    Raises:
        Refusal: 422 with every truth value that is none, or 400 without a project or an environment.
    """
    form = _Form(query)
    wanted = ReadParameters(
        project_id=form.text("projectId", "workspaceId"),
        project_slug=form.text("projectSlug", "workspaceSlug"),
        environment=form.text("environment"),
        path=form.text("secretPath") or "/",
        recursive=form.truth("recursive", absent=False),
        imports=form.truth("includeImports", "include_imports", absent=generous),
        expand=form.truth("expandSecretReferences", absent=generous),
        values=form.truth("viewSecretValue", absent=True),
    )
    if refused := form.refusal(wanted):
        raise refused
    return wanted


class _Form:
    """Reads one query and keeps what was wrong with it."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.query = query
        self.issues: list[Issue] = []

    def text(self, *names: str) -> str:
        return next((self.query[name] for name in names if self.query.get(name)), "")

    def truth(self, *names: str, absent: bool) -> bool:
        given = {name: self.query[name] for name in names if self.query.get(name)}
        bad = [name for name, value in given.items() if value not in _TRUTH]
        self.issues += [Issue(name, "expected true or false", "invalid_enum_value") for name in bad]
        return absent if bad or not given else _TRUTH[next(iter(given.values()))]

    def refusal(self, wanted: ReadParameters) -> Refusal | None:
        if self.issues:
            return invalid(*self.issues)
        if not (wanted.project_id or wanted.project_slug):
            return bad_request("You must provide the project: its id or its slug")
        return None if wanted.environment else bad_request("You must provide the environment")
