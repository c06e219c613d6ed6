"""Kubernetes auth: service accounts by a table, or as a cluster's TokenReview knows them."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from ...values import SecretValue
from ..methods import Kubernetes, ServiceAccount, TokenReview
from ..refusals import Issue, Refusal, bad_request, invalid, unauthorized
from .globs import allows
from .means import Means, Sent

_LARGEST: Final = 8192
_SECONDS: Final = 10
_ACCOUNT: Final = "system:serviceaccount:"
_REVIEWS: Final = "/apis/authentication.k8s.io/v1/tokenreviews"


def check(settings: Kubernetes, sent: Sent, _: Means) -> None:
    """Refuse what is not the token of an allowed service account."""
    if len(sent["jwt"]) > _LARGEST:
        raise invalid(Issue("jwt", f"String must contain at most {_LARGEST} character(s)", "too_big"))
    account = _account(settings, SecretValue(sent["jwt"]))
    if not allows(settings.allowed_namespaces, account.namespace):
        raise unauthorized("Access denied: K8s namespace not allowed.")
    if not allows(settings.allowed_names, account.name):
        raise unauthorized("Access denied: K8s name not allowed.")
    if settings.allowed_audience and settings.allowed_audience not in account.audiences:
        raise unauthorized("Access denied: K8s audience not allowed.")


def _account(settings: Kubernetes, jwt: SecretValue) -> ServiceAccount:
    if settings.token_review is not None:
        return _reviewed(settings.token_review, jwt, settings.allowed_audience)
    account = settings.tokens.get(jwt)
    if account is None:
        raise _unauthenticated()
    return account


def _reviewed(review: TokenReview, jwt: SecretValue, audience: str) -> ServiceAccount:
    """Return whose token it is, by the cluster's word."""
    spec: dict[str, object] = {"token": jwt.text(), **({"audiences": [audience]} if audience else {})}
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
    status = _asked(review, (review.reviewer or jwt).text(), json.dumps(body)).get("status")
    if not isinstance(status, dict) or not status.get("authenticated"):
        raise _unauthenticated()
    name = status.get("user", {}).get("username", "")
    if not name.startswith(_ACCOUNT):
        raise unauthorized("Access denied: the token is not that of a service account.")
    namespace, _, account = name.removeprefix(_ACCOUNT).partition(":")
    return ServiceAccount(namespace, account, tuple(status.get("audiences", ())))


def _asked(review: TokenReview, bearer: str, body: str) -> dict[str, object]:
    url = urlsplit(review.url)
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = kind(url.netloc, timeout=_SECONDS)
    try:
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        connection.request("POST", url.path.rstrip("/") + _REVIEWS, body, headers)
        answer = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError):
        answer = None
    finally:
        connection.close()
    if not isinstance(answer, dict):
        raise bad_request("The cluster's API server cannot be asked for a token review")
    return answer


def _unauthenticated() -> Refusal:
    return Refusal(401, "KubernetesTokenReviewError", "The token is not authenticated by the cluster")
