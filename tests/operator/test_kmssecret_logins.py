"""Each way in which an object may log in, from its manifest to its Secret, and how its failure is told (kmssecret §2.1)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

from canaries import CORE, canary
from loopback import Asked, Reply, serving
from secretsync.devserver import DevServer, parse_seed
from stand import NAMESPACE, OPERATOR_NAMESPACE, PROJECT, Stand, kmssecret

PASSWORD, KEPT = canary("password"), canary("kept-token")
SERVICE = f"st.abc.{CORE}0123"
ACCOUNTS = "system:serviceaccount:"
SCOPE = {"projectSlug": PROJECT.slug, "envSlug": "prod", "secretsPath": "/app"}
ACCOUNT = {"serviceAccountRef": {"name": "web", "namespace": NAMESPACE}, "secretsScope": SCOPE}
LDAP = {"credentialsRef": {"secretName": "directory", "secretNamespace": NAMESPACE}, "secretsScope": SCOPE}
SERVICE_SCOPE = {"envSlug": "prod", "secretsPath": "/app"}
SERVICE_SECRET = {"secretName": "service", "secretNamespace": NAMESPACE}


def seed(reviewer: str = "") -> str:
    """Return one project, and an identity for each method."""
    grant = {"project": PROJECT.slug}
    methods = {
        "k": {"kubernetes": {"tokenReview": {"url": reviewer}, "allowedAudience": "kms", "allowedNames": "web"}},
        "kept": {"kubernetes": {"tokens": {KEPT: {"namespace": NAMESPACE, "name": "web"}}}},
        "l": {"ldap": {"users": {"ada": PASSWORD}}},
        "a": {"aws": {"allowedPrincipals": "arn:aws:iam::*:role/web"}},
        "z": {"azure": {"tenantId": "t", "resource": "api://kms"}},
        "g": {"gcp": {"allowedProjects": "dev"}},
        "key": {"gcp": {"type": "iam"}},
    }
    arn = "arn:aws:sts::123456789012:assumed-role/web/i-1"
    principal = {
        "accessKeyId": "AKIA1",
        "secretAccessKey": canary("aws"),
        "sessionToken": canary("session"),
        "arn": arn,
    }
    return json.dumps(
        {
            "projects": [{"id": PROJECT.id, "slug": PROJECT.slug, "environments": ["prod"]}],
            "identities": [{"id": name, "grants": [grant], **method} for name, method in methods.items()],
            "serviceTokens": [{"token": SERVICE, "project": PROJECT.id, "scopes": [{"environment": "prod"}]}],
            "secrets": {PROJECT.slug: {"prod": {"/app": {"A": canary("value")}}}},
            "clouds": {
                "aws": {"principals": [principal]},
                "azure": {"tenantId": "t", "servicePrincipal": "sp"},
                "gcp": {"serviceAccount": "web@dev.iam.gserviceaccount.com"},
            },
        },
        ensure_ascii=False,
    )


def review(asked: Asked) -> Reply:
    """Answer as a cluster that made the token: what `MemoryCluster` gives has the form of a JWT."""
    token = json.loads(asked.body)["spec"]["token"]
    part = token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    status = {"authenticated": True, "user": {"username": claims["sub"]}, "audiences": claims["aud"]}
    return Reply.of({"status": status})


def login(name: str, url: str, methods: dict[str, object], **spec: object):
    """Return an object that logs in so."""
    obj = kmssecret(name, url)
    obj["spec"] |= {"authentication": methods, **spec}
    return obj


def secret(stand: Stand, name: str, **keys: str) -> None:
    stand.cluster.create("secrets", {"metadata": {"name": name}, "stringData": keys}, namespace=NAMESPACE)


def kept_token(stand: Stand, account: str, *, of: str = "web") -> None:
    """Let an account name a Secret that holds a token, as clusters before 1.24 made them."""
    stand.cluster.create(
        "secrets",
        {
            "metadata": {"name": f"{account}-token", "annotations": {"kubernetes.io/service-account.name": of}},
            "type": "kubernetes.io/service-account-token",
            "stringData": {"token": KEPT},
        },
        namespace=NAMESPACE,
    )
    named = {"metadata": {"name": account}, "secrets": [{"name": f"{account}-token"}]}
    stand.cluster.create("serviceaccounts", named, namespace=NAMESPACE)


METHODS = {
    "kubernetes": (
        {"kubernetesAuth": {"identityId": "k", "autoCreateServiceAccountToken": True, "serviceAccountTokenAudiences": ["kms"], **ACCOUNT}},
        "KUBERNETES_AUTH_MACHINE_IDENTITY",
    ),
    "ldap": ({"ldapAuth": {"identityId": "l", **LDAP}}, "LDAP_MACHINE_IDENTITY"),
    "aws": ({"awsIamAuth": {"identityId": "a", "secretsScope": SCOPE}}, "AWS_IAM_MACHINE_IDENTITY"),
    "azure": ({"azureAuth": {"identityId": "z", "resource": "api://kms", "secretsScope": SCOPE}}, "AZURE_MACHINE_IDENTITY"),
    "gcp": ({"gcpIdTokenAuth": {"identityId": "g", "secretsScope": SCOPE}}, "GCP_ID_TOKEN_MACHINE_IDENTITY"),
    "service": (
        {"serviceToken": {"serviceTokenSecretReference": SERVICE_SECRET, "secretsScope": SERVICE_SCOPE}},
        "SERVICE_TOKEN",
    ),
}  # fmt: skip


def prepared(stand: Stand, kms: DevServer) -> Path:
    """Put what the methods need into the cluster; return the file of Google's key."""
    stand.cluster.create("serviceaccounts", {"metadata": {"name": "web"}}, namespace=NAMESPACE)
    secret(stand, "directory", username="ada", password=PASSWORD)
    secret(stand, "service", kmsToken=f"{SERVICE[:4]} {SERVICE[4:]}.key")
    file = stand.directory / "google.json"
    file.write_text(kms.google_key_file(), "utf-8")
    return file


