"""What is done at a KMS beside reading: one request at a time, under a token that the caller has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field

from ...auth.refusal import OK, refusal
from ...classes import frozen
from ...clock import Deadline
from ...errors import BackendError, WrongEndpoint
from ...http import Body, HttpClient, Request, Response
from ...values import SecretValue
from .decode import Malformed, entries
from .errors import PATH, Missing, told


@frozen
class Deed:
    """One thing to do, and how it is said.

    Attributes:
        method: In capitals.
        ways: Each API that can do it, newest first: its path below `/api` and the body or, of a GET, the query.
        operation: In a user's words; for errors.
        missing: What an unknown 404 means.
        forbidden: What a 403 says that the identity may not do.
        repeatable: Done twice it does no more than once, as what is only read.
    """

    method: str
    ways: Sequence[tuple[str, Body]] = field(repr=False)
    operation: str
    missing: Missing = PATH
    forbidden: str = "change this"
    repeatable: bool = False


@frozen
class Session:
    """A KMS under one token. As thread-safe as its client.

    Nothing is tried twice but where a server says that it does not know the way: whether a deed that got no answer was
    done, only the caller can find out.

    Attributes:
        host: An address from `urls.normalise`.
        token: Of an identity; a refused one is the caller's to replace.
        trust: Digest of the CA bundle, "" for the system's.
        deadline: For each deed.
    """

    http: HttpClient
    host: str
    token: SecretValue
    trust: str = ""
    deadline: Deadline | None = None

    def do(self, deed: Deed) -> Mapping[str, object]:
        """Do it and return the answer's object; raises as `answer` does."""
        return self.object(deed, self.answer(deed))

    def answer(self, deed: Deed) -> Response:
        """Do it and return what was answered, which is a success.

        Raises:
            BackendError: Of the class that says why not; see `errors` for how far each reaches.
        """
        for path, given in deed.ways:
            response = self._send(deed, path, given)
            if response.status == OK:
                return response
            said = refusal(response)
            if not said.unknown_route:
                break
        raise told(said, host=self.host, operation=deed.operation, missing=deed.missing, forbidden=deed.forbidden)

    def object(self, deed: Deed, response: Response) -> Mapping[str, object]:
        """Return the object that an answer holds.

        Raises:
            WrongEndpoint: It holds none.
        """
        try:
            return entries(response.json())
        except ValueError:
            raise self.strange(deed, "its answer is not that of the API") from None

    def strange(self, deed: Deed, problem: str | Malformed) -> BackendError:
        """Return the error of an answer that is none of the API's."""
        return WrongEndpoint(self.host, deed.operation, f"this is not the KMS API: {problem}", status=OK)

    def _send(self, deed: Deed, path: str, given: Body) -> Response:
        read = deed.method == "GET"
        return self.http.send(
            Request(
                deed.method,
                f"{self.host}/api{path}",
                operation=deed.operation,
                params={name: str(value) for name, value in given.items()} if read else {},
                json=None if read else given,
                token=self.token,
                trust=self.trust,
                deadline=self.deadline,
                repeatable=read or deed.repeatable,
            )
        )
