"""Access tokens from login to end: lifetimes, renewals, uses and revocation (kms-api §2.4).

A *session* begins with a login. Each renewal gives it one more token; the ones before stay good until their own end.
The tokens are signed JWTs, as clients may expect, and are looked up and never parsed: nobody else issues them.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, Literal

from attrs import field

from ..classes import define, frozen
from ..clock import FOREVER, Clock
from ..values import SecretValue
from .addresses import trusted
from .entropy import Entropy
from .jwt import signed
from .methods import Limits
from .refusals import Refusal, bad_request, token_error, unauthorized, untrusted_address

OLDEST: Final = 90 * 86400
"""Seconds after which a stateless token ends, whatever its identity's own limits."""

UNLIMITED: Final = 1_000_000_000
"""Reported for no limit: official clients take 0 for a limit that has passed."""

SERVICE_TOKEN: Final = b"st."
"""How service tokens begin."""

_REVOKED: Final = "The token has been revoked"
_PRUNED_FROM: Final = 1000


@frozen(kw_only=True)
class TokenStyle:
    """In what the servers in the field differ.

    Attributes:
        renewal: `legacy` servers destroy a token whose renewal would pass the maximum; `stateless` ones make the last
            renewal shorter, and end every token after 90 days.
        expired: The status that an ended token is refused with.
        strict: Report 0 for no maximum, at which official clients log in over and over.
    """

    renewal: Literal["stateless", "legacy"] = "stateless"
    expired: Literal["403", "401"] = "403"
    strict: bool = False


@frozen
class Login:
    """What a login or a renewal returns; `expires_in` and `max_ttl` are seconds."""

    token: SecretValue
    expires_in: int
    max_ttl: int


@define(eq=False)
class Session:
    """What a login began.

    Attributes:
        key: Signs its tokens, so that nobody can guess them.
        left: Uses that are left; None without a limit.
        over: Why it ended before its time, "" while it goes on.
    """

    key: bytes = field(repr=False)
    identity: str
    method: str
    limits: Limits
    began: float
    left: int | None
    over: str = ""
    renewals: int = 0

    @property
    def id(self) -> str:
        return sha256(self.key).hexdigest()[:32]


@frozen
class _Token:
    session: Session
    ends: float


class Tokens:
    """The access tokens in use. Not thread-safe: its owner has the lock."""

    def __init__(self, *, clock: Clock, entropy: Entropy, style: TokenStyle) -> None:
        self._clock = clock
        self._entropy = entropy
        self._style = style
        self._tokens: dict[SecretValue, _Token] = {}
        self._prune_at = _PRUNED_FROM

    # -- issue and renew

    def issue(self, identity: str, method: str, limits: Limits) -> Login:
        """Begin a session; forgets tokens that have ended."""
        self._prune()
        session = self._session(identity, method, limits)
        return self._given(session, self._life(session))

    def register(self, token: SecretValue, identity: str, method: str, limits: Limits) -> None:
        """Begin a session with a token that was made elsewhere."""
        session = self._session(identity, method, limits)
        self._tokens[token] = _Token(session, self._end(self._life(session)))

    def renew(self, value: SecretValue) -> Login:
        """Return another token of the session; the old one stays good until its own end.

        Raises:
            Refusal: The token is refused, or its session has no time or no uses left (401); 400 for a service token.
        """
        if value.reveal().startswith(SERVICE_TOKEN):
            raise bad_request("Only access tokens of identities can be renewed")
        session = self._good(value)
        if session.left == 0:
            raise unauthorized("The token has no uses left")
        life, budget = self._life(session), session.limits.budget
        if budget and (life <= 0 or self._age(session) + life > budget):
            if self._style.renewal == "legacy":
                session.over = "The token does not exist"
            raise unauthorized("The token cannot be renewed: it has reached its max TTL")
        session.renewals += 1
        return self._given(session, life)

    # -- use and end

    def identity(self, value: SecretValue, *, address: str) -> str:
        """Return the id of whose token it is, and count the use.

        Raises:
            Refusal: It is unknown or has ended (403 TokenError), was revoked, or has no uses left (401), or it is not
                good from this address (403).
        """
        session = self._good(value)
        if not trusted(session.limits.access_token_trusted_ips, address):
            raise untrusted_address()
        if session.left is not None:
            if not session.left:
                raise unauthorized("The token has no uses left")
            session.left -= 1
        return session.identity

    def admits(self, value: SecretValue) -> bool:
        """Return whether it is good now; that is no use of it."""
        try:
            return self._good(value).left != 0
        except Refusal:
            return False

    def revoke(self, value: SecretValue) -> None:
        """End the session of a token.

        Raises:
            Refusal: The token is not good any more.
        """
        self._good(value).over = _REVOKED

    def revoke_all(self, *, identity: str = "", method: str = "") -> int:
        """End every session, or those of an identity, of a method; return how many there were."""
        ended = {
            token.session
            for token in self._tokens.values()
            if not token.session.over
            and identity in ("", token.session.identity)
            and method in ("", token.session.method)
        }
        for session in ended:
            session.over = _REVOKED
        return len(ended)

    def expire_all(self) -> None:
        """Let every token that was issued so far end now."""
        self._tokens.clear()

    # -- inside

    def _good(self, value: SecretValue) -> Session:
        token = self._tokens.get(value)
        if token is None or token.ends <= self._clock.monotonic():
            raise token_error() if self._style.expired == "403" else unauthorized("The token has expired")
        if token.session.over:
            raise unauthorized(token.session.over)
        return token.session

    def _session(self, identity: str, method: str, limits: Limits) -> Session:
        key, began = self._entropy(32), self._clock.monotonic()
        return Session(key, identity, method, limits, began, limits.uses_limit or None)

    def _age(self, session: Session) -> float:
        return self._clock.monotonic() - session.began

    def _life(self, session: Session) -> int:
        """Return the seconds that the next token is meant to live, 0 for no end."""
        limits = session.limits
        if self._style.renewal == "legacy":
            return limits.life
        left = int(limits.budget - self._age(session)) if limits.budget else OLDEST
        return min(limits.life or OLDEST, left, OLDEST)

    def _end(self, life: int) -> float:
        return self._clock.monotonic() + life if life else FOREVER

    def _given(self, session: Session, life: int) -> Login:
        value = SecretValue(signed(self._claims(session, life), key=session.key))
        self._tokens[value] = _Token(session, self._end(life))
        return Login(value, life, session.limits.budget or (0 if self._style.strict else UNLIMITED))

    def _claims(self, session: Session, life: int) -> dict[str, object]:
        issued = int(self._clock.now().timestamp())
        claims = {
            "jti": session.id,
            "identityId": session.identity,
            "authTokenType": "identityAccessToken",
            "authMethod": session.method,
            "renewals": session.renewals,
            "iat": issued,
        }
        if self._style.renewal == "stateless":
            claims["creationEpoch"] = issued - int(self._age(session))
        return claims | {"exp": issued + life} if life else claims

    def _prune(self) -> None:
        if len(self._tokens) < self._prune_at:
            return
        now = self._clock.monotonic()
        self._tokens = {value: token for value, token in self._tokens.items() if token.ends > now}
        self._prune_at = 2 * len(self._tokens) + _PRUNED_FROM
