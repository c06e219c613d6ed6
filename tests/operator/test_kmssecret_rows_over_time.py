"""What takes minutes, and what an operator is told at its start: in virtual time, all but clock and threads real."""

from __future__ import annotations

import ssl
from itertools import pairwise
from pathlib import Path

import pytest
from attrs import evolve

from authority import made
from canaries import canary
from loopback import one_secret, serving
from secretsync.devserver.faults import Fault
from secretsync.devserver.methods import Universal
from secretsync.devserver.seed import Identity
from secretsync.devserver.server import DevServer
from secretsync.values import SecretValue
from secretsync_k8s.kinds.kmssecret import CrossNamespace
from stand import CLIENT_ID, CLIENT_SECRET, CREDENTIALS, NAMESPACE, OPERATOR_NAMESPACE, PROJECT, kmssecret, seed
from virtual import ELSEWHERE, Line

GRANT = "secrets.lux.network/allow-from-namespaces"
FINALIZER = "kmssecret.secrets.lux.network/cleanup"


def elsewhere(host: str, *, policy: str = "Owner") -> dict[str, object]:
    manifest = kmssecret("app", host, policy=policy)
    manifest["spec"]["managedSecretReference"]["secretNamespace"] = ELSEWHERE
    return manifest


# -- what waits for a deletion that we are not let to do


@pytest.mark.row("kmssecret-4")
@pytest.mark.parametrize("verb", ["delete", "get"])
def test_an_object_whose_clean_up_is_forbidden_goes_after_ten_minutes(verb):
    with Line({"/app": {"A": canary()}}) as line:
        line.apply(elsewhere(line.url))
        line.run(60.0)
        if verb == "get":  # the target must be read again before anything is done to it
            line.cluster.requests.clear()
            line.restart()
            line.run(0.1)
            assert ELSEWHERE not in {one.namespace for one in line.cluster.requests}
        line.cluster.fail(status=403, verb=verb, resource="secrets", times=10_000)
        line.cluster.delete("kmssecrets", "app", namespace=NAMESPACE)
        line.run(590.0)
        assert line.exists("kmssecrets", "app"), "it is waited for"
        assert line.condition("app")["reason"] in {"TargetForbidden", "Forbidden"}

        line.run(1800.0)
        assert not line.exists("kmssecrets", "app")
        line.cluster.heal()
        assert line.exists("secrets", "app", ELSEWHERE)
        notes = [one["note"] for one in line.cluster.list("events.events.k8s.io")["items"]]
        assert [note for note in notes if note.startswith("left behind after 10 minutes, delete it by hand: ")]


def test_an_object_waits_through_an_outage_however_long():
    with Line({"/app": {"A": canary()}}) as line:
        line.apply(elsewhere(line.url))
        line.run(60.0)
        line.cluster.fail(status=503, verb="delete", resource="secrets", times=10_000)
        line.cluster.delete("kmssecrets", "app", namespace=NAMESPACE)
        line.run(7200.0)
        assert line.exists("kmssecrets", "app")
        line.cluster.heal()
        line.run(300.0)
        assert not line.exists("kmssecrets", "app")
        assert not line.exists("secrets", "app", ELSEWHERE)


# -- intervals and logins


