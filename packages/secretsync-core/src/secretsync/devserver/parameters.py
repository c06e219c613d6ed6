"""Parameters of a read: two spellings of each, empty is absent, truth values as `true` and `false` (§4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ..classes import frozen
from .forms import Form
from .reading import Filter, View
from .refusals import bad_request

_MOST_PAIRS: Final = 10


@frozen
class ReadParameters:
    """What a list or a single read asks for; `project_id` goes before `project_slug`."""

    project_id: str
    project_slug: str
    environment: str
    path: str
    recursive: bool
    view: View
    only: Filter
    version: int | None


def read_parameters(query: Mapping[str, str], *, generous: bool) -> ReadParameters:
    """Return what a query asks for.

    Args:
        query: As it came.
        generous: What absent truth values mean for imports and references: on with v4, off with v3.

    Raises:
        Refusal: 422 with everything of the wrong form, or 400 without a project or an environment.
    """
    form = Form(query)
    wanted = ReadParameters(
        project_id=form.text("projectId", "workspaceId"),
        project_slug=form.text("projectSlug", "workspaceSlug"),
        environment=form.text("environment"),
        path=form.text("secretPath") or "/",
        recursive=form.truth("recursive", absent=False),
        view=view_parameters(form, generous=generous),
        only=_filter(form),
        version=form.number("version"),
    )
    form.check()
    if not (wanted.project_id or wanted.project_slug):
        raise bad_request("You must provide the project: its id or its slug")
    if not wanted.environment:
        raise bad_request("You must provide the environment")
    return wanted


def view_parameters(form: Form, *, generous: bool) -> View:
    """Return how secrets are wanted; what is wrong stays in the form."""
    form.truth("includePersonalOverrides", absent=False)  # nobody has personal rows here; its form is checked
    return View(
        imports=form.truth("includeImports", "include_imports", absent=generous),
        expand=form.truth("expandSecretReferences", absent=generous),
        values=form.truth("viewSecretValue", absent=True),
    )


def _filter(form: Form) -> Filter:
    tags = frozenset(tag for text in form.text("tagSlugs").split(",") if (tag := text.strip()))
    return Filter(tags, tuple(_pairs(form.text("metadataFilter")))[:_MOST_PAIRS])


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield what `key=k1,value=v1|key=k2,value=v2` says; a pair of another form is ignored."""
    for pair in text.split("|"):
        key, comma, value = pair.partition(",")
        if comma and key.startswith("key=") and value.startswith("value="):
            yield key.removeprefix("key="), value.removeprefix("value=")
