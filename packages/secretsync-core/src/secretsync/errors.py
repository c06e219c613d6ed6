"""Every error of ours, one tree. The class says what the caller may do, the fields say where.

    SecretSyncError
    ├── InvalidInput               a manifest, file or flag is wrong: every problem at once, only an edit helps
    │   └── InvalidSpec            … of an object the library keeps
    ├── MissingExtra               an optional dependency is not installed; names the extra
    ├── CredentialsNotFound        the Secret, file or key that holds credentials is not there
    ├── TLSConfigError             the certificates to trust are not there, or are none
    ├── Defect                     a fault of ours; the text names a type, never a value
    ├── DeadlineExceeded           nobody answered in the caller's time
    ├── ClientClosed               the client was closed before there was an answer
    │   └── EngineStopped          … by a fault of ours: report it, and open another one
    ├── TooManyRounds              an evaluation kept asking for more
    ├── TargetError                the place where a secret should go says no
    │   ├── TargetConflict         it belongs to somebody else
    │   ├── WriterConflict         somebody else keeps undoing what we write
    │   ├── TargetImmutable        nothing of it can be changed
    │   ├── TargetTypeImmutable    its type cannot be changed; its content is kept in step all the same
    │   ├── TargetMoved            it changed between look and write; look again
    │   ├── TargetForbidden        we may not write there
    │   ├── TargetNamespaceMissing its namespace does not exist
    │   └── TargetInvalid          the content is not accepted there
    │       ├── InvalidKey         a key's name cannot be one there
    │       ├── InvalidValue       a value cannot stand there
    │       └── TargetTooLarge     it is more than fits
    └── BackendError               a store said no, or nothing at all
        ├── Unavailable            refused, reset, timed out, 5xx: worth another try
        │   └── TLSError           the certificate or its trust is wrong
        ├── RateLimited            wait `retry_after` seconds
        ├── AuthenticationFailed   the credentials are not accepted
        ├── Forbidden              they are, but may not read this
        │   ├── AddressForbidden   … from where this program runs
        │   └── ValueHidden        the server masked a value
        ├── InvalidRequest         the server rejects the request's form
        ├── WrongEndpoint          what answers there is not the API
        ├── ApprovalRequired       the change waits for somebody's approval
        ├── LeaseEnded             it is gone, or as old as it may get: make another
        └── NotFound               proven absent
            ├── ProjectNotFound
            ├── PathNotFound       a folder, or one without secrets (`empty`)
            │   └── EnvironmentNotFound
            └── SecretNotFound

`code` is for metric labels: a closed set, never free text. No text holds a value, a token or the text of a vendor's
exception. Specified in kms-api §8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar


class SecretSyncError(Exception):
    """The root: catch it to catch everything secretsync raises on purpose."""

    code: ClassVar[str] = "error"


class InvalidInput(SecretSyncError):
    """Something a person wrote is wrong.

    Attributes:
        problems: One line each, with place and remedy, in reading order.
    """

    code = "invalid_input"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "; ".join(self.problems)


class InvalidSpec(InvalidInput):
    """The specification of an object is wrong; evaluated again when it changes."""

    code = "invalid_spec"


class MissingExtra(SecretSyncError):
    """An optional dependency is not installed."""

    code = "missing_extra"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(what, extra)
        self.what = what
        self.extra = extra

    def __str__(self) -> str:
        return f'{self.what} needs an optional part: pip install "{self.extra}"'


class CredentialsNotFound(SecretSyncError):
    """Where credentials should be, there are none."""

    code = "credentials_not_found"


class TLSConfigError(SecretSyncError):
    """The certificates to trust are not where they should be, or are none; nothing is sent without them."""

    code = "tls_config_error"


class Defect(SecretSyncError):
    """A fault of ours: report it. The text names the type of the exception and where it happened."""

    code = "defect"


class DeadlineExceeded(SecretSyncError):
    """The caller's time was over before the answers were there; the text says what was waited for."""

    code = "deadline_exceeded"


class ClientClosed(SecretSyncError):
    """The client was closed: before it was asked, or before it had an answer."""

    code = "client_closed"


class EngineStopped(ClientClosed):
    """What did the work has stopped, and nothing will ever happen again; the text says by which fault of ours."""

    code = "engine_stopped"


class TooManyRounds(SecretSyncError):
    """An evaluation asked for something new in every round; the text names the chain."""

    code = "too_many_rounds"


class TargetError(SecretSyncError):
    """The place where a secret should go says no; the target is as it was."""

    code = "target_error"


class TargetConflict(TargetError):
    """The target belongs to somebody else."""

    code = "target_conflict"


class WriterConflict(TargetError):
    """Somebody else keeps undoing what we write to the target; we pause instead of fighting."""

    code = "writer_conflict"


