"""The tokens of identities: logs in, renews where that is safe, and remembers for how long it is (kms-api §2.4, §9).

When a token is replaced is decided elsewhere (it is an answer with a time of renewal); here is decided *how*. A renewal
that would pass the maximum destroys the token on some servers while it is still in use, so it is never asked for: then,
and whenever a renewal is refused, there is another login. What is replaced stays good until its own end.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Final

from attrs import evolve

from ..classes import frozen
from ..client_policy import ClientPolicy
from ..clock import FOREVER, Deadline
from ..errors import AuthenticationFailed, InvalidInput, SecretSyncError, WrongEndpoint
from ..http import HttpClient
from ..ports import Proofs
from ..queries import Found, Identity
from ..retry import Chance
from ..values import SecretValue
from .exchange import Granted, log_in, renew, revoke
from .method import GivenToken, Means, Method, Server

_JITTER: Final = 0.05
_ON_ITS_WAY: Final = 1.0
"""Seconds before its end in which a token is not used any more: it might arrive too late."""


@frozen
class _Held:
    """The last token of an identity; times are monotonic seconds, from before it was asked for."""

    token: SecretValue
    ends: float
    life: float
    latest: float
    """Until when renewals can reach."""


class Logins:
    """Safe to call from several threads; one identity's token is asked for by one of them at a time."""

    def __init__(self, http: HttpClient, policy: ClientPolicy, *, chance: Chance, proofs: Proofs) -> None:
        self._http = http
        self._policy = policy
        self._chance = chance
        self._proofs = proofs
        self._lock = Lock()
        self._held: dict[Identity, _Held] = {}

    def token(
        self, identity: Identity, credentials: Mapping[str, SecretValue], *, deadline: Deadline
    ) -> Found[SecretValue]:
        """Return a token that is younger than the one before, with the time to replace it and the time it ends.

        Args:
            identity: Whose.
            credentials: By key; empty for methods that take none.
            deadline: For all of it.

        Raises:
            CredentialsNotFound: What the login needs is not there.
            AuthenticationFailed: The server does not accept it.
            RateLimited: The server asks for patience.
            Unavailable: No answer, or one of a server in trouble.
            WrongEndpoint: What answers is not the API.
            InvalidInput: The identity's method is none.
        """
        method = identity.method
        if not isinstance(method, Method):
            raise InvalidInput([f"login method {method}: not known"])
        began, server = deadline.clock.monotonic(), Server(self._http, identity.host, identity.trust, deadline)
        held = self._next(identity, method, credentials, server, began)
        self._keep(identity, held, now=began)
        return self._found(held, method, took=deadline.clock.monotonic() - began)

    def adopt(self, identity: Identity, token: SecretValue) -> None:
        """Begin with a token that an earlier process was given: the first that is asked for is a renewal of it.

        Nobody knows how old it is, so its successors are renewed for as long as the server renews them.
        """
        with self._lock:
            self._held[identity] = _Held(token, ends=FOREVER, life=0.0, latest=FOREVER)

    def refused(self, identity: Identity, token: SecretValue) -> None:
        """Take note that the server refuses a token: what comes after it is a login.

        It stays known, because it may have been refused one thing only, and is good for all else until it is revoked.
        """
        with self._lock:
            if (held := self._held.get(identity)) and held.token == token:
                self._held[identity] = evolve(held, latest=-FOREVER)

    def tokens(self) -> Mapping[SecretValue, Identity]:
        """Return the tokens that serve now, or are to be renewed first, each with whose it is."""
        with self._lock:
            return {held.token: identity for identity, held in self._held.items()}

    def revoke(self, deadline: Deadline) -> tuple[SecretSyncError, ...]:
        """Have the server refuse every token that was logged in for; return what stood against it.

        Tokens that were given are not ours to revoke, renewed or not.
        """
        with self._lock:
            held, self._held = self._held, {}
        errors = []
        for identity, one in held.items():
            if isinstance(identity.method, GivenToken):
                continue  # what it was renewed to ends with it
            try:
                revoke(one.token, Server(self._http, identity.host, identity.trust, deadline))
            except SecretSyncError as error:
                errors.append(error)
        return tuple(errors)

    def _next(
        self, identity: Identity, method: Method, credentials: Mapping[str, SecretValue], server: Server, began: float
    ) -> _Held:
        with self._lock:
            held = self._held.get(identity)
        # A token of so many uses is not renewed, because that gives none of them back.
        if held and not method.uses and self._may_renew(held, method, began):
            if renewed := self._renewed(held, server):
                return _Held(renewed.token, began + renewed.life, renewed.life, held.latest)
            if isinstance(method, GivenToken) and began + _ON_ITS_WAY < held.ends:
                return evolve(held, life=held.ends - began)  # no login brings another, so it serves to its end
        source = f"{identity.source}" if identity.source else "the settings of the login"
        granted = log_in(method, Means(server, self._proofs, credentials, source, method.operation))
        return _Held(granted.token, began + granted.life, granted.life, began + granted.budget)

    def _may_renew(self, held: _Held, method: Method, now: float) -> bool:
        """Whether a renewal that arrives as late as we would wait for it still stays within the maximum.

        A token that was given is renewed under every policy: there is no other login (kms-api §9).
        """
        patience = self._policy.connect_timeout + self._policy.read_timeout
        renews = self._policy.renews or isinstance(method, GivenToken)
        return renews and now < held.ends and now + patience + held.life <= held.latest

    @staticmethod
    def _renewed(held: _Held, server: Server) -> Granted | None:
        """Return what a renewal brings; None when the server wants none."""
        try:
            return renew(held.token, server)
        except (AuthenticationFailed, WrongEndpoint):
            return None

    def _keep(self, identity: Identity, held: _Held, *, now: float) -> None:
        with self._lock:
            self._held = {who: one for who, one in self._held.items() if one.ends > now}
            self._held[identity] = held

    def _found(self, held: _Held, method: Method, *, took: float) -> Found[SecretValue]:
        # Earlier by a little, so that tokens of one start are not replaced in one moment.
        renew_in = self._policy.renew_at * held.life * (1.0 - _JITTER * self._chance())
        # The server counts from somewhere in between; half of it is kept of a life that is over when it arrives.
        expires_in = max(held.life - took - _ON_ITS_WAY, held.life / 2)
        return Found(held.token, renew_in=min(renew_in, expires_in), expires_in=expires_in, uses=method.uses)
