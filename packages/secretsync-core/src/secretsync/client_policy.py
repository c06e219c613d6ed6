"""How a shell talks to its backends: one frozen value instead of knobs in many places (kms-api §9)."""

from __future__ import annotations

from typing import Final

from .classes import frozen

MIB: Final = 1 << 20


@frozen
class ClientPolicy:
    """Time-outs and `slug_max_age` in seconds, `response_cap` in bytes.

    Attributes:
        user_agent: Sent with every request.
        renew_at: The part of a token's life after which it is replaced at its next use.
        in_flight: Requests under way at one host.
        connect_timeout: To open a connection.
        read_timeout: Between two bytes of an answer.
        response_cap: A longer body is refused before it is parsed.
        slug_max_age: How long a project's id is taken from its slug without asking again.
        renews: A token is renewed where that is safe, instead of another login.
    """

    user_agent: str
    renew_at: float
    in_flight: int
    connect_timeout: float
    read_timeout: float
    response_cap: int
    slug_max_age: float
    renews: bool = False


OPERATOR: Final = ClientPolicy("secretsync-operator", 0.8, 16, 5.0, 15.0, 4 * MIB, 1800.0)
SDK: Final = ClientPolicy("secretsync", 2 / 3, 4, 10.0, 30.0, 16 * MIB, 300.0, renews=True)
AGENT: Final = ClientPolicy("secretsync-agent", 2 / 3, 4, 10.0, 30.0, 16 * MIB, 300.0, renews=True)