class TargetImmutable(TargetError):
    """The target was made so that its content can never change."""

    code = "target_immutable"


class TargetTypeImmutable(TargetError):
    """The target exists under another type, which cannot be changed."""

    code = "target_type_immutable"


class TargetMoved(TargetError):
    """The target changed between the look and the write."""

    code = "target_moved"


class TargetForbidden(TargetError):
    """We may not read or write the target."""

    code = "target_forbidden"


class TargetNamespaceMissing(TargetError):
    """The target's namespace does not exist."""

    code = "target_namespace_missing"


class TargetInvalid(TargetError):
    """The target does not take this content."""

    code = "target_invalid"


class InvalidKey(TargetInvalid):
    """A key cannot have this name in the target."""

    code = "invalid_key"


class InvalidValue(TargetInvalid):
    """A value cannot stand in the target."""

    code = "invalid_value"


class TargetTooLarge(TargetInvalid):
    """The content is more than the target takes."""

    code = "target_too_large"


class BackendError(SecretSyncError):
    """A store said no, or nothing at all.

    Attributes:
        backend: Where: the base URL without query, or the name of a store.
        operation: What was tried, in the user's words (`list secrets of /app`).
        detail: Why, without values.
        status: The HTTP status, if one came.
        request_id: The server's own name of the request, if it gave one.
    """

    code = "backend_error"

    def __init__(
        self, backend: str, operation: str, detail: str, *, status: int | None = None, request_id: str = ""
    ) -> None:
        super().__init__(backend, operation, detail, status, request_id)
        self.backend = backend
        self.operation = operation
        self.detail = detail
        self.status = status
        self.request_id = request_id

    def __str__(self) -> str:
        facts = [f"HTTP {self.status}"] if self.status is not None else []
        facts += [f"request {self.request_id}"] if self.request_id else []
        return f"{self.operation} at {self.backend}: {self.detail}" + (f" ({', '.join(facts)})" if facts else "")


class Unavailable(BackendError):
    """No connection, no answer in time, or a 5xx: worth another try."""

    code = "unavailable"

    @property
    def nobody_there(self) -> bool:
        """Nobody answered, or a gateway found nobody behind it: whatever else is asked there fails as well.

        A 500 is an answer: maintenance and broken webhooks fail some requests and serve the others.
        """
        return self.status in {None, 502, 503, 504}


class TLSError(Unavailable):
    """The server's certificate does not stand up to the trust that was configured."""

    code = "tls_error"

    @property
    def nobody_there(self) -> bool:
        """Who trusts others may well be served."""
        return False


class RateLimited(BackendError):
    """The server asks for patience.

    Attributes:
        retry_after: Seconds, 0.0 where the server named none.
    """

    code = "rate_limited"

    def __init__(
        self,
        backend: str,
        operation: str,
        detail: str,
        *,
        status: int | None = None,
        request_id: str = "",
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(backend, operation, detail, status=status, request_id=request_id)
        self.retry_after = retry_after


class AuthenticationFailed(BackendError):
    """The credentials are not accepted."""

    code = "authentication_failed"


class Forbidden(BackendError):
    """The identity may not do this."""

    code = "forbidden"


class AddressForbidden(Forbidden):
    """The identity may not be used from where this program runs."""

    code = "address_forbidden"


class ValueHidden(Forbidden):
    """The server listed a secret but masked its value."""

    code = "value_hidden"


class InvalidRequest(BackendError):
    """The server rejects the form of the request."""

    code = "invalid_request"


class WrongEndpoint(BackendError):
    """Something answers, but it is not the API this client speaks."""

    code = "wrong_endpoint"


class ApprovalRequired(BackendError):
    """The change was taken as a request that somebody must approve; nothing is changed yet.

    Attributes:
        approval_id: The server's name of the request, "" if it gave none.
        slug: Its short name, as people see it.
    """

    code = "approval_required"

    def __init__(
        self,
        backend: str,
        operation: str,
        detail: str,
        *,
        status: int | None = None,
        request_id: str = "",
        approval_id: str = "",
        slug: str = "",
    ) -> None:
        super().__init__(backend, operation, detail, status=status, request_id=request_id)
        self.approval_id = approval_id
        self.slug = slug


class LeaseEnded(BackendError):
    """The lease is gone, or as old as it may get: make another one."""

    code = "lease_ended"


class NotFound(BackendError):
    """Proven not to exist."""

    code = "not_found"


class ProjectNotFound(NotFound):
    """There is no such project, or this identity does not see it."""

    code = "project_not_found"


class PathNotFound(NotFound):
    """There is no such folder, or nothing in it."""

    code = "path_not_found"


class EnvironmentNotFound(PathNotFound):
    """There is no such environment."""

    code = "environment_not_found"


class SecretNotFound(NotFound):
    """There is no such secret."""

    code = "secret_not_found"
