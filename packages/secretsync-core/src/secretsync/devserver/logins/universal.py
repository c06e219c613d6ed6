"""Universal auth: client ids, their secrets, and the lock that failures put on them."""

from __future__ import annotations

from collections.abc import Iterable

from ...classes import define
from ...clock import Clock
from ...values import SecretValue
from ..addresses import trusted
from ..methods import Lockout, Universal
from ..refusals import Refusal, unauthorized, untrusted_address
from ..seed import Identity

METHOD = "universal-auth"


@define(eq=False)
class _Client:
    """What a client id has been through; times are monotonic seconds."""

    failures: int = 0
    failed_at: float = 0.0
    locked_until: float = 0.0
    uses: int = 0


class UniversalLogins:
    """Checks client secrets. Not thread-safe: its owner has the lock."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self._clients: dict[str, _Client] = {}

    def check(
        self, identities: Iterable[Identity], client_id: str, secret: SecretValue, *, address: str = ""
    ) -> tuple[Identity, Universal]:
        """Return whose credentials these are.

        Raises:
            Refusal: 401, the same for an unknown client and a wrong secret; 403 from an address that is not trusted,
                which counts as no failure.
        """
        known = ((one, one.universal) for one in identities if one.universal and one.universal.client_id == client_id)
        for identity, universal in known:
            if not trusted(universal.client_secret_trusted_ips, address):
                raise untrusted_address()
            self._admit(universal, secret)
            return identity, universal
        raise unauthorized("Invalid credentials")

    def _admit(self, universal: Universal, secret: SecretValue) -> None:
        client, now = self._clients.setdefault(universal.client_id, _Client()), self._clock.monotonic()
        if now < client.locked_until:
            raise unauthorized("This identity auth method is temporarily locked, please try again later")
        if universal.client_secret != secret:
            raise self._failed(client, universal.lockout, now)
        if universal.secret_ttl and now >= self._started + universal.secret_ttl:
            raise unauthorized("Access denied due to expired client secret")
        if universal.secret_uses and client.uses >= universal.secret_uses:
            raise unauthorized("Access denied due to client secret usage limit reached")
        client.failures, client.uses = 0, client.uses + 1

    @staticmethod
    def _failed(client: _Client, lockout: Lockout, now: float) -> Refusal:
        client.failures = client.failures + 1 if now < client.failed_at + lockout.reset else 1
        client.failed_at = now
        if lockout.threshold and client.failures >= lockout.threshold:
            client.locked_until, client.failures = now + lockout.duration, 0
        return unauthorized("Invalid credentials")
