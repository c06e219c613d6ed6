"""Subscriptions to a project's events (kms-api §11.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...classes import frozen
from ..feed import HAPPENINGS, Registration, Subscription
from ..forms import Form
from ..model import KMS
from ..rights import Rights
from ..routing import Call, Route, json_body
from ..tree import Happening, clean
from .caller import caller

_MOST: Final = 10


def routes(kms: KMS) -> Iterator[Route]:
    yield Route("POST", "/api/v1/events/subscribe/project-events", _Events(kms).subscribe)


@frozen
class _Events:
    kms: KMS

    def subscribe(self, call: Call) -> Subscription:
        who, form = caller(self.kms, call), Form(json_body(call))
        project_id = form.text("projectId", required=True)
        wanted = form.forms("register", required=True) or ()
        registered = tuple(_registration(one) for one in wanted)
        if not 1 <= len(registered) <= _MOST:
            form.refuse("register", f"one to {_MOST} events")
        form.check()
        project = self.kms.project(who, id=project_id)

        def rights() -> Rights:
            return Rights(self.kms.identities.get(who.id) or who, project)

        return self.kms.feed.subscribe(rights, registered)


def _registration(form: Form) -> Registration:
    kind = form.text("event", required=True)
    known: Happening | None = next((one for one in HAPPENINGS if one == kind), None)
    if known is None:
        form.refuse("event", f"expected one of {', '.join(HAPPENINGS)}")
    if not form.has("conditions"):
        return Registration(known or HAPPENINGS[0])
    conditions = form.form("conditions")
    environment = conditions.text("environmentSlug", required=True)
    return Registration(known or HAPPENINGS[0], environment, clean(conditions.text("secretPath")))
