"""OCI auth: the signed request for a user's own record, checked as Oracle would with the keys of the seed."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import Final

from ..authority import verifies
from ..methods import Oci
from ..refusals import bad_request, unauthorized
from .means import Means, Sent

_FIELD: Final = re.compile(r'(\w+)="([^"]*)"')
_HOST: Final = re.compile(r"identity\.[a-z0-9-]+\.oraclecloud\.com")


def check(settings: Oci, sent: Sent, _: Means) -> None:
    """Refuse what a known user of the tenancy has not signed."""
    headers = {name.lower(): str(value) for name, value in json.loads(sent["headers"]).items()}
    signed = dict(_FIELD.findall(headers.get("authorization", "")))
    tenancy, _, rest = signed.get("keyId", "").partition("/")
    user = rest.partition("/")[0]
    if not _HOST.fullmatch(headers.get("host", "")) or user != sent["userOcid"]:
        raise bad_request("The signed request is not for the record of the user")
    if settings.tenancy and tenancy != settings.tenancy:
        raise unauthorized("Access denied: OCI tenancy not allowed.")
    if user not in settings.users:
        raise unauthorized("Access denied: OCI username not allowed.")
    values = {**headers, "(request-target)": f"get /20160918/users/{user}"}
    text = "\n".join(f"{name}: {values.get(name, '')}" for name in signed.get("headers", "").split())
    if not verifies(settings.users[user], text.encode(), _bytes(signed.get("signature", ""))):
        raise unauthorized("Access denied: Oracle does not accept the signature.")


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise bad_request("The signature is not base64") from None
