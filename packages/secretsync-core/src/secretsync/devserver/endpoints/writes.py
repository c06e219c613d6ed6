"""Creating, changing and deleting secrets, one or many (kms-api §5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, cast, get_args

from ...classes import frozen
from .. import wire
from ..forms import Form
from ..model import KMS
from ..references import Location
from ..routing import Call, Endpoint, Route, json_body
from ..tree import Metadatum, clean
from ..writing import Approval, Changed, Edit, Missing, Writing, trimmed
from .place import Place, place

Change = Callable[[Writing, Place], Changed]

_LONGEST_NOTE: Final = 1024
_MISSING: Final = get_args(Missing)


def routes(kms: KMS) -> Iterator[Route]:
    """Yield the routes; those of many come before those of one, whose names take slashes."""
    writes = _Writes(kms)
    yield Route("POST", "/api/v4/secrets/move", writes.move)
    for base, batch in (
        ("/api/v3/secrets/raw", "/api/v3/secrets/batch/raw"),
        ("/api/v4/secrets", "/api/v4/secrets/batch"),
    ):
        verbs: tuple[tuple[str, Endpoint, Endpoint], ...] = (
            ("POST", writes.create_many, writes.create),
            ("PATCH", writes.update_many, writes.update),
            ("DELETE", writes.delete_many, writes.delete),
        )
        for method, many, one in verbs:
            yield Route(method, batch, many)
            yield Route(method, base + "/{name:path}", one)


@frozen
class _Writes:
    kms: KMS

    # -- one secret; a name in the body is ignored, that of the path counts

    def create(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        edit = _edit(form, call.place["name"])
        return self._one(call, form, lambda writing, named: writing.create(named.at, [edit]))

    def update(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        edit = _edit(form, call.place["name"])
        return self._one(call, form, lambda writing, named: writing.update(named.at, [edit]))

    def delete(self, call: Call) -> wire.Json:
        # "type": "personal" is what the CLI says by default; where nobody has personal rows, the shared one is meant.
        form = Form(json_body(call))
        return self._one(call, form, lambda writing, named: writing.delete(named.at, [call.place["name"]]))

    # -- many

    def create_many(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        edits = _edits(form)
        return self._many(call, form, lambda writing, named: writing.create(named.at, edits))

    def update_many(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        edits, missing = _edits(form), _missing(form)
        return self._many(call, form, lambda writing, named: writing.update(named.at, edits, missing=missing))

    def delete_many(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        keys = [one.text("secretKey", required=True) for one in form.forms("secrets", required=True) or ()]
        return self._many(call, form, lambda writing, named: writing.delete(named.at, keys))

    def move(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        ids = form.texts("secretIds") or ()
        overwrite = form.truth("shouldOverwrite", absent=False)
        source = place(self.kms, call, form, environment=["sourceEnvironment"], path=["sourceSecretPath"])
        to = Location(source.project.id, form.text("destinationEnvironment"), clean(form.text("destinationSecretPath")))
        with self.kms.writing(source.who, source.project) as writing:
            approval = writing.move(ids, source.at, to, overwrite=overwrite)
        if approval:
            return wire.approval(approval)
        return {"isSourceUpdated": True, "isDestinationUpdated": True}

    # -- inside

    def _one(self, call: Call, form: Form, change: Change) -> wire.Json:
        named, changed = self._change(call, form, change)
        if isinstance(changed, Approval):
            return wire.approval(changed)
        return {"secret": wire.own_row(changed[0], named.project.id)}

    def _many(self, call: Call, form: Form, change: Change) -> wire.Json:
        named, changed = self._change(call, form, change)
        if isinstance(changed, Approval):
            return wire.approval(changed)
        return {"secrets": [wire.own_row(row, named.project.id) for row in changed]}

    def _change(self, call: Call, form: Form, change: Change) -> tuple[Place, Changed]:
        named = place(self.kms, call, form)
        with self.kms.writing(named.who, named.project) as writing:
            return named, change(writing, named)


def _edits(form: Form) -> tuple[Edit, ...]:
    return tuple(_edit(one, one.text("secretKey", required=True)) for one in form.forms("secrets", required=True) or ())


def _edit(form: Form, key: str) -> Edit:
    value, path = form.given("secretValue"), form.text("secretPath")
    if form.text("type") == "personal":
        form.refuse("type", "a machine has no personal secrets")
    note = form.given("secretReminderNote")
    if note is not None and len(note) > _LONGEST_NOTE:
        form.refuse("secretReminderNote", f"longer than {_LONGEST_NOTE} characters")
    return Edit(
        key=key,
        path=clean(path) if path else "",
        new_key=form.text("newSecretName"),
        value=None if value is None else trimmed(value),
        comment=form.given("secretComment"),
        tags=form.texts("tagIds"),
        metadata=_metadata(form),
        multiline=form.truth("skipMultilineEncoding", absent=False) if form.has("skipMultilineEncoding") else None,
        reminder_note=note,
        reminder_days=form.number("secretReminderRepeatDays"),
    )


def _metadata(form: Form) -> tuple[Metadatum, ...] | None:
    found = form.forms("secretMetadata")
    if found is None:
        return None
    return tuple(
        Metadatum(one.text("key", required=True), one.text("value"), encrypted=one.truth("isEncrypted", absent=False))
        for one in found
    )


def _missing(form: Form) -> Missing:
    mode = form.text("mode") or _MISSING[0]
    if mode not in _MISSING:
        form.refuse("mode", f"expected one of {', '.join(_MISSING)}")
    return cast("Missing", mode)
