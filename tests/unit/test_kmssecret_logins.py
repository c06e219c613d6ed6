"""Which login a manifest names, and what is wrong with it (kmssecret §2.1)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from secretsync.auth.aws import AwsIamAuth
from secretsync.auth.azure import AzureAuth
from secretsync.auth.gcp import GcpIamAuth, GcpIdTokenAuth
from secretsync.auth.kubernetes import KubernetesAuth, ServiceAccountRef
from secretsync.auth.ldap import LdapAuth
from secretsync.auth.universal import METHOD
from secretsync.cache.store import Store
from secretsync.errors import CredentialsNotFound, InvalidSpec
from secretsync.queries import Found
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Subject
from secretsync.values import SecretValue
from secretsync_k8s.cluster.accounts import ClusterAccount, credentials
from secretsync_k8s.cluster.grants import Grant
from secretsync_k8s.cluster.secrets import ClusterSecret
from secretsync_k8s.kinds.kmssecret.guard import CrossNamespace, NamespaceGuard
from secretsync_k8s.kinds.kmssecret.logins import SERVICE_TOKEN, strategy
from secretsync_k8s.kinds.kmssecret.spec import decode
from secretsync_k8s.testing import MemoryCluster
from secretsync_k8s.testing.direct import DirectTransport
from stand import kmssecret
from worlds import DIGEST

SCOPE = {"projectSlug": "shop", "envSlug": "prod", "secretsPath": "/app"}
REF = {"secretName": "s", "secretNamespace": "shop"}
ACCOUNT = {"name": "web", "namespace": "shop"}
SECRET = ClusterSecret("shop", "s")


def manifest(**methods: Any) -> dict[str, Any]:
    obj = kmssecret("app", "http://kms.test")
    obj["metadata"] |= {"uid": "u", "generation": 1}
    obj["spec"]["authentication"] = methods
    return obj


def problems(obj: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(InvalidSpec) as caught:
        decode(obj)
    return caught.value.problems


REFERENCE = ServiceAccountRef(name="web", namespace="shop")


@pytest.mark.parametrize(
    ("name", "block", "method", "source"),
    [
        ("universalAuth", {"credentialsRef": REF}, METHOD, SECRET),
        (
            "kubernetesAuth",
            {"identityId": "i", "serviceAccountRef": ACCOUNT, "autoCreateServiceAccountToken": True},
            KubernetesAuth(identity_id="i", service_account_ref=REFERENCE),
            ClusterAccount("shop", "web"),
        ),
        (
            "kubernetesAuth",
            {"identityId": "i", "serviceAccountRef": ACCOUNT, "serviceAccountTokenAudiences": ["kms"]},
            KubernetesAuth(identity_id="i", service_account_ref=REFERENCE, service_account_token_audiences=("kms",)),
            ClusterAccount("shop", "web", kept=True),
        ),
        ("awsIamAuth", {"identityId": "i"}, AwsIamAuth(identity_id="i"), None),
        ("azureAuth", {"identityId": "i"}, AzureAuth(identity_id="i"), None),
        (
            "azureAuth",
            {"identityId": "i", "resource": "api://x", "azureManagedIdentityClientId": "c"},
            AzureAuth(identity_id="i", resource="api://x", azure_managed_identity_client_id="c"),
            None,
        ),
        ("gcpIdTokenAuth", {"identityId": "i"}, GcpIdTokenAuth(identity_id="i"), None),
        (
            "gcpIamAuth",
            {"identityId": "i", "serviceAccountKeyFilePath": "/k"},
            GcpIamAuth(identity_id="i", service_account_key_file_path="/k"),
            None,
        ),
        ("ldapAuth", {"identityId": "i", "credentialsRef": REF}, LdapAuth(identity_id="i"), SECRET),
    ],
)
def test_each_block_is_a_method_and_where_its_credentials_stand(
    name: str, block: dict[str, Any], method: object, source: object
) -> None:
    spec = decode(manifest(**{name: {**block, "secretsScope": SCOPE}}))
    assert (spec.method, spec.credentials) == (method, source)
    assert spec.scope.path == "/app"


def test_a_service_token_names_no_project() -> None:
    block = {"serviceTokenSecretReference": REF, "secretsScope": {"envSlug": "prod", "secretsPath": "/"}}
    spec = decode(manifest(serviceToken=block))
    assert (spec.method, spec.credentials, spec.scope.project_slug, spec.scope.project_id) == (
        SERVICE_TOKEN,
        SECRET,
        "",
        "",
    )


def test_its_older_reference_counts_where_there_is_no_other() -> None:
    obj = manifest(serviceToken={"secretsScope": {"envSlug": "prod", "secretsPath": "/"}})
    obj["spec"]["tokenSecretReference"] = REF
    assert decode(obj).credentials == SECRET
    assert strategy(obj["spec"]) == "SERVICE_TOKEN"
    obj["spec"]["authentication"] = {}
    assert problems(obj)[0].startswith("spec.authentication.serviceToken.secretsScope.envSlug is missing")
    obj["spec"]["authentication"] = {"ldapAuth": {"identityId": "i"}}
    (several,) = (one for one in problems(obj) if "names several methods" in one)
    assert several == (
        "spec.authentication names several methods (authentication.ldapAuth, tokenSecretReference); keep one"
    )


@pytest.mark.parametrize(
    ("methods", "told"),
    [
        ({}, {"spec.authentication names no method; add universalAuth, or another one"}),
        (
            {"serviceAccount": {"projectId": "p"}},
            {"spec.authentication.serviceAccount is not supported, as no server offers it any more; use universalAuth"},
        ),
        ({"awsIamAuth": {"secretsScope": SCOPE}}, {"spec.authentication.awsIamAuth.identityId is missing; write the identity's id in the KMS"}),
        (
            {"kubernetesAuth": {"identityId": "i", "secretsScope": SCOPE}},
            {
                "spec.authentication.kubernetesAuth.serviceAccountRef.namespace is missing; name the service account that logs in",
                "spec.authentication.kubernetesAuth.serviceAccountRef.name is missing; name the service account that logs in",
            },
        ),
        (
            {"gcpIamAuth": {"identityId": "i", "secretsScope": SCOPE}},
            {"spec.authentication.gcpIamAuth.serviceAccountKeyFilePath is missing; name the file of the key, as the operator's own pod sees it"},
        ),
    ],
    ids=lambda value: next(iter(value), "none") if isinstance(value, dict) else "",
)  # fmt: skip
def test_what_is_missing_is_told(methods: dict[str, Any], told: set[str]) -> None:
    assert set(problems(manifest(**methods))) == told


@pytest.mark.row("kmssecret-12")
def test_a_block_with_nothing_but_switches_that_are_off_is_none() -> None:
    scope = {"projectSlug": "", "envSlug": "", "secretsPath": "", "recursive": False}
    empty = {
        "identityId": "",
        "autoCreateServiceAccountToken": False,
        "secretsScope": scope,
        "serviceAccountRef": {"name": ""},
    }
    plain = manifest(universalAuth={"credentialsRef": REF, "secretsScope": SCOPE})
    beside = manifest(universalAuth={"credentialsRef": REF, "secretsScope": SCOPE}, kubernetesAuth=empty)
    assert decode(beside) == decode(plain)
    assert strategy(beside["spec"]) == "UNIVERSAL_MACHINE_IDENTITY"


@pytest.fixture
def cluster() -> MemoryCluster:
    made = MemoryCluster()
    made.create("namespaces", {"metadata": {"name": "shop"}})
    return made


def account(cluster: MemoryCluster, *names: str) -> None:
    made = {"metadata": {"name": "web"}, "secrets": [{"name": name} for name in names]}
    cluster.create("serviceaccounts", made, namespace="shop")


def token(cluster: MemoryCluster, *, of: str = "web", type_: str = "kubernetes.io/service-account-token") -> None:
    metadata = {"name": "web-token", "annotations": {"kubernetes.io/service-account.name": of}}
    data = {"token": b64encode(b"kept").decode()}
    cluster.create("secrets", {"metadata": metadata, "type": type_, "data": data}, namespace="shop")


def kept(cluster: MemoryCluster, **asked: Any) -> object:
    query = ClusterAccount("shop", "web", **{"kept": True, **asked})
    answer = credentials(DirectTransport(cluster), query, timeout=5.0)
    assert isinstance(answer, Found)
    return answer.value


def test_the_token_that_an_account_keeps(cluster: MemoryCluster) -> None:
    account(cluster, "web-token", "other")
    token(cluster)
    assert kept(cluster) == {"jwt": SecretValue("kept")}
    cluster.requests.clear()
    assert kept(cluster, kept=False) == {}
    assert not cluster.requests, "one that is made at each login needs no look"


@pytest.mark.parametrize("case", ["names none", "names one that is gone", "of another account", "of another type"])
def test_where_an_account_keeps_none_one_is_made(cluster: MemoryCluster, case: str) -> None:
    account(cluster, *([] if case == "names none" else ["web-token"]))
    match case:
        case "of another account":
            token(cluster, of="admin")
        case "of another type":
            token(cluster, type_="Opaque")
    assert kept(cluster) == {}


@pytest.mark.row("kmssecret-64")
@pytest.mark.parametrize("policy", [CrossNamespace.DENY, CrossNamespace.ANNOTATED])
def test_an_account_of_another_namespace_takes_a_grant(policy: CrossNamespace) -> None:
    store = Store(DIGEST)
    ask = Ask(store, now=0.0, since=0.0, max_age=60.0, permit=lambda what, ask: None)
    store.learn(Grant("infra"), Found(""), at=0.0)
    guard, asking = NamespaceGuard(policy), Subject("KMSSecret shop/app", "cluster", lambda ask: (), b"", 60.0)
    guard(asking, ClusterAccount("shop", "web"), ask)
    with pytest.raises(CredentialsNotFound, match="service account infra/web"):
        guard(asking, ClusterAccount("infra", "web"), ask)
