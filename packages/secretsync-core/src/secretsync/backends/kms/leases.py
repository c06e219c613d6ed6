"""Leases of dynamic secrets: made, looked up, renewed, given back (kms-api §7)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from attrs import field

from ...auth.refusal import BAD_REQUEST, NOT_FOUND
from ...classes import frozen
from ...errors import BackendError, LeaseEnded, SecretNotFound
from ...http import Response
from ...values import SecretValue
from .decode import Malformed, entries, text
from .errors import Missing
from .queries import Lent, Place
from .session import Deed, Session
from .urls import segment

_NO_DYNAMIC_SECRET: Final[Missing] = (SecretNotFound, "dynamic secret not found")
_BASE: Final = "/v1/dynamic-secrets/leases"
_LEASE: Final = "lease this"


@frozen
class Lease:
    """A lease as the server has it.

    Attributes:
        expires_in: Seconds from receipt, both moments by the server's clock; 0.0 where it does not tell its time.
    """

    id: str
    expires_in: float


@frozen
class Leased:
    """A new lease with what it lends; nobody can ask for that again."""

    lease: Lease
    credentials: Lent = field(repr=False)


@frozen
class Leases:
    """Leases of one session's KMS: unlike elsewhere, a place names its project by its slug. Thread-safe.

    Every method raises, beside what it says, `ProjectNotFound`, `PathNotFound`, `Forbidden`, `AuthenticationFailed`,
    `RateLimited`, `Unavailable` and `WrongEndpoint` as reads do. What makes or renews a lease is not sent twice: after
    `Unavailable` nobody knows whether one was made, and it ends by itself.
    """

    session: Session

    def create(self, place: Place, name: str, *, ttl: str = "", principals: Sequence[str] = ()) -> Leased:
        """Make a lease.

        Args:
            name: Of the dynamic secret.
            ttl: How long it is to live, as `90s` or `2h`; "" is as long as the dynamic secret says.
            principals: For whom, where the provider asks that.

        Raises:
            SecretNotFound: There is no such dynamic secret.
            InvalidRequest: The time is too long, or there are too many leases.
        """
        config = {"principals": list(principals)} if principals else {}
        body = {**_named(place), "dynamicSecretName": name, "config": config, **({"ttl": ttl} if ttl else {})}
        deed = _deed("POST", "", body, f"lease {name} of {place}")
        response = self.session.answer(deed)
        try:
            found = self.session.object(deed, response)
            lease = _lease(found, response, made=True)
            data = entries(found.get("data"), "data")
        except Malformed as problem:
            raise self.session.strange(deed, problem) from None
        texts = {name: SecretValue(_text(value)) for name, value in data.items()}
        return Leased(lease, Lent(texts, frozenset(name for name, value in data.items() if not isinstance(value, str))))

    def look_up(self, place: Place, lease_id: str) -> Lease:
        """Return a lease that was made before; its credentials are not shown again.

        Raises:
            LeaseEnded: There is none in this folder.
        """
        return self._again(_deed("GET", f"/{segment(lease_id)}", _named(place), f"look up a lease of {place}"))

    def renew(self, place: Place, lease_id: str, *, ttl: str = "") -> Lease:
        """Have a lease live longer: so much more, counted from its end.

        Raises:
            LeaseEnded: It is gone or would live too long.
        """
        body = {**_named(place), **({"ttl": ttl} if ttl else {})}
        return self._again(_deed("POST", f"/{segment(lease_id)}/renew", body, f"renew a lease of {place}"))

    def revoke(self, place: Place, lease_id: str) -> bool:
        """Give a lease back; one that is gone is no error.

        Returns:
            Whether it is over; if not, the server could not take the credentials back and goes on trying.
        """
        body = {**_named(place), "isForced": False}
        deed = _deed("DELETE", f"/{segment(lease_id)}", body, f"revoke a lease of {place}")
        try:
            found = self.session.do(deed)
        except BackendError as error:
            if error.status != NOT_FOUND or not isinstance(error, SecretNotFound):
                raise
            return True
        lease = found.get("lease")
        return not (isinstance(lease, dict) and lease.get("status"))

    def _again(self, deed: Deed) -> Lease:
        try:
            response = self.session.answer(deed)
            return _lease(self.session.object(deed, response), response, made=False)
        except Malformed as problem:
            raise self.session.strange(deed, problem) from None
        except BackendError as error:
            # What a server says of a renewal that it refuses has changed, and clients that compare it broke.
            if error.status not in {BAD_REQUEST, NOT_FOUND}:
                raise
            ended = error
        detail = "the lease is gone, or as old as it may get"
        raise LeaseEnded(self.session.host, deed.operation, detail, status=ended.status, request_id=ended.request_id)


def _deed(method: str, way: str, body: Mapping[str, Any], operation: str) -> Deed:
    ways, again = [(f"{_BASE}{way}", body)], method == "DELETE"
    return Deed(method, ways, operation, missing=_NO_DYNAMIC_SECRET, forbidden=_LEASE, repeatable=again)


def _named(place: Place) -> dict[str, Any]:
    return {"projectSlug": place.project, "environmentSlug": place.environment, "path": place.path}


def _lease(found: Mapping[str, object], response: Response, *, made: bool) -> Lease:
    lease = entries(found.get("lease"), "lease")
    ends = _moment(text(lease, "expireAt"))
    now = _date(response)
    if now is None and made:
        now = _moment(text(lease, "createdAt"))
    return Lease(text(lease, "id"), 0.0 if now is None else max(0.0, (ends - now).total_seconds()))


def _moment(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Malformed("a time of the lease is none")
    return moment


def _date(response: Response) -> datetime | None:
    """Return what time it is there, by the header that every server sends."""
    try:
        moment = parsedate_to_datetime(response.header("date"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
