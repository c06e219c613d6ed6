"""The JSON of the API: every field that official clients decode (kms-api §3, §4.2, §8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from .dynamic import DynamicSecret, Lease
from .faults import MASK
from .folders import Imported, Shelf
from .reading import Block, Listing, Row
from .refusals import Issue, Refusal
from .seed import Project, ServiceToken, Tag
from .tokens import Login
from .tree import Metadatum
from .writing import Approval

Json = Mapping[str, object]


def login(made: Login) -> Json:
    return {
        "accessToken": made.token.text(),
        "expiresIn": made.expires_in,
        "accessTokenMaxTTL": made.max_ttl,
        "tokenType": "Bearer",
    }


def service_token(one: ServiceToken, project: str, *, created: datetime) -> Json:
    """Return what a service token may; the fields of its encryption are those of elder clients, and empty."""
    return {
        "_id": one.name,
        "name": one.name,
        "workspace": project,
        "scopes": [{"environment": scope.environment, "secretPath": scope.secret_path} for scope in one.scopes],
        "expiresAt": None,
        "createdAt": timestamp(created),
        "updatedAt": timestamp(created),
        "encryptedKey": "",
        "iv": "",
        "tag": "",
    }


def project(one: Project, *, organization: str, created: datetime) -> Json:
    return {
        "id": one.id,
        "_id": one.id,
        "name": one.slug,
        "slug": one.slug,
        "description": None,
        "type": "secret-manager",
        "orgId": organization,
        "version": 3,
        "autoCapitalization": False,
        "createdAt": timestamp(created),
        "updatedAt": timestamp(created),
        "environments": [environment(one.id, slug) for slug in one.environments],
    }


def listing(found: Listing, project_id: str) -> Json:
    return {
        "secrets": [own_row(row, project_id) for row in found.rows],
        "imports": [_block(block, project_id) for block in found.blocks],
    }


def own_row(row: Row, project_id: str) -> Json:
    content = row.secret.content
    return {
        **_row(row, project_id),
        "secretPath": row.at.path,
        "skipMultilineEncoding": content.multiline,
        "secretReminderNote": content.reminder_note,
        "secretReminderRepeatDays": content.reminder_days,
        "tags": [_tag(tag) for tag in content.tags],
        "secretMetadata": [_metadatum(one) for one in content.metadata],
        "isRotatedSecret": False,
        "rotationId": None,
        "actor": None,
        "createdAt": timestamp(row.secret.created_at),
        "updatedAt": timestamp(row.secret.updated_at),
    }


def approval(made: Approval) -> Json:
    """Return what stands for a change that somebody must approve first; the status is 200 all the same."""
    return {"approval": {"id": made.id, "slug": made.slug, "status": "open", "hasMerged": False}}


def folder(shelf: Shelf) -> Json:
    stored = shelf.folder
    return {
        "id": stored.id,
        "name": shelf.name,
        "envId": environment_id(shelf.at.project, shelf.at.environment),
        "parentId": shelf.parent,
        "version": stored.version,
        "isReserved": False,
        "description": stored.description,
        "lastSecretModified": timestamp(stored.updated_at),
        "createdAt": timestamp(stored.created_at),
        "updatedAt": timestamp(stored.updated_at),
    }


def folder_import(one: Imported) -> Json:
    return {
        "id": one.id,
        "version": 1,
        "importPath": one.source.path,
        "importEnv": environment(one.at.project, one.source.environment),
        "position": one.position,
        "secretPath": one.at.path,
        "isReplication": False,
        "isReserved": False,
    }


def dynamic_secret(one: DynamicSecret) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "version": one.version,
        "type": one.type,
        "defaultTTL": one.default_ttl,
        "maxTTL": one.max_ttl,
        "folderId": one.folder_id,
        "status": None,
        "statusDetails": None,
        "usernameTemplate": one.username_template,
        "metadata": [dict(item) for item in one.metadata],
        "createdAt": timestamp(one.created_at),
        "updatedAt": timestamp(one.updated_at),
    }


def lease(one: Lease) -> Json:
    return {
        "id": one.id,
        "version": one.version,
        "dynamicSecretId": one.of,
        "externalEntityId": one.entity,
        "expireAt": timestamp(one.expires_at),
        "status": one.status,
        "statusDetails": one.status_details,
        "config": None,
        "createdAt": timestamp(one.created_at),
        "updatedAt": timestamp(one.updated_at),
    }


def environment(project_id: str, slug: str) -> Json:
    return {"id": environment_id(project_id, slug), "name": slug, "slug": slug}


def environment_id(project_id: str, slug: str) -> str:
    return f"{project_id}-{slug}"


def refusal(refused: Refusal, request_id: str) -> Json:
    message = refused.message if isinstance(refused.message, str) else [_issue(issue) for issue in refused.message]
    body = {"reqId": request_id, "statusCode": refused.status, "message": message, "error": refused.error}
    return {**body, "details": list(refused.details)} if refused.status == 403 else body  # noqa: PLR2004 - as in §8


def unknown_route(method: str, path: str) -> Json:
    """Return the framework's own 404, which has no request id."""
    return {"message": f"Route {method}:{path} not found", "error": "Not Found", "statusCode": 404}


def timestamp(moment: datetime) -> str:
    """Return RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _tag(tag: Tag) -> Json:
    return {"id": tag.id, "slug": tag.slug, "name": tag.slug, "color": tag.color}


def _metadatum(one: Metadatum) -> Json:
    return {"key": one.key, "value": one.value, "isEncrypted": one.encrypted}


def _block(block: Block, project_id: str) -> Json:
    return {
        "secretPath": block.at.path,
        "environment": block.at.environment,
        "folderId": block.folder_id,
        "secrets": [_row(row, project_id) for row in block.rows],
    }


def _row(row: Row, project_id: str) -> Json:
    return {
        "id": row.secret.id,
        "_id": row.secret.id,
        "workspace": project_id,
        "environment": row.at.environment,
        "version": row.secret.version,
        "type": "shared",
        "secretKey": row.secret.key,
        "secretValue": MASK if row.hidden else row.text,
        "secretComment": row.secret.content.comment,
        "secretValueHidden": row.hidden,
    }


def _issue(issue: Issue) -> Json:
    return {"code": issue.code, "path": issue.path.split("."), "message": issue.message}
