"""What all login methods have in common: the settings of one, and what it may use to prove who asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from attrs import evolve

from ..classes import frozen
from ..clock import Deadline
from ..errors import AuthenticationFailed, BackendError, CredentialsNotFound
from ..http import Body, HttpClient, Request, Response
from ..ports import Proofs
from ..values import SecretValue
from .refusal import OK, Refusal

_LOCKED: Final = "too many wrong logins have locked it; correct the credentials, then wait some minutes"
_TOLD: Final = (
    ("temporarily locked", _LOCKED),
    ("423 ", _LOCKED),
    ("IP address", "it may not log in from this program's IP address; add that to the identity's trusted addresses"),
    ("rganization", "the server knows no such organisation, or the identity is not of it; check organizationSlug"),
    ("TokenError", "the signature, the issuer or the audience of what was sent is not accepted"),
    ("404 ", "the server knows no such identity, or not with this method; check identityId and its methods there"),
    ("422 ", "the server rejects the form of what was sent"),
)
"""What a refusal shows, and what it means then; the first that fits counts."""


@frozen(kw_only=True)
class Method:
    """A way to log in: a frozen value without secrets that is part of an `Identity`. A subclass is a method.

    Attributes:
        name: As configurations name it.
        segment: The part of the login route that is its own.
        told: What its refusals show (status, word and message) and mean, where those of all methods say nothing.
        trouble: What an error of the server may mean besides, in words.
        organization: The slug of a sub-organisation to log in to, "" for the identity's own.
        uses: Requests that the KMS lets a token serve, 0 for no limit: such a token is replaced before it is used up.
    """

    name: ClassVar[str]
    segment: ClassVar[str]
    told: ClassVar[tuple[tuple[str, str], ...]] = ()
    trouble: ClassVar[str] = ""
    organization: str = ""
    uses: int = 0

    def prepared(self, means: Means) -> tuple[Method, Means]:
        """Return what logs in this time: a method whose settings stand elsewhere returns one that has read them.

        Raises:
            CredentialsNotFound: They are not there.
            AuthenticationFailed: They are of no use.
        """
        return self, means

    def prove(self, means: Means) -> Body:
        """Return what the login sends.

        Raises:
            CredentialsNotFound: What the proof is made of is not there.
            AuthenticationFailed: It is there and of no use.
        """
        raise NotImplementedError

    def remedy(self, said: Refusal) -> str:
        """Return what a refused login means, in words that repeat nothing of the server's."""
        shown = f"{said.status} {said.error} {said.message}"
        found = next((meaning for mark, meaning in (*_TOLD, *self.told) if mark in shown), "")
        return found or "the server does not accept the credentials"

    @property
    def operation(self) -> str:
        return f"log in with {self.name}"


@frozen(kw_only=True)
class GivenToken(Method):
    """A method without a login: the credential is the token."""

    segment: ClassVar[str] = ""

    def token(self, means: Means) -> SecretValue:
        """Return the token.

        Raises:
            CredentialsNotFound: There is none.
            AuthenticationFailed: It cannot be one.
        """
        raise NotImplementedError

    def renewable_for(self, token: SecretValue, now: datetime) -> float:  # noqa: ARG002 - for methods that can tell
        """Return the seconds for which a token lives that no renewal can harm; 0.0 where that is not known."""
        return 0.0


@frozen
class Server:
    """The KMS that somebody logs in to, and until when.

    Attributes:
        host: Its address.
        trust: Digest of the CA bundle to trust, as `Identity.trust`.
    """

    http: HttpClient
    host: str
    trust: str
    deadline: Deadline

    def post(self, route: str, body: Body, *, operation: str) -> Response:
        """Return the answer to a request of the authentication API. No token goes with it in a header."""
        url = f"{self.host}/api/v1/auth/{route}"
        return self.http.send(
            Request("POST", url, operation=operation, json=body, trust=self.trust, deadline=self.deadline)
        )


@frozen
class Means:
    """What a method may use at one login.

    Attributes:
        server: Where to.
        proofs: For what must be fetched anew.
        credentials: The answer of the identity's source, by key.
        source: Where they are from, in words.
        operation: What is being done, in words.
    """

    server: Server
    proofs: Proofs
    credentials: Mapping[str, SecretValue]
    source: str
    operation: str

    def require(self, *keys: str) -> dict[str, SecretValue]:
        """Return credentials, without the white space that files and shells put around values.

        Raises:
            CredentialsNotFound: One is missing or empty.
            AuthenticationFailed: One is no plain text.
        """
        found = {key: self.credentials[key].reveal().strip() for key in keys if key in self.credentials}
        if missing := [key for key in keys if not found.get(key)]:
            raise CredentialsNotFound(f"{' and '.join(missing)} missing or empty in {self.source}")
        if broken := [key for key, raw in found.items() if not is_text(raw)]:
            raise self.useless(f"{' and '.join(broken)} of {self.source} not plain text")
        return {key: SecretValue(raw) for key, raw in found.items()}

    def file(self, path: str) -> SecretValue:
        """Return a file's content, one line of text.

        Raises:
            CredentialsNotFound: It cannot be read, or is empty.
            AuthenticationFailed: It is no plain text.
        """
        return self._line(self.proofs.file(path).reveal(), path)

    def variable(self, name: str) -> SecretValue:
        """Return what a variable of the environment holds, one line of text; raises as `file` does."""
        return self._line(self.proofs.variable(name).encode(errors="surrogateescape"), f"the variable {name}")

    def _line(self, raw: bytes, where: str) -> SecretValue:
        line = raw.strip()
        if not line:
            raise CredentialsNotFound(f"{where} is empty")
        if not is_text(line):
            raise self.useless(f"{where} is not plain text")
        return SecretValue(line)

    def useless(self, what: str) -> AuthenticationFailed:
        """Return the error for credentials that cannot be sent."""
        return AuthenticationFailed(self.server.host, self.operation, f"authentication failed: {what}")

    def ask(self, request: Request, *, service: str) -> Response:
        """Return the success of a service near by that hands out proofs.

        Raises:
            CredentialsNotFound: It does not answer, or refuses. That says nothing about the KMS.
        """
        try:
            response = self.server.http.send(evolve(request, deadline=self.server.deadline))
        except BackendError as error:
            detail = error.detail
        else:
            if response.status == OK:
                return response
            detail = f"it answers {response.status}"
        raise CredentialsNotFound(f"{service} gives no proof: {detail}")

    def field(self, request: Request, name: str, *, service: str) -> SecretValue:
        """Return a text of the JSON object that such a service answers; raises as `ask` does."""
        try:
            body = self.ask(request, service=service).json()
        except ValueError:
            body = None
        found = body.get(name) if isinstance(body, dict) else None
        if not isinstance(found, str) or not found:
            raise CredentialsNotFound(f"{service} gives no proof: its answer holds no {name}")
        return SecretValue(found)


def is_text(raw: bytes) -> bool:
    """Whether it is UTF-8 without control characters, which come from a wrong encoding or a pasted line break."""
    try:
        return raw.decode().isprintable()
    except UnicodeDecodeError:
        return False