@pytest.mark.row("kmssecret-8")
def test_an_interval_from_before_the_schema_is_ten_seconds_and_its_status_may_be_refused():
    with Line({"/app": {"A": canary()}}, chance=lambda: 0.999) as line:
        old = line.cluster.get("customresourcedefinitions", "kmssecrets.secrets.lux.network", namespace="")
        spec = old["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        del spec["properties"]["resyncInterval"]["minimum"]
        line.cluster.update("customresourcedefinitions", old)
        manifest = kmssecret("app", line.url)
        manifest["spec"]["resyncInterval"] = 5
        line.apply(manifest)
        line.cluster.fail(status=422, verb="patch", resource="kmssecrets", times=10_000)
        line.run(300.0)
        checks = [at for at, asked in line.asked if asked == "Folder"]
        assert round(min(behind - before for before, behind in pairwise(checks)), 6) >= 10.0
        assert len(checks) >= 25
        changed = canary("changed")
        line.kms.model.put(PROJECT.slug, "prod", "/app", {"A": changed})
        before = line.secret("app")
        line.run(20.0)
        assert line.secret("app") != before


@pytest.mark.row("kmssecret-9")
def test_an_interval_with_a_unit_wins():
    with Line({"/app": {"A": canary()}}) as line:
        manifest = kmssecret("app", line.url)
        manifest["spec"]["syncConfig"] = {"resyncInterval": "5m"}
        line.apply(manifest)
        line.run(1600.0)
        checks = [at for at, asked in line.asked if asked == "Folder"]
        waits = [behind - before for before, behind in pairwise(checks)]
        assert len(waits) >= 5
        assert 10.0 <= waits[0] < 310.0, "until its first turn"
        assert all(wait == pytest.approx(300.0, abs=1.0) for wait in waits[1:])


@pytest.mark.row("kmssecret-20")
def test_twenty_objects_with_one_bad_identity_log_in_as_one():
    with Line({"/app": {"A": canary()}}, secret=canary("wrong")) as line:
        names = [f"app-{n}" for n in range(20)]
        line.apply(*(kmssecret(name, line.url) for name in names))
        line.run(900.0)
        assert {line.condition(name)["reason"] for name in names} == {"AuthenticationFailed"}
        logins = [at for at, asked in line.asked if asked == "Token"]
        assert max(sum(begin <= at < begin + 60.0 for at in logins) for begin in logins) <= 2


@pytest.mark.row("kmssecret-21")
def test_twenty_objects_with_one_good_identity_log_in_once_until_most_of_its_life_is_over():
    with Line({"/app": {"A": canary()}}, ttl=1000) as line:
        names = [f"app-{n}" for n in range(20)]
        line.apply(*(kmssecret(name, line.url) for name in names))
        line.run(750.0)
        assert {line.condition(name)["reason"] for name in names} == {"Synced"}
        assert len(line.kms.asked("login")) == 1
        line.run(200.0)
        assert len(line.kms.asked("login")) == 2
        assert {one.status for one in line.kms.asked("list")} <= {200, 304}


@pytest.mark.row("kmssecret-23")
@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_is_replaced_in_the_same_pass(status):
    with Line({"/app": {"A": canary()}}) as line:
        line.apply(kmssecret("app", line.url))
        line.run(120.0)
        line.cluster.requests.clear()
        changed = canary("changed")
        line.kms.model.put(PROJECT.slug, "prod", "/app", {"A": changed})
        line.kms.faults.add(Fault(route="list", count=1, status=status))
        line.run(75.0)
        assert len(line.kms.asked("login")) == 2
        statuses = [one.status for one in line.kms.asked("list")]
        assert statuses[statuses.index(status) + 1] == 200, "refused, then at once again"
        assert line.condition("app")["reason"] == "Synced"
        assert line.status("app")["consecutiveFailures"] == 0
        statuses = [one for one in line.cluster.requests if one.subresource == "status"]
        assert len(statuses) == 1, "the pass that was told is the one that succeeded"


@pytest.mark.row("kmssecret-22")
def test_rotated_credentials_are_used_from_the_next_pass_on():
    rotated = canary("rotated")
    sown = seed({"/app": {"A": canary()}})
    second = Identity("second", Universal("second", SecretValue(rotated)), grants=sown.identities[0].grants)
    with Line({}) as line, DevServer(evolve(sown, identities=(*sown.identities, second)), clock=line.clock) as kms:
        line.apply(kmssecret("app", kms.url))
        line.run(120.0)
        before = line.secret("app")
        keys = {"stringData": {"clientId": "second", "clientSecret": rotated}}
        line.cluster.patch("secrets", CREDENTIALS, keys, namespace=NAMESPACE)
        kms.model.revoke_tokens()
        kms.model.put(PROJECT.slug, "prod", "/app", {"A": canary("changed")})
        line.run(61.0)
        assert [one.status for one in kms.asked("login")] == [200, 200], "no restart, and no try with the old ones"
        assert 401 not in {one.status for one in kms.asked("list")}, "the old token was not used any more"
        assert line.secret("app")["data"] != before["data"]
        assert line.condition("app")["reason"] == "Synced"


# -- what others allow


@pytest.mark.row("kmssecret-64")
def test_deny_keeps_objects_in_their_namespace_and_reads_nothing():
    with Line({"/app": {"A": canary()}}, cross_namespace=CrossNamespace.DENY) as line:
        reads, writes, home = kmssecret("reads", line.url), elsewhere(line.url), kmssecret("home", line.url)
        reads["spec"]["authentication"]["universalAuth"]["credentialsRef"]["secretNamespace"] = ELSEWHERE
        line.apply(reads, writes, home)
        line.run(60.0)
        assert line.condition("home")["reason"] == "Synced"
        ready = line.condition("reads")
        assert (ready["reason"], ready["message"]) == (
            "CredentialsNotFound",
            f"Secret {ELSEWHERE}/{CREDENTIALS} is in another namespace, which this operator forbids; use one of shop",
        )
        ready = line.condition("app")
        assert (ready["reason"], ready["message"]) == (
            "TargetForbidden",
            f"Secret {ELSEWHERE}/app is in another namespace, which this operator forbids; use one of shop",
        )
        touched = [one for one in line.cluster.requests if one.resource == "secrets" and one.namespace == ELSEWHERE]
        assert touched == []


@pytest.mark.row("kmssecret-64")
@pytest.mark.parametrize("grant", [NAMESPACE, "*", f"web, {NAMESPACE}"])
def test_annotated_asks_the_owner_of_what_is_used(grant):
    with Line({"/app": {"A": canary()}}, cross_namespace=CrossNamespace.ANNOTATED) as line:
        data = {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}
        line.cluster.create("secrets", {"metadata": {"name": CREDENTIALS}, "stringData": data}, namespace=ELSEWHERE)
        manifest = elsewhere(line.url)
        manifest["spec"]["authentication"]["universalAuth"]["credentialsRef"]["secretNamespace"] = ELSEWHERE
        line.apply(manifest)
        line.run(60.0)
        message = line.condition("app")["message"]
        assert line.condition("app")["reason"] == "CredentialsNotFound"
        assert message.endswith(f'is not there or not open to shop; have it annotated {GRANT}: "shop"')

        annotated = {"metadata": {"annotations": {GRANT: grant}}}
        line.cluster.patch("secrets", CREDENTIALS, annotated, namespace=ELSEWHERE)
        line.run(75.0)
        assert line.condition("app")["reason"] == "TargetForbidden"
        assert f"Namespace {ELSEWHERE} is not there or not open to shop" in line.condition("app")["message"]
        assert not line.exists("secrets", "app", ELSEWHERE)

        line.cluster.patch("namespaces", ELSEWHERE, annotated)
        line.run(75.0)
        assert line.condition("app")["reason"] == "Synced"
        before = line.cluster.get("secrets", "app", namespace=ELSEWHERE)

        line.cluster.patch("namespaces", ELSEWHERE, {"metadata": {"annotations": {GRANT: "web"}}})
        line.run(75.0)  # a grant is looked at once an interval
        line.kms.model.put(PROJECT.slug, "prod", "/app", {"A": canary("changed")})
        line.run(75.0)
        assert line.condition("app")["reason"] == "TargetForbidden"
        assert line.cluster.get("secrets", "app", namespace=ELSEWHERE) == before

        line.cluster.delete("kmssecrets", "app", namespace=NAMESPACE)
        line.run(75.0)
        assert not line.exists("kmssecrets", "app"), "to clean up needs no grant"
        assert not line.exists("secrets", "app", ELSEWHERE)


@pytest.mark.row("kmssecret-64")
@pytest.mark.parametrize("policy", [CrossNamespace.ANNOTATED, CrossNamespace.DENY], ids=str)
def test_a_bundle_of_another_namespace_is_the_operators_to_give(policy):
    """What the operator's ConfigMap names is for everybody; what an object names needs leave."""
    with Line({"/app": {"A": canary()}}, cross_namespace=policy) as line:
        line.config(**{"tls.caRef.secretNamespace": ELSEWHERE, "tls.caRef.secretName": "ca", "tls.caRef.key": "ca.crt"})
        line.apply(kmssecret("shared", line.url))
        own = kmssecret("own", line.url)
        own["spec"]["tls"] = {"caRef": {"secretNamespace": ELSEWHERE, "secretName": "another", "key": "ca.crt"}}
        line.apply(own)
        line.run(60.0)
        assert line.condition("shared")["message"].startswith(f"Secret {ELSEWHERE}/ca does not exist; create it")
        assert line.condition("own")["reason"] == "TLSConfigError"
        assert "does not exist" not in line.condition("own")["message"], "nobody learns what is there"
        if policy is CrossNamespace.DENY:
            assert not [one for one in line.cluster.requests if one.name == "another"]


# -- the operator's ConfigMap


@pytest.mark.row("kmssecret-16")
def test_a_host_of_the_config_map_is_used_and_its_change_is_followed_with_a_new_login():
    values = {"A": canary("first")}, {"A": canary("second")}
    with Line({"/app": values[0]}) as line, DevServer(seed({"/app": values[1]}), clock=line.clock) as second:
        bare = kmssecret("bare", "")
        del bare["spec"]["hostAPI"]
        line.apply(bare, kmssecret("named", line.url))
        line.run(30.0)
        assert line.condition("bare")["reason"] == "InvalidSpec"
        assert "spec.hostAPI is missing" in line.condition("bare")["message"]

        line.config(hostAPI=f"{line.url}/api")
        line.run(1.0)
        assert line.condition("bare")["reason"] == "Synced"
        first = line.secret("bare")

        line.cluster.patch("configmaps", "kms-config", {"data": {"hostAPI": second.url}}, namespace=OPERATOR_NAMESPACE)
        line.run(1.0)
        assert len(second.asked("login")) == 1
        assert line.secret("bare")["data"] != first["data"]
        assert line.condition("bare")["reason"] == "Synced"
        assert {one.status for one in second.asked("list")} == {200}, "by the host's own login and version"
        assert line.secret("named")["data"] == first["data"], "the object's own word comes first"

        line.cluster.patch("configmaps", "kms-config", {"data": {"hostAPI": "kms"}}, namespace=OPERATOR_NAMESPACE)
        line.run(1.0)
        message = line.condition("bare")["message"]
        assert message.startswith(f"ConfigMap {OPERATOR_NAMESPACE}/kms-config: hostAPI: must start with http")
        assert line.secret("bare")["data"] != first["data"]


def test_half_a_reference_of_the_config_map_is_told():
    with Line({"/app": {"A": canary()}}) as line:
        line.config(**{"tls.caRef.secretName": "ca", "tls.caRef.key": "ca.crt"})
        line.apply(kmssecret("app", line.url))
        line.run(30.0)
        ready = line.condition("app")
        assert ready["reason"] == "TLSConfigError"
        assert ready["message"].startswith("the operator's ConfigMap kms-config has no tls.caRef.secretNamespace; add")
        assert line.kms.asked() == ()


# -- whom to trust


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("authority"))


