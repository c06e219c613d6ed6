"""Logins of programs on AWS, Azure, Google's and Oracle's clouds, over HTTP against the development KMS (kms-api §2.3)."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping

import pytest
from attrs import evolve

from logins import CLOCK, Login, is_of, refused
from loopback import Asked, Reply, serving
from proofs import FakeProofs
from secretsync.auth.aws import AwsIamAuth
from secretsync.auth.azure import AzureAuth
from secretsync.auth.gcp import GcpIamAuth, GcpIdTokenAuth
from secretsync.auth.method import Method
from secretsync.auth.oci import OciAuth
from secretsync.devserver import DevServer, parse_seed
from secretsync.devserver.authority import Authority
from secretsync.errors import AuthenticationFailed, CredentialsNotFound, SecretSyncError, Unavailable
from secretsync.http import Http, Request

pytestmark = pytest.mark.row("kms-api-5")

ARN, SECRET, SESSION = "arn:aws:sts::123456789012:assumed-role/web/i-1", "canary-secret", "canary-session"
ROLE = "arn:aws:iam::123456789012:role/web"
USER = "ocid1.user.oc1..u"
SEED = f"""
identities:
  - {{id: a, aws: {{allowedAccounts: "111111111111, 123456789012", allowedPrincipals: "arn:aws:iam::*:role/web"}}}}
  - {{id: account, aws: {{allowedAccounts: "111111111111"}}}}
  - {{id: role, aws: {{allowedPrincipals: "arn:aws:iam::*:role/db"}}}}
  - {{id: z, azure: {{tenantId: t, allowedServicePrincipals: "sp, other"}}}}
  - {{id: tenant, azure: {{tenantId: x}}}}
  - {{id: resource, azure: {{tenantId: t, resource: "api://kms"}}}}
  - {{id: principal, azure: {{tenantId: t, allowedServicePrincipals: other}}}}
  - {{id: g, gcp: {{allowedServiceAccounts: "web@dev.iam.gserviceaccount.com", allowedProjects: dev, allowedZones: "europe-*"}}}}
  - {{id: zone, gcp: {{allowedZones: us-*}}}}
  - {{id: project, gcp: {{allowedProjects: prod}}}}
  - {{id: person, gcp: {{allowedServiceAccounts: "db@dev.iam.gserviceaccount.com"}}}}
  - {{id: key, gcp: {{type: iam, allowedServiceAccounts: "web@dev.iam.gserviceaccount.com"}}}}
  - {{id: key-person, gcp: {{type: iam, allowedServiceAccounts: "db@dev.iam.gserviceaccount.com"}}}}
clouds:
  aws:
    region: eu-west-1
    containerToken: canary-container
    principals:
      - {{accessKeyId: AKIA1, secretAccessKey: {SECRET}, sessionToken: {SESSION}, arn: "{ARN}"}}
      - {{accessKeyId: AKIA2, secretAccessKey: canary-two, arn: "arn:aws:iam::123456789012:user/web"}}
  azure: {{tenantId: t, servicePrincipal: sp}}
  gcp: {{serviceAccount: web@dev.iam.gserviceaccount.com}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[DevServer]:
    with DevServer(parse_seed(SEED)) as server:
        yield server


def here(server: DevServer, files: Mapping[str, str | bytes] = {}, **variables: str) -> FakeProofs:
    """What a program on a machine of the clouds finds."""
    return FakeProofs(variables={**server.clouds_environment, **variables}, files=files)


# -- AWS

AWS = AwsIamAuth(identity_id="a")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SESSION}
CONFIG = f"""
[default]
aws_access_key_id = AKIA2
aws_secret_access_key = canary-wrong
[web]
aws_access_key_id = AKIA1
aws_secret_access_key = {SECRET}
aws_session_token = {SESSION}
[empty]
region = eu-west-1
"""


def sources(server: DevServer) -> Mapping[str, FakeProofs]:
    region = {"AWS_REGION": "eu-west-1"}
    return {
        "environment": here(server, **region, **KEYS),
        "web identity": here(
            server,
            {"/run/token": "canary-jwt\n"},
            **region,
            AWS_WEB_IDENTITY_TOKEN_FILE="/run/token",
            AWS_ROLE_ARN=ROLE,
        ),
        "file": here(server, {"~/.aws/credentials": CONFIG}, **region, AWS_PROFILE="web"),
        "named file": here(server, {"/k": CONFIG}, **region, AWS_SHARED_CREDENTIALS_FILE="/k", AWS_PROFILE="web"),
        "container": here(
            server,
            **region,
            AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{server.clouds_url}/v2/credentials/x",
            AWS_CONTAINER_AUTHORIZATION_TOKEN="canary-container",
        ),
        "container with a file": here(
            server,
            {"/run/container": "canary-container"},
            **region,
            AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{server.clouds_url}/v2/credentials/x",
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="/run/container",
        ),
        "instance": here(server, **region),
        "instance and its region": here(server),
    }


