"""What the flags and the environment of the replaced operator do here, on whole processes (kmssecret §8.4)."""

from __future__ import annotations

import ssl

import pytest

from authority import made
from canaries import canary
from loopback import one_secret, serving
from stand import NAMESPACE, PROJECT, eventually, kmssecret


def test_host_and_certificates_of_the_environment_serve_objects_that_name_none(stand, tmp_path_factory):
    authority = made(tmp_path_factory.mktemp("authority"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem")
    manifest = kmssecret("app", "")
    del manifest["spec"]["hostAPI"]
    value = canary("value")
    with serving(one_secret(value, path="/app", project=PROJECT.id), tls=context) as kms:
        stand.operator(
            *("--resolve", f"kms.test:443=127.0.0.1:{kms.port}"),
            KMS_API_HOST_URL="https://kms.test/api",
            KMS_API_CA_CERTIFICATE=(authority / "ca.pem").read_text(),
        )
        stand.apply(manifest)
        stand.until_ready("app")
    assert stand.data("app") == {"A": value}


@pytest.mark.parametrize("text", ["no certificate", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"])
def test_certificates_that_are_none_are_told_at_the_start(stand, text):
    operator = stand.operator(KMS_API_CA_CERTIFICATE=text)
    assert operator.wait() == 2
    assert operator.lines[-1] == (
        "secretsync-operator: environment variable KMS_API_CA_CERTIFICATE holds no CA certificates in PEM; "
        "put them there"
    )


@pytest.mark.row("kmssecret-64")
def test_deny_is_a_flag(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    stand.namespace("bank")
    stand.operator("--cross-namespace", "Deny")
    manifest = kmssecret("app", kms.url)
    manifest["spec"]["managedSecretReference"]["secretNamespace"] = "bank"
    stand.apply(manifest)
    assert "which this operator forbids" in stand.until_reason("app", "TargetForbidden")["message"]


@pytest.mark.row("kmssecret-38", "kmssecret-39")
@pytest.mark.parametrize(
    ("adopt", "owned", "taken"),
    [("never", False, False), ("unowned", False, True), ("unowned", True, False), ("always", True, True)],
    ids=["never", "unowned", "unowned, of a controller", "always, of a controller"],
)
def test_which_secrets_are_taken_over_is_a_flag(stand, adopt, owned, taken):
    kms = stand.kms({"/app": {"A": "1"}})
    web = stand.cluster.create("configmaps", {"metadata": {"name": "web"}}, namespace=NAMESPACE)["metadata"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "web", "uid": web["uid"], "controller": True}
    metadata = {"name": "app", "ownerReferences": [owner] if owned else []}
    stand.cluster.create("secrets", {"metadata": metadata, "stringData": {"A": "2"}}, namespace=NAMESPACE)
    stand.operator("--adopt", adopt)
    stand.apply(kmssecret("app", kms.url, policy="Owner"))
    stand.until_reason("app", "Synced" if taken else "TargetConflict")
    assert stand.data("app") == {"A": "1" if taken else "2"}
    references = stand.secret("app")["metadata"].get("ownerReferences", [])
    controllers = [one["name"] for one in references if one["controller"]]
    assert controllers == (["app"] if taken else ["web"] * owned)


def test_labels_may_be_kept_from_secrets(stand):
    kms = stand.kms({"/app": {"A": "1"}})
    labels = {"argocd.argoproj.io/instance": "shop", "team": "shop"}
    first = stand.operator()
    stand.apply(kmssecret("app", kms.url, labels=labels))
    stand.until_ready("app")
    assert labels.items() <= stand.secret("app")["metadata"]["labels"].items()
    first.stop()
    stand.operator("--no-copy-prefix", "argocd.argoproj.io/")
    stand.until("secrets", lambda: "argocd.argoproj.io/instance" not in stand.secret("app")["metadata"]["labels"])
    assert stand.secret("app")["metadata"]["labels"]["team"] == "shop"


@pytest.mark.row("kmssecret-52")
def test_the_version_of_the_replaced_operator_is_a_flag(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    stand.operator("--version-format=crc32")
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    annotations = stand.secret("app")["metadata"]["annotations"]
    assert annotations["secrets.lux.network/version"].startswith('W/"secrets-')


@pytest.mark.memory
@pytest.mark.row("kmssecret-16")
def test_the_config_map_of_the_operator_is_followed(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    manifest = kmssecret("app", "")
    del manifest["spec"]["hostAPI"]
    stand.operator("--config-namespace", NAMESPACE)
    stand.apply(manifest)
    stand.until_reason("app", "InvalidSpec")
    config = {"metadata": {"name": "kms-config"}, "data": {"hostAPI": kms.url}}
    stand.cluster.create("configmaps", config, namespace=NAMESPACE)
    stand.until_ready("app")


def test_the_log_can_be_for_people(stand):
    operator = stand.operator("--zap-devel", "--zap-stacktrace-level=error", "--zap-time-encoding=iso8601")
    line = operator.line("serving /healthz")
    assert line.split("\t")[1:3] == ["INFO", "secretsync.runtime"]
    eventually(lambda: any("running" in line for line in operator.lines))
