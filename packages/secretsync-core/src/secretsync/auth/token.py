"""The access token as an answer like any other: asked, renewed and forgotten by the same engine."""

from __future__ import annotations

from typing import ClassVar

from ..queries import Identity, Query, query
from ..retry import Backoff
from ..values import SecretValue


@query
class Token(Query[SecretValue]):
    """Asks for a token of this identity; the credentials it takes, if any, are the answer to `identity.source`."""

    identity: Identity
    backoff: ClassVar[Backoff] = Backoff(base=30.0, cap=300.0, floor=30.0)
    """Slow: servers limit logins hardest, and a refused credential seldom mends itself (kmssecret §4.1)."""

    @property
    def host(self) -> str:
        return self.identity.host

    @property
    def credential(self) -> Query[object] | None:
        return self.identity.source