@pytest.mark.parametrize(
    "source",
    [
        "environment",
        "web identity",
        "file",
        "named file",
        "container",
        "container with a file",
        "instance",
        "instance and its region",
    ],
)
def test_aws_keys_of_every_source_log_in(server: DevServer, login: Login, source: str) -> None:
    assert is_of(server, login(AWS, sources(server)[source]), "a")


def test_the_environment_goes_before_everything_else(server: DevServer, login: Login) -> None:
    proofs = here(server, {"~/.aws/credentials": CONFIG}, AWS_REGION="eu-west-1", **KEYS)
    assert is_of(server, login(AWS, proofs), "a")


def test_the_proof_is_a_question_to_sts_and_holds_no_key(login: Login) -> None:
    sent: list[Asked] = []

    def answer(asked: Asked) -> Reply:
        sent.append(asked)
        return Reply.of({"accessToken": "t", "expiresIn": 60})

    with serving(answer) as kms:
        login(evolve(AWS, region="eu-central-1"), FakeProofs(variables=KEYS), kms.url)
    body = json.loads(sent[0].body)
    headers = json.loads(b64decode(body.pop("iamRequestHeaders")))
    assert body == {
        "identityId": "a",
        "iamHttpRequestMethod": "POST",
        "iamRequestBody": "QWN0aW9uPUdldENhbGxlcklkZW50aXR5JlZlcnNpb249MjAxMS0wNi0xNQ==",
    }
    assert headers["Host"] == "sts.eu-central-1.amazonaws.com"
    assert headers["Accept"] == "application/json"
    assert "accept" not in headers["Authorization"]
    assert "host;x-amz-date;x-amz-security-token" in headers["Authorization"]
    assert SECRET not in json.dumps(headers)


@pytest.mark.parametrize(
    ("identity", "meaning"), [("account", "account is not among"), ("role", "role or user is not among")]
)
def test_aws_tells_who_is_not_allowed(server: DevServer, login: Login, identity: str, meaning: str) -> None:
    by = AwsIamAuth(identity_id=identity, region="eu-west-1")
    assert meaning in refused(login, AuthenticationFailed, by, here(server, **KEYS))


@pytest.mark.parametrize(
    "wrong", [{"AWS_SECRET_ACCESS_KEY": "canary-x"}, {"AWS_ACCESS_KEY_ID": "AKIA9"}, {"AWS_SESSION_TOKEN": ""}]
)
def test_keys_that_aws_does_not_accept_look_like_trouble_and_say_so(
    server: DevServer, login: Login, wrong: Mapping[str, str]
) -> None:
    by = evolve(AWS, region="eu-west-1")
    text = refused(login, Unavailable, by, here(server, **{**KEYS, **wrong}))
    assert "when AWS does not accept the keys" in text


def test_a_signature_is_good_for_a_quarter_of_an_hour(login: Login) -> None:
    by = evolve(AWS, region="eu-west-1")
    with DevServer(parse_seed(SEED)) as server:
        server.clock.advance(14 * 60)
        login(by, here(server, **KEYS), server.url)
        server.clock.advance(2 * 60)
        refused(login, Unavailable, by, here(server, **KEYS), server.url)


def test_an_odd_region_is_told(server: DevServer, login: Login) -> None:
    by = evolve(AWS, region="EU_WEST")
    assert "does not know the AWS region" in refused(login, AuthenticationFailed, by, here(server, **KEYS))


@pytest.mark.parametrize(
    ("variables", "files", "meaning"),
    [
        ({"AWS_EC2_METADATA_DISABLED": "true"}, {}, "no AWS keys: not in the environment"),
        ({"AWS_SHARED_CREDENTIALS_FILE": "/none"}, {}, "/none cannot be read"),
        ({"AWS_PROFILE": "empty"}, {"~/.aws/credentials": CONFIG}, "no keys for the profile empty"),
        ({"AWS_PROFILE": "x"}, {"~/.aws/credentials": "canary"}, "no keys for the profile x"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.example/x"}, {}, "neither https nor of this machine"),
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x"},
            {"/t": "canary"},
            "STS, asked to assume arn:aws:iam::1:role/x, gives no proof: it answers 403",
        ),
    ],
)
def test_keys_that_cannot_be_had_are_told(
    server: DevServer, login: Login, variables: Mapping[str, str], files: Mapping[str, str], meaning: str
) -> None:
    by = evolve(AWS, region="eu-west-1")
    assert meaning in refused(login, CredentialsNotFound, by, here(server, files, **variables))


def test_without_a_region_and_an_instance_that_is_told(login: Login) -> None:
    proofs = FakeProofs(variables={**KEYS, "AWS_EC2_METADATA_DISABLED": "true"})
    assert "no AWS region: not in the environment" in refused(login, CredentialsNotFound, AWS, proofs)


