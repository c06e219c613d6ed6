"""Version texts of targets, byte for byte as the replaced operator wrote them where that is wanted (kmssecret §5)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.digest import Digester
from secretsync.values import SecretValue
from secretsync_k8s.kinds.kmssecret import VersionFormat
from secretsync_k8s.kinds.kmssecret.version import versioning

DIGEST = Digester(b"install key of the tests")
CRC32 = versioning(VersionFormat.CRC32, DIGEST)
V2 = versioning(VersionFormat.V2, DIGEST)

contents = st.dictionaries(st.text(), st.binary())


def secrets(content):
    return {key: SecretValue(value) for key, value in content.items()}


@pytest.mark.row("kmssecret-52")
@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"A": "1"}, 'W/"secrets-4-C4B1E7F6"'),
        ({}, 'W/"secrets-0-00000000"'),
        ({"DB_USER": "app", "DB_PASS": "s3cr3t"}, 'W/"secrets-27-FDF5023A"'),
    ],
    ids=["one", "none", "two"],
)
def test_the_vectors_of_the_replaced_operator(content, text):
    assert CRC32(secrets(content)) == text


@given(contents)
def test_the_order_of_keys_does_not_count(content):
    turned = dict(reversed(content.items()))
    for version in (CRC32, V2):
        assert version(secrets(turned)) == version(secrets(content))


@given(contents)
def test_the_keyed_form_shows_nothing_of_what_it_is_made_from(content):
    assert re.fullmatch(r"v2:[0-9a-f]{32}", V2(secrets(content)))
    other = versioning(VersionFormat.V2, Digester(b"another install key"))
    assert other(secrets(content)) != V2(secrets(content))
