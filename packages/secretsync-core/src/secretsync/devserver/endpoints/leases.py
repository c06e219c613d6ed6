"""Dynamic secrets and their leases, addressed by the project's slug (kms-api §7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...classes import frozen
from .. import wire
from ..durations import seconds
from ..forms import Form
from ..model import KMS
from ..routing import Call, Route, json_body
from .place import place

_BASE: Final = "/api/v1/dynamic-secrets"
_SHORTEST: Final = 60.0
_LONGEST: Final = 10 * 365.25 * 86400.0
_PATH: Final = ("path",)


def routes(kms: KMS) -> Iterator[Route]:
    secrets, leases = _DynamicSecrets(kms), _Leases(kms)
    yield Route("POST", f"{_BASE}/leases", leases.create)
    yield Route("GET", f"{_BASE}/leases/{{id}}", leases.get)
    yield Route("POST", f"{_BASE}/leases/{{id}}/renew", leases.renew)
    yield Route("DELETE", f"{_BASE}/leases/{{id}}", leases.revoke)
    yield Route("GET", _BASE, secrets.list)
    yield Route("POST", _BASE, secrets.create)
    yield Route("GET", f"{_BASE}/{{name}}", secrets.get)
    yield Route("GET", f"{_BASE}/{{name}}/leases", secrets.leases)
    yield Route("PATCH", f"{_BASE}/{{name}}", secrets.update)
    yield Route("DELETE", f"{_BASE}/{{name}}", secrets.delete)


@frozen
class _DynamicSecrets:
    kms: KMS

    def list(self, call: Call) -> wire.Json:
        named = place(self.kms, call, Form(call.query), path=_PATH)
        with self.kms.leasing(named.who, named.project) as leasing:
            return {"dynamicSecrets": [wire.dynamic_secret(one) for one in leasing.list(named.at)]}

    def get(self, call: Call) -> wire.Json:
        named = place(self.kms, call, Form(call.query), path=_PATH)
        with self.kms.leasing(named.who, named.project) as leasing:
            found = leasing.get(named.at, call.place["name"])
        return {"dynamicSecret": {**wire.dynamic_secret(found), "inputs": dict(found.inputs)}}

    def leases(self, call: Call) -> wire.Json:
        named = place(self.kms, call, Form(call.query), path=_PATH)
        with self.kms.leasing(named.who, named.project) as leasing:
            return {"leases": [wire.lease(one) for one in leasing.leases(named.at, call.place["name"])]}

    def create(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        provider = form.form("provider")
        fields = {
            "name": form.text("name", required=True).lower(),
            "type": provider.text("type", required=True),
            "inputs": provider.raw("inputs"),
            "default_ttl": _ttl(form, "defaultTTL", required=True),
            "max_ttl": _ttl(form, "maxTTL") or None,
            "metadata": form.raws("metadata") or (),
        }
        named = place(self.kms, call, form, path=_PATH)
        with self.kms.leasing(named.who, named.project) as leasing:
            return {"dynamicSecret": wire.dynamic_secret(leasing.create_secret(named.at, fields))}

    def update(self, call: Call) -> wire.Json:
        form, name = Form(json_body(call)), call.place["name"]
        data = form.form("data")
        fields = {
            "name": data.text("newName").lower(),
            "default_ttl": _ttl(data, "defaultTTL"),
            "max_ttl": _ttl(data, "maxTTL"),
            "inputs": data.raw("inputs"),
            "metadata": data.raws("metadata"),
            "username_template": data.text("usernameTemplate"),
        }
        named = place(self.kms, call, form, path=_PATH)
        with self.kms.leasing(named.who, named.project) as leasing:
            changed = leasing.update_secret(named.at, name, {key: value for key, value in fields.items() if value})
            return {"dynamicSecret": wire.dynamic_secret(changed)}

    def delete(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        forced = form.truth("isForced", absent=False)
        named = place(self.kms, call, form, path=_PATH)
        with self.kms.leasing(named.who, named.project) as leasing:
            gone = leasing.delete_secret(named.at, call.place["name"], forced=forced)
        return {"dynamicSecret": wire.dynamic_secret(gone)}


@frozen
class _Leases:
    kms: KMS

    def create(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        name, ttl = form.text("dynamicSecretName", required=True).lower(), _ttl(form, "ttl")
        form.form("config")  # an object, null or nothing: providers that look at it are not here
        named = place(self.kms, call, form, path=_PATH)
        with self.kms.leasing(named.who, named.project) as leasing:
            lease, secret, credentials = leasing.create(named.at, name, ttl)
        data = {key: value.text() for key, value in credentials.items()}
        return {"lease": wire.lease(lease), "dynamicSecret": wire.dynamic_secret(secret), "data": data}

    def get(self, call: Call) -> wire.Json:
        # The CLI's agent says `secretPath` here, and here only.
        named = place(self.kms, call, Form(call.query), path=("path", "secretPath"))
        with self.kms.leasing(named.who, named.project) as leasing:
            lease, secret = leasing.lease(named.at, call.place["id"])
        return {"lease": {**wire.lease(lease), "dynamicSecret": wire.dynamic_secret(secret)}}

    def renew(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        ttl = _ttl(form, "ttl")
        named = place(self.kms, call, form, path=_PATH)
        with self.kms.leasing(named.who, named.project) as leasing:
            return {"lease": wire.lease(leasing.renew(named.at, call.place["id"], ttl))}

    def revoke(self, call: Call) -> wire.Json:
        form = Form(json_body(call))
        forced = form.truth("isForced", absent=False)
        named = place(self.kms, call, form, path=_PATH)
        with self.kms.leasing(named.who, named.project) as leasing:
            return {"lease": wire.lease(leasing.revoke(named.at, call.place["id"], forced=forced))}


def _ttl(form: Form, name: str, *, required: bool = False) -> str:
    """Return a duration as it was written, "" for none; what is wrong with it stays in the form."""
    text = form.text(name, required=required)
    found = seconds(text) if text else None
    if text and (found is None or not _SHORTEST <= found <= _LONGEST):
        form.refuse(name, "a duration such as 90s or 2h, from a minute to ten years")
    return text
