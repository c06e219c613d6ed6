"""What the operator as a process is told at its start: by flags and by its ConfigMap (kmssecret §5, §8.4)."""

from __future__ import annotations

import ssl

import pytest

from authority import SERVER, made
from canaries import canary
from loopback import one_secret, serving
from stand import NAMESPACE, OPERATOR_NAMESPACE, PROJECT, kmssecret

HOUR = 3600
"""Seconds: what comes sooner comes by an event."""
VERSION = "secrets.lux.network/version"


@pytest.mark.row("kmssecret-16")
def test_an_edit_of_the_config_map_leads_to_another_host_at_once(stand):
    first, second = (stand.kms({"/app": {"A": canary(name)}}) for name in ("first", "second"))
    config = {"metadata": {"name": "kms-config"}, "data": {"hostAPI": f"{first.url}/api"}}
    stand.cluster.create("configmaps", config, namespace=OPERATOR_NAMESPACE)
    stand.operator("--max-interval", "1h")
    manifest = kmssecret("app", "", interval=HOUR)
    del manifest["spec"]["hostAPI"]
    stand.apply(manifest)
    stand.until_ready("app")
    before = stand.data("app")
    edit = {"data": {"hostAPI": second.url}}
    stand.cluster.patch("configmaps", "kms-config", edit, namespace=OPERATOR_NAMESPACE)
    stand.until("secrets", lambda: stand.data("app") != before)
    assert len(second.asked("login")) == 1


@pytest.mark.row("kmssecret-32")
def test_a_private_authority_is_trusted_as_soon_as_its_secret_says_so(stand, tmp_path):
    folder, value = made(tmp_path), canary("value")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")

    with serving(one_secret(value, path="/app", project=PROJECT.id), tls=context) as kms:
        stand.operator("--max-interval", "1h", "--resolve", f"{SERVER}:443=127.0.0.1:{kms.port}")
        manifest = kmssecret("app", f"https://{SERVER}", interval=HOUR)
        reference = {"secretNamespace": NAMESPACE, "secretName": "ca", "key": "ca.crt"}
        manifest["spec"]["tls"] = {"caRef": reference}
        ca = (folder / "ca.pem").read_text()
        stand.cluster.create("secrets", {"metadata": {"name": "ca"}, "stringData": {"ca.pem": ca}}, namespace=NAMESPACE)
        stand.apply(manifest)
        message = stand.until_reason("app", "TLSConfigError")["message"]
        assert message == 'Secret shop/ca has no key "ca.crt"; add it, or correct tls.caRef.key'
        assert kms.asked == []
        stand.cluster.patch("secrets", "ca", {"stringData": {"ca.crt": ca}}, namespace=NAMESPACE)
        stand.until("secrets", lambda: stand.data("app") == {"A": value})


@pytest.mark.row("kmssecret-64")
def test_objects_may_be_kept_in_their_namespace(stand):
    stand.namespace("other")
    kms = stand.kms({"/app": {"A": canary()}})
    stand.operator("--cross-namespace=Deny")
    reads, writes = kmssecret("reads", kms.url), kmssecret("writes", kms.url)
    reads["spec"]["authentication"]["universalAuth"]["credentialsRef"]["secretNamespace"] = "other"
    writes["spec"]["managedSecretReference"]["secretNamespace"] = "other"
    stand.apply(reads, writes, kmssecret("home", kms.url))
    stand.until_reason("reads", "CredentialsNotFound")
    stand.until_reason("writes", "TargetForbidden")
    stand.until_ready("home")
    touched = {(one.verb, one.name) for one in stand.cluster.requests if one.namespace == "other"}
    assert not touched & {("get", "writes"), ("create", "writes"), ("get", "universal-auth-credentials")}


@pytest.mark.row("kmssecret-52")
def test_versions_may_be_the_replaced_operators(stand):
    kms = stand.kms({"/app": {"A": "1"}})
    stand.operator("--version-format=crc32")
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    assert stand.secret("app")["metadata"]["annotations"][VERSION] == 'W/"secrets-4-C4B1E7F6"'
