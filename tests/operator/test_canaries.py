"""The search for secrets that every test of the operator ends with: it must find them in whatever form they show."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canaries import canary, canary_bytes, shown

SECRET = canary()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SECRET, id="plain"),
        pytest.param(SECRET.upper(), id="in capitals"),
        pytest.param(json.dumps({"message": SECRET}), id="JSON"),
        pytest.param(repr(SECRET), id="repr"),
        pytest.param(repr(SECRET.encode()), id="repr of bytes"),
        pytest.param(quote(SECRET, safe=""), id="percent-encoded"),
        pytest.param(quote_plus(SECRET), id="percent-encoded form"),
        pytest.param(b64encode(SECRET.encode()).decode(), id="base64"),
        pytest.param(urlsafe_b64encode(SECRET.encode()).decode(), id="base64 for URLs"),
        pytest.param(b64encode(json.dumps({"data": SECRET}).encode()).decode(), id="base64 of JSON"),
        pytest.param(SECRET.encode().hex(), id="hex"),
        pytest.param(SECRET[:12], id="cut after its beginning"),
        pytest.param(SECRET[-12:], id="cut before its end"),
        pytest.param(canary_bytes(32).hex(), id="token"),
    ],
)
def test_a_secret_is_found(text):
    assert shown(f"level=info {text} and more")


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_a_secret_is_found_in_base64_at_every_offset(before, behind):
    assert shown(b64encode(before + SECRET.encode() + behind).decode())


def test_what_holds_no_secret_shows_none():
    assert not shown("Secret shop/app: 3 keys; v2:4f667dade8259575d1822d9a28d8248d")