@pytest.mark.row("kmssecret-32")
@pytest.mark.parametrize("named_by", ["the object", "the ConfigMap"])
def test_a_private_authority_is_trusted_once_it_is_there_and_nothing_goes_out_before(authority, named_by):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem")
    value = canary("value")

    with (
        serving(one_secret(value, path="/app", project=PROJECT.id), tls=context) as kms,
        Line({}, resolve={("kms.test", 443): ("127.0.0.1", kms.port)}) as line,
    ):
        manifest = kmssecret("app", "https://kms.test")
        reference = {"secretNamespace": ELSEWHERE, "secretName": "ca", "key": "ca.crt"}
        if named_by == "the object":
            manifest["spec"]["tls"] = {"caRef": reference}
        else:
            line.config(**{f"tls.caRef.{name}": text for name, text in reference.items()})
        line.apply(manifest)
        line.run(5.0)
        assert (
            line.condition("app")["message"] == f"Secret {ELSEWHERE}/ca does not exist; create it, or correct tls.caRef"
        )

        pem = (authority / "ca.pem").read_text()
        for data, words in (
            ({"wrong": pem}, 'has no key "ca.crt"; add it'),
            ({"ca.crt": "no certificate"}, 'key "ca.crt" of Secret other/ca holds no CA certificates in PEM'),
            ({"ca.crt": pem.replace("M", "-", 3)}, 'key "ca.crt" of Secret other/ca holds no CA certificates in PEM'),
        ):
            if line.exists("secrets", "ca", ELSEWHERE):
                line.cluster.delete("secrets", "ca", namespace=ELSEWHERE)
            line.cluster.create("secrets", {"metadata": {"name": "ca"}, "stringData": data}, namespace=ELSEWHERE)
            line.run(5.0)
            assert line.condition("app")["reason"] == "TLSConfigError"
            assert words in line.condition("app")["message"]
            assert line.condition("app", "LoadedKMSToken")["status"] == "False"
        assert kms.asked == [], "nothing went out without trust"

        line.cluster.patch("secrets", "ca", {"stringData": {"ca.crt": pem}}, namespace=ELSEWHERE)
        line.run(5.0)
        assert line.condition("app")["reason"] == "Synced"
