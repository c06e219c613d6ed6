"""Every login method of the server: its route, what it asks for, and how that is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from ...classes import frozen
from ..methods import Limits
from ..seed import Identity
from . import aws, azure, gcp, kubernetes, ldap, oci, signed
from .means import Means, Sent

S = TypeVar("S", bound=Limits)


@frozen
class Way(Generic[S]):
    """One login method.

    Attributes:
        segment: The part of the route that is its own.
        settings: What an identity has of it.
        fields: Of the body, besides `identityId`; `headers` is an object, the others are texts.
        check: Raises a `Refusal` for who may not log in.
    """

    segment: str
    settings: Callable[[Identity], S | None]
    fields: tuple[str, ...]
    check: Callable[[S, Sent, Means], None]


WAYS: Final[tuple[Way[Any], ...]] = (
    Way("kubernetes-auth", lambda one: one.kubernetes, ("jwt",), kubernetes.check),
    Way("jwt-auth", lambda one: one.jwt, ("jwt",), signed.check),
    Way("oidc-auth", lambda one: one.oidc, ("jwt",), signed.check),
    Way("aws-auth", lambda one: one.aws, ("iamHttpRequestMethod", "iamRequestBody", "iamRequestHeaders"), aws.check),
    Way("azure-auth", lambda one: one.azure, ("jwt",), azure.check),
    Way("gcp-auth", lambda one: one.gcp, ("jwt",), gcp.check),
    Way("oci-auth", lambda one: one.oci, ("userOcid", "headers"), oci.check),
    Way("ldap-auth", lambda one: one.ldap, ("username", "password"), ldap.check),
)
"""All but universal auth, which knows its clients by another name."""
