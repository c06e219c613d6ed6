"""AWS auth: the signed question "who am I?", answered as AWS would with the keys of the seed."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from ...auth.sigv4 import Scope, Signable, signature
from ..clouds import AwsPrincipal, Clouds
from ..methods import Aws
from ..refusals import bad_request, broken, unauthorized
from .globs import allows
from .means import Means, Sent

_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/sts/aws4_request, ?"
    r"SignedHeaders=(?P<names>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_REGION: Final = re.compile(r"[a-z0-9-]{1,20}")
_PATIENCE: Final = timedelta(minutes=15)


def check(settings: Aws, sent: Sent, means: Means) -> None:
    """Refuse what AWS would not say is an allowed role or user."""
    principal = _principal(sent, means)
    if not allows(settings.allowed_accounts, principal.account):
        raise unauthorized("Access denied: AWS account ID not allowed.")
    if not allows(settings.allowed_principals, principal.role):
        raise unauthorized("Access denied: AWS principal ARN not allowed.")


def _principal(sent: Sent, means: Means) -> AwsPrincipal:
    headers = _headers(sent["iamRequestHeaders"])
    said = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if said is None or not _REGION.fullmatch(said["region"]):
        raise bad_request("Invalid AWS region in the signed request")
    principal, moment = _known(means.clouds, said["key"]), _moment(headers.get("x-amz-date", ""))
    if principal is None or abs(means.clock.now() - moment) > _PATIENCE:
        raise broken("Request failed with status code 403")
    host, body = f"sts.{said['region']}.amazonaws.com", _decoded(sent["iamRequestBody"])
    # Whoever passes the question on adds these two; a client may have signed them and not sent them here.
    whole = {"host": host, "content-length": str(len(body)), **headers}
    signed = {name: whole.get(name, "") for name in said["names"].split(";")}
    request = Signable(sent["iamHttpRequestMethod"], f"https://{host}/", signed, body)
    right = signature(request, principal.secret_access_key, Scope(moment, said["region"], "sts"))
    token = principal.session_token.text() if principal.session_token else ""
    if not hmac.compare_digest(right, said["signature"]) or signed.get("x-amz-security-token", "") != token:
        raise broken("Request failed with status code 403")
    return principal


def _known(clouds: Clouds, key: str) -> AwsPrincipal | None:
    known = clouds.aws.principals if clouds.aws else ()
    return next((one for one in known if one.access_key_id == key), None)


def _headers(raw: str) -> Mapping[str, str]:
    try:
        found = json.loads(_decoded(raw))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise bad_request("iamRequestHeaders is no JSON object in base64")
    return {name.lower(): str(value) for name, value in found.items()}


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise bad_request("A field of the signed request is not base64") from None


def _moment(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise bad_request("The signed request has no date") from None
