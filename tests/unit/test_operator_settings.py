"""Flags and environment of the operator as one value (kmssecret §8.4)."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.errors import InvalidInput
from secretsync.policies import Adopt
from secretsync_k8s.kinds.kmssecret.guard import CrossNamespace
from secretsync_k8s.kinds.kmssecret.version import VersionFormat
from secretsync_k8s.operator.app import LEASES, lease
from secretsync_k8s.operator.scope import lease_name
from secretsync_k8s.operator.settings import KINDS, settings

BEGINNINGS = "write how names begin, without * or commas, such as argocd.argoproj.io/"
NAMESPACE = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
NAMESPACES = st.lists(NAMESPACE, min_size=1, max_size=5, unique=True)


@pytest.mark.parametrize(
    ("argv", "environ", "expected"),
    [
        pytest.param((), {}, {"leader_elect": True, "namespaces": (), "log_encoder": "json"}, id="nothing"),
        pytest.param(("--leader-elect=false",), {}, {"leader_elect": False}, id="no election"),
        pytest.param(("-leader-elect",), {}, {"leader_elect": True}, id="election, as the chart has it"),
        pytest.param(("--namespace", "a"), {}, {"namespaces": ("a",)}, id="one namespace"),
        pytest.param(("--namespaces=a, b", "--namespace=a"), {}, {"namespaces": ("a", "b")}, id="both"),
        pytest.param(("--namespaces=",), {}, {"namespaces": ()}, id="an empty list is the whole cluster"),
        pytest.param((), {"KMS_API_HOST_URL": "http://kms"}, {"host_api": "http://kms"}, id="host"),
        pytest.param((), {"KMS_API_CA_CERTIFICATE": "pem"}, {"ca_certificates": "pem"}, id="certificates"),
        pytest.param((), {}, {"adopt": "unowned", "no_copy": ()}, id="nothing about Secrets of others"),
        pytest.param(("--adopt=never",), {}, {"adopt": "never"}, id="adoption"),
        pytest.param(
            ("--no-copy-prefix=argocd.argoproj.io/", "--no-copy-prefix", "app.kubernetes.io/instance"),
            {},
            {"no_copy": ("argocd.argoproj.io/", "app.kubernetes.io/instance")},
            id="labels that stay",
        ),
        pytest.param(
            ("--lease-namespace", "KMSSecret=old"), {}, {"lease_namespaces": {"KMSSecret": "old"}}, id="lease"
        ),
        pytest.param(("--zap-devel",), {}, {"log_level": logging.DEBUG, "log_encoder": "console"}, id="devel"),
        pytest.param(
            ("--zap-devel", "--zap-encoder=json", "--zap-log-level=error"),
            {},
            {"log_level": logging.ERROR, "log_encoder": "json"},
            id="devel but",
        ),
        pytest.param(("--metrics-bind-address", "0"), {}, {"metrics_address": ""}, id="no metrics"),
    ],
)
def test_what_is_told(argv, environ, expected):
    told = settings(argv, environ)
    assert {name: getattr(told, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("flag", "remedy"),
    [
        ("--lease-namespace=Pod=x", "write KIND=NAMESPACE; KIND is KMSSecret"),
        ("--lease-namespace=KMSSecret", "write KIND=NAMESPACE; KIND is KMSSecret"),
        ("--namespaces=a,,b", "write names with commas between, such as shop,bank"),
        ("--cross-namespace=deny", "write Allow, Annotated or Deny"),
        ("--version-format=v1", "write v2 or crc32"),
        ("--adopt=Never", "write always, unowned or never"),
        ("--no-copy-prefix=argocd.argoproj.io/*", BEGINNINGS),
        ("--no-copy-prefix=a/,b/", BEGINNINGS),
        ("--no-copy-prefix=", BEGINNINGS),
        ("--zap-encoder=text", "write console or json"),
    ],
)
def test_what_is_wrong_is_told_with_its_remedy(flag, remedy):
    with pytest.raises(InvalidInput) as raised:
        settings([flag], {})
    (problem,) = raised.value.problems
    assert problem.endswith(f"parse error; {remedy}")


def test_the_words_are_those_of_the_kind():
    for policy in CrossNamespace:
        assert settings(["--cross-namespace", policy.value], {})
    for form in VersionFormat:
        assert settings(["--version-format", form.value], {})
    for adopt in Adopt:
        assert settings(["--adopt", adopt.value], {})
    assert set(KINDS) == set(LEASES)


def test_a_lease_has_the_original_name_and_an_identity_of_its_own():
    told = settings(["--lease-namespace", "KMSSecret=old"], {})
    one, other = (lease(told, "KMSSecret", hostname="pod-1") for _ in range(2))
    assert (one.namespace, one.name) == ("old", "cf2b8c44.lux.network")
    assert one.identity.startswith("pod-1_")
    assert one.identity != other.identity
    assert lease(settings([], {}), "KMSSecret", hostname="x").namespace == "kms-operator-system"


@given(NAMESPACES, st.randoms(use_true_random=False))
def test_a_scope_has_one_lease_in_any_order(namespaces, random):
    shuffled = random.sample(namespaces, len(namespaces))
    assert lease_name("base", tuple(namespaces)) == lease_name("base", tuple(shuffled + namespaces))


@given(NAMESPACES, NAMESPACES)
def test_different_scopes_have_different_leases(some, others):
    same = lease_name("base", tuple(some)) == lease_name("base", tuple(others))
    assert same == (set(some) == set(others))
