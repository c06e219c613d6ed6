"""Changes secrets of a KMS (kms-api §5). Values go in and never come back: what is returned says what was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from attrs import field

from ...classes import frozen
from ...errors import ApprovalRequired, SecretNotFound
from ...http import Body
from ...values import SecretValue
from .decode import Malformed, changed, waiting
from .errors import Missing
from .queries import Place
from .session import Deed, Session
from .urls import segment

Lacking = Literal["failOnNotFound", "upsert", "ignore"]
"""What a change of many does with a secret that is not there."""

_NO_SECRET: Final[Missing] = (SecretNotFound, "secret not found")


@frozen(kw_only=True)
class Edit:
    """What is to become of one secret. None leaves it as it is, which is not the same as empty.

    Attributes:
        key: Its name.
        new_key: Its name from now on.
        tags: By id; all that it is to have.
        metadata: All that it is to have.
        multiline: Whether the server returns an expanded value of several lines as one.
    """

    key: str
    value: SecretValue | None = None
    new_key: str | None = None
    comment: str | None = field(default=None, repr=False)
    tags: Sequence[str] | None = None
    metadata: Mapping[str, str] | None = field(default=None, repr=False)
    multiline: bool | None = None


@frozen
class Written:
    """What a secret is after a change, or was before it was deleted."""

    key: str
    id: str
    version: str
    path: str


@frozen
class Writes:
    """Secrets of one session's KMS. Thread-safe.

    Every method raises, beside what it says: `ApprovalRequired`, when a policy protects the folder and nothing was
    changed; `PathNotFound`, `ProjectNotFound`, `Forbidden`, `AuthenticationFailed`, `RateLimited`, `Unavailable`,
    `WrongEndpoint` as for reads. After `Unavailable` nobody knows whether it was done.
    """

    session: Session

    def create(self, place: Place, edit: Edit) -> Written:
        """Create a secret in a folder that is there.

        Raises:
            InvalidRequest: There is one of that name, or the name or the value is none.
        """
        return self._one("POST", "create", place, edit)

    def update(self, place: Place, edit: Edit) -> Written:
        """Change a secret.

        Raises:
            SecretNotFound: There is none of that name.
            InvalidRequest: Its new name is taken.
        """
        return self._one("PATCH", "change", place, edit)

    def delete(self, place: Place, key: str) -> Written:
        """Delete a secret.

        Raises:
            SecretNotFound: There is none of that name.
        """
        return self._one("DELETE", "delete", place, Edit(key=key))

    def create_many(self, place: Place, edits: Sequence[Edit]) -> tuple[Written, ...]:
        """Create all of these or none."""
        return self._many("POST", "create", place, edits)

    def update_many(
        self, place: Place, edits: Sequence[Edit], *, lacking: Lacking = "failOnNotFound"
    ) -> tuple[Written, ...]:
        """Change all of these or none.

        Raises:
            SecretNotFound: One is not there, with `failOnNotFound`.
        """
        return self._many("PATCH", "change", place, edits, mode=lacking)

    def delete_many(self, place: Place, keys: Sequence[str]) -> tuple[Written, ...]:
        """Delete all of these or none.

        Raises:
            SecretNotFound: One is not there.
        """
        return self._many("DELETE", "delete", place, [Edit(key=key) for key in keys])

    # -- requests

    def _one(self, method: str, verb: str, place: Place, edit: Edit) -> Written:
        name, fields = segment(edit.key), {**_fields(edit), "type": "shared"}
        ways = (
            (f"/v4/secrets/{name}", {**_v4(place), **fields}),
            (f"/v3/secrets/raw/{name}", {**_v3(place), **fields}),
        )
        deed = Deed(method, ways, f"{verb} secret {edit.key} of {place}", missing=_NO_SECRET)
        return self._written(deed, place, many=False)[0]

    def _many(self, method: str, verb: str, place: Place, edits: Sequence[Edit], **more: str) -> tuple[Written, ...]:
        secrets = [{**_fields(edit), "secretKey": edit.key, "type": "shared"} for edit in edits]
        ways = (
            ("/v4/secrets/batch", {**_v4(place), "secrets": secrets, **more}),
            ("/v3/secrets/batch/raw", {**_v3(place), "secrets": secrets, **more}),
        )
        deed = Deed(method, ways, f"{verb} {len(edits)} secrets of {place}", missing=_NO_SECRET)
        return self._written(deed, place, many=True)

    def _written(self, deed: Deed, place: Place, *, many: bool) -> tuple[Written, ...]:
        answer = self.session.do(deed)
        if (approval := waiting(answer)) is not None:
            detail = "not changed: somebody must approve it first"
            raise ApprovalRequired(
                self.session.host,
                deed.operation,
                detail,
                approval_id=approval.get("id", ""),
                slug=approval.get("slug", ""),
            )
        try:
            rows = changed(answer, many=many)
        except Malformed as problem:
            raise self.session.strange(deed, problem) from None
        return tuple(Written(row.key, row.id, row.version, row.path or place.path) for row in rows)


def _v4(place: Place) -> dict[str, Any]:
    return {"projectId": place.project, "environment": place.environment, "secretPath": place.path}


def _v3(place: Place) -> dict[str, Any]:
    return {"workspaceId": place.project, "environment": place.environment, "secretPath": place.path}


def _fields(edit: Edit) -> Body:
    metadata = edit.metadata
    given: dict[str, Any] = {
        "secretValue": edit.value,
        "newSecretName": edit.new_key,
        "secretComment": edit.comment,
        "tagIds": None if edit.tags is None else list(edit.tags),
        "secretMetadata": None if metadata is None else [{"key": k, "value": v} for k, v in metadata.items()],
        "skipMultilineEncoding": edit.multiline,
    }
    return {name: value for name, value in given.items() if value is not None}
