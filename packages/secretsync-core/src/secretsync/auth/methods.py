"""Every login method by the name that configurations give it, and a method from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..config import structure
from ..errors import InvalidInput
from .aws import AwsIamAuth
from .azure import AzureAuth
from .gcp import GcpIamAuth, GcpIdTokenAuth
from .given import ServiceToken, TokenAuth
from .jwt import JwtAuth, OidcAuth
from .kubernetes import KubernetesAuth
from .ldap import LdapAuth
from .method import Method
from .oci import OciAuth
from .universal import UniversalAuth

METHODS: Final[Mapping[str, type[Method]]] = {
    method.name: method
    for method in (
        UniversalAuth,
        KubernetesAuth,
        AzureAuth,
        GcpIdTokenAuth,
        GcpIamAuth,
        AwsIamAuth,
        LdapAuth,
        OidcAuth,
        JwtAuth,
        OciAuth,
        TokenAuth,
        ServiceToken,
    )
}


def method(name: str, settings: Mapping[str, object], *, source: str) -> Method:
    """Return the method that settings describe, by their names in configurations (`identityId`).

    Args:
        name: Of the method, such as `kubernetes`.
        settings: None of them secret.
        source: Where they stand, for problems.

    Raises:
        InvalidInput: There is no such method, or settings are missing, unknown or of the wrong type: with all of them.
    """
    found = METHODS.get(name)
    if found is None:
        raise InvalidInput([f"{source}: there is no login method {name}; there are {', '.join(METHODS)}"])
    return structure(settings, found, source=source)
