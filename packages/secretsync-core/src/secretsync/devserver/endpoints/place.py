"""Which project and folder a request is about."""

from __future__ import annotations

from collections.abc import Sequence

from ...classes import frozen
from ..forms import Form
from ..model import KMS
from ..references import Location
from ..refusals import bad_request
from ..routing import Call
from ..seed import Identity, Project
from ..tree import clean
from .caller import caller


@frozen
class Place:
    """Who asks, and where."""

    who: Identity
    project: Project
    at: Location


def place(
    kms: KMS,
    call: Call,
    form: Form,
    *,
    path: Sequence[str] = ("secretPath",),
    environment: Sequence[str] = ("environment", "environmentSlug"),
) -> Place:
    """Return what a request names, the project by id or slug.

    Args:
        path: The fields that may hold the folder's path, in order; without one it is the root.
        environment: The fields that may hold the environment's slug, in order.

    Raises:
        Refusal: No project or environment is named (400), the project is not there (404), the identity is no member of
            it (403), or the form is wrong (422).
    """
    who = caller(kms, call)
    project_id, slug = form.text("projectId", "workspaceId"), form.text("projectSlug", "workspaceSlug")
    named, folder = form.text(*environment), form.text(*path) or "/"
    form.check()
    if not (project_id or slug):
        raise bad_request("You must provide the project: its id or its slug")
    if not named:
        raise bad_request("You must provide the environment")
    project = kms.project(who, id=project_id, slug=slug)
    return Place(who, project, Location(project.id, named, clean(folder)))
