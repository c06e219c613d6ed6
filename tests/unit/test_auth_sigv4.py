"""Our signatures of AWS beside botocore's, on random requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from secretsync.auth.sigv4 import Keys, Scope, Signable, signed
from secretsync.values import SecretValue

WORD = st.text("abcXYZ019-_.~", min_size=1, max_size=8)
PATH = st.lists(st.sampled_from(["a", "b c", "é", "%2F", "..", ".", "", "~x", "a:b", "x=y", "+"]), max_size=6)
QUERY = st.lists(st.tuples(WORD, st.one_of(WORD, st.sampled_from(["", "%20", "a%2Fb"]))), max_size=5)
HEADERS = st.dictionaries(
    st.text("abcXYZ-", min_size=1, max_size=10).map(lambda name: f"x-test-{name}"),
    st.text(" abcXYZ01/;,=\t", min_size=1, max_size=20).filter(str.strip),
    max_size=4,
)


@settings(max_examples=300)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    path=PATH,
    query=QUERY,
    headers=HEADERS,
    body=st.binary(max_size=64),
    access=WORD,
    secret=st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()),
    token=st.one_of(st.none(), WORD),
    region=st.sampled_from(["us-east-1", "eu-west-1", "ap-southeast-2"]),
    service=st.sampled_from(["sts", "secretsmanager"]),
)
def test_a_signature_is_botocores(
    *,
    method: str,
    path: list[str],
    query: list[tuple[str, str]],
    headers: Mapping[str, str],
    body: bytes,
    access: str,
    secret: str,
    token: str | None,
    region: str,
    service: str,
) -> None:
    headers = {name.lower(): value for name, value in headers.items()}
    url = f"https://{service}.{region}.amazonaws.com/{'/'.join(path)}"
    if query:
        url += "?" + "&".join(f"{name}={value}" for name, value in query)
    theirs = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
    SigV4Auth(Credentials(access, secret, token), service, region).add_auth(theirs)
    moment = datetime.strptime(theirs.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = signed(
        Signable(method, url, {"host": f"{service}.{region}.amazonaws.com", **headers}, body),
        Keys(access, SecretValue(secret), SecretValue(token) if token else None),
        Scope(moment, region, service),
    )
    assert ours["Authorization"] == theirs.headers["Authorization"]
    assert ours.get("X-Amz-Security-Token") == theirs.headers.get("X-Amz-Security-Token")


@pytest.mark.parametrize("value", ["repr", "headers"])
def test_neither_keys_nor_headers_show(value: str) -> None:
    keys = Keys("AKID", SecretValue("canary"), SecretValue("canary"))
    request = Signable("GET", "https://x/", {"Authorization": "canary"}, b"canary")
    assert "canary" not in f"{keys!r} {request!r}"
