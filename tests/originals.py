"""Objects and their Secrets as the operators that we replace leave them (kmssecret §1, §3, §4.2, §5).

They differ in what they write beside the values: the names of annotations, the defaults that are stored with an
object, and how much of the status there is.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen

from stand import CREDENTIALS, NAMESPACE, PROJECT

Json = dict[str, Any]

SINCE: Final = "2025-11-02T08:15:00Z"
KINDS: Final = ("LoadedKMSToken", "ReadyToSyncSecrets", "AutoRedeployReady")
G1_VERSION: Final = 'W/"secrets-20-8D8E1BD6"'
"""Of one item, in the first operator's way of printing."""


@frozen
class Left:
    """An object with its status, and the Secret that was made for it."""

    obj: Json
    status: Json
    secret: Json


def first(name: str, host: str, values: Mapping[str, str]) -> Left:
    """What the operator of the seed leaves: its structs have no omitempty, so every block is stored, mostly empty."""
    scope = {"projectSlug": PROJECT.slug, "envSlug": "prod", "secretsPath": "/app", "recursive": False}
    empty = {"projectSlug": "", "envSlug": "", "secretsPath": "", "recursive": False}
    nowhere = {"secretName": "", "secretNamespace": ""}
    authentication = {
        "universalAuth": {"credentialsRef": _credentials(), "secretsScope": scope},
        "kubernetesAuth": {
            "identityId": "",
            "serviceAccountRef": {"name": "", "namespace": ""},
            "secretsScope": empty,
        },
        "awsIamAuth": {"identityId": "", "secretsScope": empty},
        "azureAuth": {"identityId": "", "resource": "", "secretsScope": empty},
        "gcpIdTokenAuth": {"identityId": "", "secretsScope": empty},
        "gcpIamAuth": {"identityId": "", "serviceAccountKeyFilePath": "", "secretsScope": empty},
        "serviceToken": {
            "serviceTokenSecretReference": nowhere,
            "secretsScope": {"envSlug": "", "secretsPath": "", "recursive": False},
        },
        "serviceAccount": {"serviceAccountSecretReference": nowhere, "projectId": "", "environmentName": ""},
    }
    spec = {
        "hostAPI": f"{host}/api",
        "resyncInterval": 60,
        "authentication": authentication,
        "tokenSecretReference": nowhere,
        "managedSecretReference": _target(name),
        "tls": {"caRef": {**nowhere, "key": ""}},
    }
    annotations = {"note": "theirs", "secrets.lux.network/version": G1_VERSION}
    return Left(_object(name, spec), _status(len(values)), _secret(name, values, annotations))


def later(name: str, host: str, values: Mapping[str, str]) -> Left:
    """What its successor leaves, applied anew under our group: intervals as text, and tracked labels."""
    spec = {
        "hostAPI": f"{host}/api",
        "resyncInterval": 60,
        "syncConfig": {"resyncInterval": "5m", "instantUpdates": False},
        "authentication": {"universalAuth": {"credentialsRef": _credentials(), "secretsScope": _scope_by_id()}},
        "managedKubeSecretReferences": [_target(name)],
    }
    tracked = {"kms.hanzo.ai/version": 'W/"secrets-4-C4B1E7F6"', "kms.hanzo.ai/managed-labels": "team"}
    return Left(_object(name, spec), _status(len(values)), _secret(name, values, tracked))


def upstream(name: str, host: str, values: Mapping[str, str]) -> Left:
    """What the operator leaves that both come from, its objects rewritten as ours; these have no status."""
    spec = {
        "hostAPI": host,
        "resyncInterval": 60,
        "authentication": {"universalAuth": {"credentialsRef": _credentials(), "secretsScope": _scope_by_id()}},
        "managedKubeSecretReferences": [_target(name)],
    }
    tracked = {
        "secrets.infisical.com/version": 'W/"secrets-4-C4B1E7F6"',
        "secrets.infisical.com/managed-labels": "team",
    }
    return Left(_object(name, spec), {}, _secret(name, values, tracked))


GENERATIONS: Final[Mapping[str, Callable[[str, str, Mapping[str, str]], Left]]] = {
    "first": first,
    "later": later,
    "upstream": upstream,
}


def _credentials() -> Json:
    return {"secretName": CREDENTIALS, "secretNamespace": NAMESPACE}


def _scope_by_id() -> Json:
    return {"projectId": PROJECT.id, "envSlug": "prod", "secretsPath": "/app", "recursive": False}


def _target(name: str) -> Json:
    return {"secretName": name, "secretNamespace": NAMESPACE, "secretType": "Opaque", "creationPolicy": "Orphan"}


def _object(name: str, spec: Json) -> Json:
    return {
        "apiVersion": "secrets.lux.network/v1alpha1",
        "kind": "KMSSecret",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"team": "shop"}},
        "spec": spec,
    }


def _secret(name: str, values: Mapping[str, str], annotations: Mapping[str, str]) -> Json:
    return {
        "metadata": {"name": name, "labels": {"team": "shop"}, "annotations": dict(annotations)},
        "type": "Opaque",
        "data": {key: b64encode(text.encode()).decode() for key, text in values.items()},
    }


def _status(count: int) -> Json:
    said = ("authenticated with UNIVERSAL_MACHINE_IDENTITY", f"synced {count} secrets", "0 deployments to restart")
    return {
        "conditions": [
            {
                "type": f"secrets.lux.network/{kind}",
                "status": "True",
                "reason": "OK",
                "message": message,
                "lastTransitionTime": SINCE,
            }
            for kind, message in zip(KINDS, said, strict=True)
        ]
    }