def test_a_container_without_its_token_gets_nothing(server: DevServer, login: Login) -> None:
    proofs = here(server, AWS_REGION="x", AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{server.clouds_url}/v2/credentials/x")
    assert "answers 401" in refused(login, CredentialsNotFound, AWS, proofs)


# -- Azure

AZURE = AzureAuth(identity_id="z")


@pytest.mark.parametrize(
    "by",
    [
        AZURE,
        evolve(AZURE, azure_managed_identity_client_id="c"),
        evolve(AZURE, resource="https://management.azure.com"),
    ],
)
def test_azure_logs_in_with_the_machines_identity(server: DevServer, login: Login, by: AzureAuth) -> None:
    assert is_of(server, login(by, here(server)), "z")


def test_azure_logs_in_with_a_federated_identity(server: DevServer, login: Login) -> None:
    variables = {
        "AZURE_FEDERATED_TOKEN_FILE": "/run/azure",
        "AZURE_CLIENT_ID": "c",
        "AZURE_TENANT_ID": "t",
        "AZURE_AUTHORITY_HOST": server.clouds_url,
    }
    proofs = here(server, {"/run/azure": "canary-jwt"}, **variables)
    assert is_of(server, login(AZURE, proofs), "z")
    other = here(server, {"/run/azure": "canary-jwt"}, **{**variables, "AZURE_TENANT_ID": "x"})
    assert "Microsoft Entra gives no proof" in refused(login, CredentialsNotFound, AZURE, other)


@pytest.mark.parametrize(
    ("resource", "client", "asked"),
    [
        ("api://kms", "", {"resource": "api://kms"}),
        ("api://kms&client_id=c", "", {"resource": "api://kms", "client_id": "c"}),
        ("&client_id=c", "", {"resource": "https://management.azure.com/", "client_id": "c"}),
        ("api://kms&client_id=c", "d", {"resource": "api://kms", "client_id": "d"}),
    ],
)
def test_a_client_id_behind_the_resource_is_understood(
    login: Login, resource: str, client: str, asked: Mapping[str, str]
) -> None:
    def answer(asked: Asked) -> Reply:
        token = {"access_token": "canary", "accessToken": "t", "expiresIn": 60}
        return Reply.of(token)

    by = AzureAuth(identity_id="z", resource=resource, azure_managed_identity_client_id=client)
    with serving(answer) as both:
        login(by, FakeProofs(variables={"AZURE_POD_IDENTITY_AUTHORITY_HOST": both.url}), both.url)
    assert both.asked[0].params == {"api-version": "2018-02-01", **asked}
    assert both.asked[0].headers["metadata"] == "true"


@pytest.mark.parametrize(
    ("identity", "meaning"),
    [
        ("tenant", "issuer or the audience"),
        ("resource", "issuer or the audience"),
        ("principal", "principal is not among"),
    ],
)
def test_azure_tells_why_it_was_refused(server: DevServer, login: Login, identity: str, meaning: str) -> None:
    assert meaning in refused(login, AuthenticationFailed, AzureAuth(identity_id=identity), here(server))


# -- Google

MACHINE = GcpIdTokenAuth(identity_id="g")
KEY = GcpIamAuth(identity_id="key", service_account_key_file_path="/run/key.json")


def test_google_logs_a_machine_in(server: DevServer, login: Login) -> None:
    assert is_of(server, login(MACHINE, here(server)), "g")


@pytest.mark.parametrize(
    ("identity", "meaning"),
    [("zone", "zone is not among"), ("project", "project is not among"), ("person", "service account is not among")],
)
def test_google_tells_why_a_machine_was_refused(server: DevServer, login: Login, identity: str, meaning: str) -> None:
    assert meaning in refused(login, AuthenticationFailed, GcpIdTokenAuth(identity_id=identity), here(server))


@pytest.mark.parametrize("remotely", [False, True], ids=["here", "by Google"])
def test_a_service_accounts_key_logs_in(server: DevServer, login: Login, *, remotely: bool) -> None:
    by = evolve(KEY, sign_remotely=remotely, credentials_url=server.clouds_url)
    assert is_of(server, login(by, here(server, {"/run/key.json": server.google_key_file()})), "key")


def test_google_may_be_out_of_reach_when_it_is_to_sign(server: DevServer, login: Login) -> None:
    by = evolve(KEY, sign_remotely=True, credentials_url="http://127.0.0.1:1")
    text = refused(login, CredentialsNotFound, by, here(server, {"/run/key.json": server.google_key_file()}))
    assert "Google's API that signs" in text


def test_another_key_of_the_same_name_is_refused(server: DevServer, login: Login) -> None:
    key = {**json.loads(server.google_key_file()), "private_key": Authority(clock=CLOCK).private_key.text()}
    text = refused(login, AuthenticationFailed, KEY, here(server, {"/run/key.json": json.dumps(key)}))
    assert "signature" in text


@pytest.mark.parametrize("wrong", ["key-person", "g"])
def test_a_key_for_another_identity_is_refused(server: DevServer, login: Login, wrong: str) -> None:
    proofs = here(server, {"/run/key.json": server.google_key_file()})
    refused(login, AuthenticationFailed, evolve(KEY, identity_id=wrong), proofs)


@pytest.mark.parametrize(
    ("content", "meaning"),
    [
        ("canary", "is no key of a service account"),
        ("[]", "is no key of a service account"),
        ('{"client_email": "x", "private_key_id": "y"}', "is no key of a service account"),
        (
            '{"client_email": "x", "private_key_id": "y", "private_key": "canary"}',
            "the private key cannot be used: it is no RSA key",
        ),
    ],
)
def test_what_is_no_key_file_is_told(login: Login, content: str, meaning: str) -> None:
    assert meaning in refused(login, AuthenticationFailed, KEY, FakeProofs(files={"/run/key.json": content}))


# -- Oracle

OCI = OciAuth(identity_id="o", config_path="/run/oci")
OCI_CONFIG = f"""
[DEFAULT]
user = {USER}
fingerprint = aa:bb
tenancy = ocid1.tenancy.oc1..t
region = eu-frankfurt-1
key_file = /run/oci.pem
[BROKEN]
user = x
"""


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(clock=CLOCK)


@pytest.fixture(scope="module")
def oracle(authority: Authority) -> Iterator[DevServer]:
    users = json.dumps({USER: authority.public_key})
    seed = f"""
    identities:
      - {{id: o, oci: {{tenancy: ocid1.tenancy.oc1..t, users: {users}}}}}
      - {{id: tenancy, oci: {{tenancy: other, users: {users}}}}}
      - {{id: user, oci: {{users: {{}}}}}}
    """
    with DevServer(parse_seed(seed)) as server:
        yield server


def oci_proofs(authority: Authority, config: str = OCI_CONFIG) -> FakeProofs:
    return FakeProofs(files={"/run/oci": config, "/run/oci.pem": authority.private_key.reveal()})


def test_oracle_logs_a_user_in(oracle: DevServer, authority: Authority, login: Login) -> None:
    assert is_of(oracle, login(OCI, oci_proofs(authority), oracle.url), "o")


@pytest.mark.parametrize(
    ("identity", "meaning"), [("tenancy", "tenancy is not the one"), ("user", "user is not among")]
)
def test_oracle_tells_who_is_not_allowed(
    oracle: DevServer, authority: Authority, login: Login, identity: str, meaning: str
) -> None:
    by = evolve(OCI, identity_id=identity)
    assert meaning in refused(login, AuthenticationFailed, by, oci_proofs(authority), oracle.url)


def test_oracle_does_not_take_another_key(oracle: DevServer, login: Login) -> None:
    text = refused(login, AuthenticationFailed, OCI, oci_proofs(Authority(clock=CLOCK)), oracle.url)
    assert "does not accept the user's key" in text


def test_what_the_configuration_lacks_is_named(oracle: DevServer, authority: Authority, login: Login) -> None:
    by = evolve(OCI, profile="BROKEN")
    text = refused(login, AuthenticationFailed, by, oci_proofs(authority), oracle.url)
    assert "fingerprint and tenancy and region and key_file missing in the profile BROKEN of /run/oci" in text


# -- the machine's services


@pytest.mark.parametrize("by", [AWS, AZURE, MACHINE])
def test_where_no_such_machine_is_that_says_nothing_about_the_kms(login: Login, by: Method) -> None:
    nowhere = "http://127.0.0.1:1"
    variables = {
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": nowhere,
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": nowhere,
        "GCE_METADATA_HOST": "127.0.0.1:1",
    }
    assert "gives no proof" in refused(login, CredentialsNotFound, by, FakeProofs(variables=variables))


@pytest.mark.parametrize("by", [evolve(AWS, region="x"), AZURE, MACHINE])
def test_a_service_that_answers_something_else_gives_no_proof(login: Login, by: Method) -> None:
    with serving(lambda _: Reply.of([], headers={"x": "y"})) as odd:
        variables = {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": odd.url,
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": odd.url,
            "GCE_METADATA_HOST": odd.url.removeprefix("http://"),
        }
        refused(login, SecretSyncError, by, FakeProofs(variables=variables))


def test_version_1_of_ec2s_metadata_service_is_off(server: DevServer, http: Http) -> None:
    url = f"{server.clouds_url}/latest/meta-data/iam/security-credentials/web"
    assert http.send(Request("GET", url, operation="look")).status == 401
