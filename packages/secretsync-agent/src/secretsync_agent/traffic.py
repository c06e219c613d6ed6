"""The agent's requests on their way: with the configured headers, and with logins told of, to people and to the agent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final, final

from attrs import evolve

from secretsync.auth.refusal import OK
from secretsync.classes import define
from secretsync.http import HttpClient, Request, Response
from secretsync.http.retrying import Attempt

log: Final = logging.getLogger("secretsync.agent")

_LOGIN: Final = "/login"
_RENEWAL: Final = "/api/v1/auth/token/renew"


@final
@define(eq=False)
class Traffic:
    """An `HttpClient`. As thread-safe as the one that it stands before.

    Attributes:
        http: Sends each request; may be replaced.
        address: Of the KMS; may be replaced.
        headers: Sent with every request to it, and to nobody else; may be replaced.
        logged_in: Told of each login that succeeded, with the seconds that the token lives (0.0: not said).
    """

    http: HttpClient
    address: str
    headers: Mapping[str, str]
    logged_in: Callable[[float], None]

    def send(self, request: Request) -> Response:
        """See `HttpClient.send`."""
        is_login = request.url.endswith(_LOGIN) and "/api/v1/auth/" in request.url
        if is_login:
            log.info("attempting to authenticate...")
        elif request.url.endswith(_RENEWAL):
            log.info("attempting to refresh existing token...")
        if self.headers and request.url.startswith(f"{self.address}/"):  # proofs of logins come from elsewhere
            request = evolve(request, headers={**self.headers, **request.headers})
        response = self.http.send(request)
        if is_login and (life := _life(response)) is not None:
            self.logged_in(life)
        return response


def _life(response: Response) -> float | None:
    """Return the seconds that a new token lives, 0.0 where that is not said; None where there is no token."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.status != OK or not isinstance(body, dict) or not body.get("accessToken"):
        return None
    life = body.get("expiresIn")
    return float(life) if isinstance(life, int | float) else 0.0


def told(attempt: Attempt) -> None:
    """Log that a request is sent again, in the words that the original's users look for (agent §13)."""
    status = "no answer" if attempt.status is None else attempt.status
    log.warning("Request failed, [url=%s] [status=%s]", attempt.url, status)
    log.warning("Retrying in %s (attempt %d)", f"{attempt.delay:.3g}s", attempt.number)
