"""The official Python SDK and AWS's own library log in to the development KMS and ask the clouds that it plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import botocore.session
import pytest
from infisical_sdk import InfisicalSDKClient
from infisical_sdk.infisical_requests import APIError

from secretsync.devserver import DevServer, parse_seed

SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - id: i
    universal: {clientId: cid, clientSecret: s3cret}
    ldap: {users: {ada: s3cret}}
    oidc: {issuer: https://ci.example, audiences: [kms]}
    aws: {allowedPrincipals: "arn:aws:iam::123456789012:role/web"}
    token: {tokens: [given]}
    grants: [{project: shop}]
secrets: {shop: {prod: {/: {A: a}}}}
clouds:
  aws:
    region: eu-west-1
    containerToken: seen
    principals:
      - {accessKeyId: AKIA1, secretAccessKey: s3cret, sessionToken: t, arn: "arn:aws:sts::123456789012:assumed-role/web/i-1"}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[DevServer]:
    with DevServer(parse_seed(SEED)) as server:
        yield server


@pytest.fixture
def sdk(server: DevServer) -> Iterator[InfisicalSDKClient]:
    with InfisicalSDKClient(host=server.url, cache_ttl=None) as client:
        yield client
        client.api.session.close()


@pytest.fixture
def on_aws(server: DevServer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set the environment of a program on AWS, without what this machine's own says."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/none")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    def set_them(**more: str) -> None:
        for name, value in {**server.clouds_environment, **more}.items():
            monkeypatch.setenv(name, value)

    return set_them


def reads(sdk: InfisicalSDKClient) -> dict[str, str]:
    found = sdk.secrets.list_secrets(project_id="p1", environment_slug="prod", secret_path="/")
    return {row.secretKey: row.secretValue for row in found.secrets}


@pytest.mark.row("kms-api-12")
def test_ldap_oidc_and_a_given_token(server: DevServer, sdk: InfisicalSDKClient) -> None:
    assert sdk.auth.ldap_auth.login("i", "ada", "s3cret").tokenType == "Bearer"
    assert reads(sdk) == {"A": "a"}
    jwt = server.model.means.authority.jwt({"iss": "https://ci.example", "aud": "kms"})
    assert sdk.auth.oidc_auth.login("i", jwt).expiresIn == 7200
    assert reads(sdk) == {"A": "a"}
    sdk.auth.token_auth.login("given")
    assert reads(sdk) == {"A": "a"}


@pytest.mark.row("kms-api-5", "kms-api-12")
def test_aws_with_keys_of_the_environment(sdk: InfisicalSDKClient, on_aws: Callable[..., None]) -> None:
    on_aws(AWS_ACCESS_KEY_ID="AKIA1", AWS_SECRET_ACCESS_KEY="s3cret", AWS_SESSION_TOKEN="t")
    sdk.auth.aws_auth.login("i")
    assert reads(sdk) == {"A": "a"}


@pytest.mark.row("kms-api-5")
def test_aws_with_keys_of_the_instance(sdk: InfisicalSDKClient, on_aws: Callable[..., None]) -> None:
    on_aws()
    sdk.auth.aws_auth.login("i")
    assert reads(sdk) == {"A": "a"}


@pytest.mark.row("kms-api-5")
def test_awss_own_library_takes_the_containers_keys(server: DevServer, on_aws: Callable[..., None]) -> None:
    url = f"{server.clouds_url}/v2/credentials/x"
    on_aws(AWS_CONTAINER_CREDENTIALS_FULL_URI=url, AWS_CONTAINER_AUTHORIZATION_TOKEN="seen")
    keys = botocore.session.get_session().get_credentials().get_frozen_credentials()
    assert (keys.access_key, keys.secret_key, keys.token) == ("AKIA1", "s3cret", "t")


def test_a_refusal_has_the_status_that_the_sdk_expects(server: DevServer, sdk: InfisicalSDKClient) -> None:
    with pytest.raises(APIError) as wrong:
        sdk.auth.ldap_auth.login("i", "ada", "x")
    assert wrong.value.status_code == 401
    with pytest.raises(APIError) as unknown:
        sdk.auth.oidc_auth.login("nobody", server.model.means.authority.jwt({}))
    assert unknown.value.status_code == 404
