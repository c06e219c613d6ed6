"""Where a program on AWS has its keys from, in the order in which AWS's own programs look (kms-api §2.3).

environment · web identity (EKS) · the user's file · container (ECS, EKS pods) · instance (EC2, version 2 only)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, urlsplit

from ..errors import CredentialsNotFound
from ..http import Request, Response
from ..values import SecretValue
from .method import Means
from .sigv4 import Keys

_FILE: Final = "~/.aws/credentials"
_CONTAINER: Final = "http://169.254.170.2"
_INSTANCE: Final = "http://169.254.169.254"
_TOKEN_SECONDS: Final = "21600"  # noqa: S105 - how long the token for the metadata service lives
_DOCUMENT: Final = "/latest/dynamic/instance-identity/document"
_OPERATION: Final = "get AWS keys"


def keys(means: Means, *, region: str) -> Keys:
    """Return the keys of the first source that is set up.

    Raises:
        CredentialsNotFound: None is, or the one that is gives none.
    """
    sources: tuple[Callable[[], Keys | None], ...] = (
        lambda: _environment(means),
        lambda: _web_identity(means, region),
        lambda: _file(means),
        lambda: _container(means),
    )
    return next((found for source in sources if (found := source())), None) or _instance(means)


def region_here(means: Means) -> str:
    """Return the region that the environment or the instance's own description names.

    Raises:
        CredentialsNotFound: None does.
    """
    variable = means.proofs.variable
    if named := variable("AWS_REGION") or variable("AWS_DEFAULT_REGION"):
        return named
    region = _object(_instance_answer(means, _DOCUMENT)).get("region")
    if isinstance(region, str) and region:
        return region
    raise CredentialsNotFound("no AWS region is named; set AWS_REGION")


def sts(means: Means, region: str) -> str:
    """Return the address of the token service."""
    return means.proofs.variable("AWS_ENDPOINT_URL_STS").rstrip("/") or f"https://sts.{region}.amazonaws.com"


# -- sources


def _environment(means: Means) -> Keys | None:
    variable = means.proofs.variable
    key, secret, token = (variable(f"AWS_{name}") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"))
    return Keys(key, SecretValue(secret), SecretValue(token) if token else None) if key and secret else None


def _web_identity(means: Means, region: str) -> Keys | None:
    variable = means.proofs.variable
    path, role = variable("AWS_WEB_IDENTITY_TOKEN_FILE"), variable("AWS_ROLE_ARN")
    if not path or not role:
        return None
    form: dict[str, str | SecretValue] = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": variable("AWS_ROLE_SESSION_NAME") or "secretsync",
        "WebIdentityToken": means.file(path),
    }
    service = f"STS, asked to assume {role},"
    request = Request("POST", f"{sts(means, region)}/", operation=_OPERATION, form=form)
    found: object = _object(means.ask(request, service=service))
    for name in ("AssumeRoleWithWebIdentityResponse", "AssumeRoleWithWebIdentityResult", "Credentials"):
        found = found.get(name) if isinstance(found, dict) else None
    return _keys(found, service)


def _file(means: Means) -> Keys | None:
    variable = means.proofs.variable
    named = variable("AWS_SHARED_CREDENTIALS_FILE")
    try:
        raw = means.proofs.file(named or _FILE)
    except CredentialsNotFound:
        if named:
            raise
        return None
    profile = variable("AWS_PROFILE") or "default"
    section = _section(raw, profile)
    key, secret, token = (
        section.get(f"aws_{name}", "") for name in ("access_key_id", "secret_access_key", "session_token")
    )
    if key and secret:
        return Keys(key, SecretValue(secret), SecretValue(token) if token else None)
    if named or variable("AWS_PROFILE"):
        raise CredentialsNotFound(f"{named or _FILE} holds no keys for the profile {profile}")
    return None


def _section(raw: SecretValue, profile: str) -> Mapping[str, str]:
    """Return a section of the file, empty if there is none or the file is none of AWS's."""
    parser = ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(raw.text())
        return dict(parser.items(profile))
    except (ConfigError, ValueError):  # whose texts quote the file
        return {}


def _container(means: Means) -> Keys | None:
    variable = means.proofs.variable
    relative, full = (variable(f"AWS_CONTAINER_CREDENTIALS_{kind}_URI") for kind in ("RELATIVE", "FULL"))
    if not relative and not full:
        return None
    url = f"{_CONTAINER}{relative}" if relative else full
    if not _is_near(url):
        raise CredentialsNotFound("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor of this machine")
    path, token = (variable(f"AWS_CONTAINER_AUTHORIZATION_TOKEN{kind}") for kind in ("_FILE", ""))
    bearer = means.file(path).text() if path else token
    headers = {"Authorization": bearer} if bearer else {}
    service = "the container's credentials service"
    return _keys(
        _object(means.ask(Request("GET", url, operation=_OPERATION, headers=headers), service=service)), service
    )


def _instance(means: Means) -> Keys:
    path = "/latest/meta-data/iam/security-credentials"
    role = _instance_answer(means, f"{path}/").body.decode("ascii", "replace").split("\n", 1)[0].strip()
    return _keys(_object(_instance_answer(means, f"{path}/{quote(role, safe='')}")), "the instance's metadata service")


# -- answers


def _instance_answer(means: Means, path: str) -> Response:
    if means.proofs.variable("AWS_EC2_METADATA_DISABLED").lower() == "true":
        what = "region" if path == _DOCUMENT else "keys"
        raise CredentialsNotFound(f"no AWS {what}: not in the environment, and the instance may not be asked")
    host = means.proofs.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").rstrip("/") or _INSTANCE
    service = "the instance's metadata service"
    wanted = {"X-aws-ec2-metadata-token-ttl-seconds": _TOKEN_SECONDS}
    token = means.ask(
        Request("PUT", f"{host}/latest/api/token", operation=_OPERATION, headers=wanted), service=service
    ).body.decode("ascii", "replace")
    headers = {"X-aws-ec2-metadata-token": token}
    return means.ask(Request("GET", f"{host}{path}", operation=_OPERATION, headers=headers), service=service)


def _keys(found: object, service: str) -> Keys:
    fields = found if isinstance(found, dict) else {}
    key, secret = fields.get("AccessKeyId"), fields.get("SecretAccessKey")
    session = fields.get("Token", fields.get("SessionToken"))  # as metadata services and STS name it
    if not (isinstance(key, str) and isinstance(secret, str) and isinstance(session, str)):
        raise CredentialsNotFound(f"{service} gives no keys")
    return Keys(key, SecretValue(secret), SecretValue(session))


def _object(response: Response) -> dict[str, object]:
    try:
        body = response.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {}


def _is_near(url: str) -> bool:
    """Whether keys may be asked for there: encrypted, or without leaving the machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return parts.hostname == "localhost"
    return address.is_loopback or address.is_link_local