def test_every_method_leads_to_the_secrets_and_is_named_as_the_original_names_it(stand):
    with serving(review) as reviewer:
        kms = stand.server(parse_seed(seed(reviewer.url)))
        key = prepared(stand, kms)
        stand.operator(**kms.clouds_environment, AWS_REGION="eu-west-1")
        iam = {"gcpIamAuth": {"identityId": "key", "serviceAccountKeyFilePath": str(key), "secretsScope": SCOPE}}
        methods = METHODS | {"iam": (iam, "GCP_IAM_MACHINE_IDENTITY")}
        stand.apply(*(login(name, kms.url, blocks) for name, (blocks, _) in methods.items()))
        stand.until_ready(*methods)
        for name, (_, strategy) in methods.items():
            assert stand.data(name)
            assert stand.condition(name, "LoadedKMSToken")["message"] == f"authenticated by {strategy}"


def test_a_service_token_may_stand_where_it_stood_first(stand):
    kms = stand.server(parse_seed(seed()))
    prepared(stand, kms)
    stand.operator()
    block = {"serviceTokenSecretReference": dict.fromkeys(SERVICE_SECRET, ""), "secretsScope": SERVICE_SCOPE}
    stand.apply(login("old", kms.url, {"serviceToken": block}, tokenSecretReference=SERVICE_SECRET))
    stand.until_ready("old")


@pytest.mark.row("kmssecret-60")
def test_a_login_takes_a_new_token_of_the_account_each_time(stand):
    with serving(review) as reviewer:
        kms = stand.server(parse_seed(seed(reviewer.url)))
        prepared(stand, kms)
        stand.grant("rbac-kubernetes-auth")
        operator = stand.operator()
        stand.apply(login("app", kms.url, METHODS["kubernetes"][0]))
        stand.until_ready("app")
        kms.clock.advance(30 * 24 * 3600)  # past every maximum
        text = canary("later")
        kms.model.put(PROJECT.slug, "prod", "/app", {"A": text})
        stand.until("secrets", lambda: stand.data("app") == {"A": text})
        assert operator.metric('secretsync_logins_total{result="success"}') == 2.0
        tokens = {asked.json["spec"]["token"] for asked in reviewer.asked}
    assert len(tokens) == 2
    told = "\n".join(text for _, text in stand.told())
    assert not [token for token in tokens if token.rpartition(".")[0] in told], "no token of an account shows"


def test_the_token_that_an_account_has_is_used_where_there_is_one(stand):
    kms = stand.server(parse_seed(seed()))
    kept_token(stand, "web")
    kept_token(stand, "other")  # names a Secret with the token of another account
    stand.operator()
    stand.apply(login("app", kms.url, {"kubernetesAuth": {"identityId": "kept", **ACCOUNT}}))
    other = {**ACCOUNT, "serviceAccountRef": {"name": "other", "namespace": NAMESPACE}}
    stand.apply(login("other", kms.url, {"kubernetesAuth": {"identityId": "kept", **other}}))
    stand.until_ready("app")
    stand.until_reason("other", "AuthenticationFailed")


def test_what_is_not_there_is_told_and_what_comes_is_used(stand):
    with serving(review) as reviewer:
        kms = stand.server(parse_seed(seed(reviewer.url)))
        stand.operator()
        stand.apply(*(login(name, kms.url, METHODS[name][0]) for name in ("kubernetes", "ldap", "service")))
        told = {
            name: stand.until_reason(name, "CredentialsNotFound")["message"]
            for name in ("kubernetes", "ldap", "service")
        }
        assert "there is no service account shop/web" in told["kubernetes"]
        assert "Secret shop/directory does not exist" in told["ldap"]
        assert "Secret shop/service does not exist" in told["service"]
        assert stand.condition("ldap", "LoadedKMSToken")["status"] == "False"
        prepared(stand, kms)
        stand.until_ready("ldap", "service")


def test_a_refused_login_is_told_in_the_originals_words(stand):
    kms = stand.server(parse_seed(seed()))
    secret(stand, "directory", username="ada", password="wrong")
    stand.operator()
    stand.apply(login("ldap", kms.url, METHODS["ldap"][0]))
    assert "authentication failed" in stand.until_reason("ldap", "AuthenticationFailed")["message"]
    for type_, reason in (
        ("LoadedKMSToken", "Error"),
        ("ReadyToSyncSecrets", "Error"),
        ("AutoRedeployReady", "Stopped"),
    ):
        assert stand.condition("ldap", type_)["reason"] == reason


@pytest.mark.parametrize("policy", ["Deny", "Annotated"])
def test_an_account_of_another_namespace_takes_its_permission(stand, policy):
    kms = stand.server(parse_seed(seed()))
    stand.cluster.create("serviceaccounts", {"metadata": {"name": "web"}}, namespace=OPERATOR_NAMESPACE)
    stand.operator(f"--cross-namespace={policy}")
    foreign = {**METHODS["kubernetes"][0]["kubernetesAuth"], "serviceAccountRef": {"name": "web", "namespace": OPERATOR_NAMESPACE}}  # fmt: skip
    stand.apply(login("app", kms.url, {"kubernetesAuth": foreign}))
    stand.until_reason("app", "CredentialsNotFound")
    assert not [one for one in stand.writes("serviceaccounts") if one.subresource == "token"]
    assert not kms.asked("login")
