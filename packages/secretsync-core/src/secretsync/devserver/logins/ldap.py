"""LDAP auth: names and passwords of a directory."""

from __future__ import annotations

from ...values import SecretValue
from ..methods import Ldap
from ..refusals import unauthorized
from .means import Means, Sent


def check(settings: Ldap, sent: Sent, _: Means) -> None:
    """Refuse a name that is not in the directory, and a wrong password, alike."""
    if settings.users.get(sent["username"]) != SecretValue(sent["password"]):
        raise unauthorized("Invalid credentials")
