"""The identities of a KMS: who logs in as whom, and whose token it is."""

from __future__ import annotations

from threading import Lock

from ..clock import Clock
from ..values import SecretValue
from .entropy import Entropy
from .logins.universal import METHOD as UNIVERSAL
from .logins.universal import UniversalLogins
from .methods import GivenTokens, Limits
from .seed import Grant, Identity, Seed, ServiceToken
from .tokens import Login, Tokens


class Identities:
    """Safe to call from several threads."""

    def __init__(self, seed: Seed, *, clock: Clock, entropy: Entropy) -> None:
        self._lock = Lock()
        self._identities = {identity.id: identity for identity in seed.identities}
        self._tokens = Tokens(clock=clock, entropy=entropy, style=seed.tokens)
        self._universal = UniversalLogins(clock=clock)
        self._services = {one.token: (one, _bearer(one, n)) for n, one in enumerate(seed.service_tokens)}
        for identity in seed.identities:
            if identity.token:
                self._register(identity.id, identity.token)

    def get(self, identity: str) -> Identity | None:
        """Return the identity of an id."""
        with self._lock:
            return self._identities.get(identity)

    def replace(self, identity: Identity) -> None:
        """Have another identity of the same id: other credentials, other grants. Its tokens stay good."""
        with self._lock:
            self._identities[identity.id] = identity

    # -- logins

    def login(self, *, client_id: str, client_secret: SecretValue, address: str = "") -> Login:
        """Return a new token of the identity with these universal-auth credentials.

        Raises:
            Refusal: 401, the same for an unknown client and a wrong secret; 403 for a client that may not log in from
                this address.
        """
        with self._lock:
            known = self._identities.values()
            identity, limits = self._universal.check(known, client_id, client_secret, address=address)
            return self._tokens.issue(identity.id, UNIVERSAL, limits)

    def admit(self, identity: Identity, method: str, limits: Limits) -> Login:
        """Return a new token of an identity that has proven who it is."""
        with self._lock:
            return self._tokens.issue(identity.id, method, limits)

    def _register(self, identity: str, given: GivenTokens) -> None:
        for token in given.tokens:
            self._tokens.register(token, identity, "token-auth", given)

    # -- tokens

    def of(self, token: SecretValue, *, address: str = "") -> Identity:
        """Return whose token it is, and count the use.

        Raises:
            Refusal: 403 TokenError when it is unknown or has ended, 401 when it was revoked or is used up, 403 when it
                is not good from this address.
        """
        if known := self._services.get(_sent(token)):
            return known[1]
        with self._lock:
            return self._identities[self._tokens.identity(token, address=address)]

    def service(self, token: SecretValue) -> ServiceToken | None:
        """Return the service token that this is; its fourth part, where clients send that too, counts for nothing."""
        known = self._services.get(_sent(token))
        return known[0] if known else None

    def admits(self, token: SecretValue) -> bool:
        """Return whether a token is good now; that is no use of it."""
        with self._lock:
            return self._tokens.admits(token)

    def renew(self, token: SecretValue) -> Login:
        """Return another token for the same session; see `Tokens.renew`."""
        with self._lock:
            return self._tokens.renew(token)

    def revoke(self, token: SecretValue) -> None:
        """Refuse a token from now on, and all that were renewed from the same login; see `Tokens.revoke`."""
        with self._lock:
            self._tokens.revoke(token)

    def revoke_all(self, *, identity: str = "", method: str = "") -> int:
        """Refuse all tokens issued so far with 401, or those of an identity or a method; return how many logins' it were."""
        with self._lock:
            return self._tokens.revoke_all(identity=identity, method=method)

    def expire_all(self) -> None:
        """Let all tokens issued so far end now: refused with 403 TokenError."""
        with self._lock:
            self._tokens.expire_all()


def _sent(token: SecretValue) -> SecretValue:
    """Return the parts of a service token that count."""
    return SecretValue(b".".join(token.reveal().split(b".")[:3]))


def _bearer(one: ServiceToken, number: int) -> Identity:
    """Return who asks with a service token: somebody of its own, with what its scopes grant."""
    grants = tuple(Grant(one.project, scope.environment, scope.secret_path, one.actions) for scope in one.scopes)
    return Identity(f"service-token-{number}", grants=grants)
