"""Universal auth: a client id and a client secret for a token (kms-api §2)."""

from __future__ import annotations

from typing import ClassVar, Final

from ..classes import frozen
from ..http import Body
from .method import Means, Method


@frozen(kw_only=True)
class UniversalAuth(Method):
    """The credentials are `clientId` and `clientSecret`."""

    name: ClassVar[str] = "universal-auth"
    segment: ClassVar[str] = "universal-auth"
    told: ClassVar[tuple[tuple[str, str], ...]] = (
        ("expired client secret", "the client secret has expired; make another one in the KMS"),
        ("usage limit", "the client secret has been used up; make another one in the KMS"),
        ("401 ", "the server does not accept the client id or its secret"),
    )

    def prove(self, means: Means) -> Body:
        return means.require("clientId", "clientSecret")


METHOD: Final = UniversalAuth()
"""Without a sub-organisation or a limit of uses."""
