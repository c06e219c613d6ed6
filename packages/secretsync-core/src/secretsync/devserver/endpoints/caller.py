"""Who sent a request."""

from __future__ import annotations

from ...values import SecretValue
from ..model import KMS
from ..refusals import unauthorized
from ..routing import Call
from ..seed import Identity


def caller(kms: KMS, call: Call) -> Identity:
    """Return the identity whose token the request carries.

    Raises:
        Refusal: 401 without a token, else as `KMS.identify`.
    """
    return kms.identify(bearer(call), address=call.address)


def bearer(call: Call) -> SecretValue:
    """Return the token that the request carries.

    Raises:
        Refusal: 401 without one.
    """
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthorized("Token missing")
    return SecretValue(token.strip())
