"""Access tokens that end by the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

from ..clock import Clock
from ..values import SecretValue
from .refusals import token_error, unauthorized
from .seed import Identity, Universal

Entropy = Callable[[int], bytes]
"""That many bytes nobody can guess: `os.urandom` in a shell, a seeded source in tests."""

_OLDEST: Final = 90 * 86400
"""Seconds after which every token ends, whatever an identity's own limits."""

_UNLIMITED: Final = 1_000_000_000
"""Reported for no limit: official clients take 0 for a limit that has passed (kms-api §2.4)."""


@frozen
class Login:
    """What a login returns; `expires_in` and `max_ttl` are seconds."""

    token: SecretValue
    expires_in: int
    max_ttl: int


@frozen
class _Token:
    identity: str
    ends: float


class Tokens:
    """The access tokens in use. Not thread-safe: its owner has the lock."""

    def __init__(self, *, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        self._tokens: dict[SecretValue, _Token] = {}
        self._revoked: set[SecretValue] = set()

    def issue(self, identity: Identity, limits: Universal) -> Login:
        """Return a new token of an identity; forgets the tokens that have ended."""
        lifetime = min(limit for limit in (limits.ttl, limits.max_ttl, _OLDEST) if limit)
        now = self._clock.monotonic()
        self._tokens = {value: token for value, token in self._tokens.items() if token.ends > now}
        self._revoked &= self._tokens.keys()
        value = SecretValue(self._entropy(32).hex())
        self._tokens[value] = _Token(identity.id, now + lifetime)
        return Login(value, lifetime, limits.max_ttl or _UNLIMITED)

    def identity(self, value: SecretValue) -> str:
        """Return the id of whose token it is.

        Raises:
            Refusal: It is unknown, has ended (403 TokenError) or was revoked (401).
        """
        token = self._tokens.get(value)
        if token is None or token.ends <= self._clock.monotonic():
            raise token_error()
        if value in self._revoked:
            raise unauthorized("The token has been revoked")
        return token.identity

    def expire_all(self) -> None:
        """Let every token that was issued so far end now."""
        self._tokens.clear()

    def revoke_all(self) -> int:
        """Refuse every token that was issued so far; return how many that are."""
        before = len(self._revoked)
        self._revoked |= self._tokens.keys()
        return len(self._revoked) - before
