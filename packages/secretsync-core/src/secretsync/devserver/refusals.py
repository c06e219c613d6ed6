"""How the KMS says no: the shapes and texts of kms-api §8 that clients decide by."""

from __future__ import annotations

from ..classes import frozen
from ..errors import SecretSyncError


class Refusal(SecretSyncError):
    """A refused request.

    Attributes:
        status: The HTTP status.
        error: The closed word beside it.
        message: One text, or the issues of a request that has the wrong form.
        details: What was denied, with 403 only.
    """

    code = "refused"

    def __init__(
        self, status: int, error: str, message: str | tuple[Issue, ...], *, details: tuple[str, ...] = ()
    ) -> None:
        super().__init__(status, error, message)
        self.status = status
        self.error = error
        self.message = message
        self.details = details

    def __str__(self) -> str:
        text = self.message if isinstance(self.message, str) else "; ".join(issue.message for issue in self.message)
        return f"{self.status} {self.error}: {text}"


@frozen
class Issue:
    """One parameter or field of the wrong form."""

    path: str
    message: str
    code: str = "invalid_type"


def bad_request(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)


def invalid(*issues: Issue) -> Refusal:
    return Refusal(422, "ValidationFailure", issues)


def unauthorized(message: str) -> Refusal:
    return Refusal(401, "UnauthorizedError", message)


def untrusted_address() -> Refusal:
    return Refusal(403, "ForbiddenError", "This resource may not be used from your IP address")


def token_error() -> Refusal:
    return Refusal(403, "TokenError", "Your token has expired or is not one of this server's. Log in again.")


def invalid_token(why: str) -> Refusal:
    """A proof that the JWT library of the server does not take."""
    return Refusal(403, "TokenError", why)


def broken(why: str) -> Refusal:
    """What the server says when another one refuses it: its own fault, by the looks of it."""
    return Refusal(500, "InternalServerError", why)


def no_method(identity: str, method: str) -> Refusal:
    return Refusal(404, "NotFound", f"Failed to find {method} for identity with ID {identity}")


def not_a_member() -> Refusal:
    return Refusal(403, "PermissionDenied", "You are not a member of this project")


def forbidden(*denied: str) -> Refusal:
    return Refusal(403, "PermissionDenied", "You are not allowed to read this", details=denied)


def forbidden_read(name: str) -> Refusal:
    return Refusal(403, "ForbiddenReadSecretError", f"You are not allowed to read the secret with name '{name}'")


def no_project(*, id: str = "", slug: str = "") -> Refusal:  # noqa: A002 - the name of the field it is about
    named = f"ID '{id}'" if id else f"slug '{slug}'"
    return Refusal(404, "NotFound", f"Project with {named} not found")


def no_organization(slug: str) -> Refusal:
    return Refusal(404, "NotFound", f"Sub organization with slug {slug} not found")


def no_environment(slug: str) -> Refusal:
    return Refusal(404, "NotFound", f"Environment with slug '{slug}' not found")


def no_folder(path: str, environment: str) -> Refusal:
    text = f"Folder with path '{path}' in environment with slug '{environment}' not found"
    return Refusal(404, "SecretPathNotFound", text)


def no_secret(name: str) -> Refusal:
    return Refusal(404, "GetSecretByName", f"Secret with name '{name}' not found")


def no_secret_id(secret_id: str) -> Refusal:
    return Refusal(404, "NotFound", f"Secret with ID '{secret_id}' not found")


def no_version(name: str, version: int) -> Refusal:
    return Refusal(404, "GetSecretByName", f"Secret with name '{name}' has no version {version}")


def no_folder_id(folder_id: str) -> Refusal:
    return Refusal(404, "NotFound", f"Folder with ID '{folder_id}' not found")


def no_import(import_id: str) -> Refusal:
    return Refusal(404, "NotFound", f"Secret import with ID '{import_id}' not found")


def forbidden_write(*denied: str) -> Refusal:
    return Refusal(403, "PermissionDenied", "You are not allowed to change this", details=denied)


def forbidden_lease(*denied: str) -> Refusal:
    return Refusal(403, "PermissionDenied", "You are not allowed to lease this", details=denied)


def no_dynamic_secret(name: str, path: str) -> Refusal:
    return Refusal(404, "NotFound", f"Dynamic secret with name '{name}' in folder '{path}' not found")


def no_lease(lease_id: str) -> Refusal:
    return Refusal(404, "NotFound", f"Dynamic secret lease with ID '{lease_id}' not found")
