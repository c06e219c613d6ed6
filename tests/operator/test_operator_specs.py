"""What manifests say, and what is said of those that are wrong."""

from __future__ import annotations

import pytest

from canaries import canary
from secretsync.devserver.faults import Fault
from secretsync_k8s.testing import ApiError
from stand import CLIENT_ID, CLIENT_SECRET, CREDENTIALS, NAMESPACE, PROJECT, kmssecret

AUTH = "spec.authentication"
SCOPE = f"{AUTH}.universalAuth.secretsScope"


def spec_of(manifest):
    return manifest["spec"]


def universal(manifest):
    return spec_of(manifest)["authentication"]["universalAuth"]


def edited(manifest, edit):
    edit(manifest)
    return manifest


def both_targets(manifest):
    spec_of(manifest)["managedKubeSecretReferences"] = [{"secretName": "other", "secretNamespace": NAMESPACE}]


def two_methods(manifest):
    spec_of(manifest)["authentication"]["kubernetesAuth"] = {
        "identityId": "x",
        "serviceAccountRef": {"name": "a", "namespace": "b"},
        "secretsScope": {"envSlug": "prod", "secretsPath": "/"},
    }


RULED = ("no target", "both forms of targets")
"""What the rules of the CRD refuse, on an API server that evaluates rules."""

WRONG = {
    "no target": (
        lambda one: spec_of(one).pop("managedSecretReference"),
        "spec.managedSecretReference is missing; name the Secret to keep",
    ),
    "both forms of targets": (
        both_targets,
        "spec names managedSecretReference and managedKubeSecretReferences; keep one of them",
    ),
    "two methods": (
        two_methods,
        f"{AUTH} names several methods (authentication.universalAuth, authentication.kubernetesAuth); keep one",
    ),
    "no method": (lambda one: spec_of(one).pop("authentication"), f"{AUTH} names no method; add universalAuth"),
    "slug and id": (
        lambda one: universal(one)["secretsScope"].update(projectId=PROJECT.id),
        f"{SCOPE} names both projectSlug and projectId; give one of them",
    ),
    "neither slug nor id": (
        lambda one: universal(one)["secretsScope"].pop("projectSlug"),
        f"{SCOPE} names neither projectSlug nor projectId; give one of them",
    ),
    "no host": (
        lambda one: spec_of(one).pop("hostAPI"),
        "spec.hostAPI is missing, and the operator has no default; name the KMS's in-cluster address",
    ),
    "a host that is none": (
        lambda one: spec_of(one).update(hostAPI="kms.shop.svc"),
        "spec.hostAPI: must start with http:// or https://",
    ),
    "a name that is none": (
        lambda one: spec_of(one)["managedSecretReference"].update(secretName="Example_Secrets"),
        'spec.managedSecretReference.secretName "Example_Secrets" is no name; use lower-case letters, digits',
    ),
}


@pytest.mark.row("kmssecret-10", "kmssecret-11", "kmssecret-13", "kmssecret-15")
def test_a_wrong_spec_is_told_with_place_and_remedy_and_asks_nobody(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    stand.operator()
    names = {f"wrong-{n}": what for n, what in enumerate(WRONG)}
    for name, what in tuple(names.items()):
        if stand.has_rules and what in RULED:
            del names[name]
            with pytest.raises(ApiError, match="spec: FieldValueInvalid"):
                stand.apply(edited(kmssecret(name, kms.url), WRONG[what][0]))
    stand.apply(*(edited(kmssecret(name, kms.url), WRONG[what][0]) for name, what in names.items()))
    for name, what in names.items():
        message = stand.until_reason(name, "InvalidSpec")["message"]
        assert WRONG[what][1] in message, what
        assert stand.condition(name, "LoadedKMSToken")["status"] == "False"
        assert stand.until_event(name, "InvalidSpec")["type"] == "Warning"
    assert kms.asked() == ()


def test_all_that_is_wrong_is_told_at_once_and_mending_it_helps_at_once(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    stand.operator()
    manifest = kmssecret("app", "kms.shop.svc")
    for what in ("two methods", "slug and id", "a name that is none"):
        WRONG[what][0](manifest)
    stand.apply(manifest)
    message = stand.until_reason("app", "InvalidSpec")["message"]
    assert message.split("; ")[0] == "spec.hostAPI: must start with http:// or https://, as in https://kms.example"
    for what in ("two methods", "slug and id", "a name that is none"):
        assert WRONG[what][1] in message

    right = kmssecret("app", kms.url)
    right["spec"]["authentication"]["kubernetesAuth"] = None
    universal(right)["secretsScope"]["projectId"] = None
    stand.cluster.patch("kmssecrets", "app", {"spec": right["spec"]}, namespace=NAMESPACE)
    stand.until_ready("app")


@pytest.mark.row("kmssecret-7")
@pytest.mark.parametrize(
    ("written", "stored"), [(None, 60), (9, None), (10, 10), ("60s", None)], ids=["omitted", "9", "10", "text"]
)
def test_the_schema_of_the_interval(stand, written, stored):
    manifest = kmssecret("app", "http://kms.test")
    spec_of(manifest).pop("resyncInterval")
    if written is not None:
        spec_of(manifest)["resyncInterval"] = written
    if stored is None:
        with pytest.raises(ApiError, match="resyncInterval"):
            stand.apply(manifest)
    else:
        stand.apply(manifest)
        assert stand.object("app")["spec"]["resyncInterval"] == stored


@pytest.mark.row("kmssecret-12", "kmssecret-14")
def test_forms_of_addresses_and_empty_blocks_mean_the_same(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    stand.operator()
    manifests = [kmssecret(f"app-{n}", kms.url) for n in range(5)]
    for manifest, ending in zip(manifests, ("/api", "/api/", "/", "", "/api"), strict=True):
        spec_of(manifest)["hostAPI"] = kms.url + ending
    spec_of(manifests[4])["authentication"]["serviceToken"] = {
        "serviceTokenSecretReference": {"secretName": "", "secretNamespace": ""},
        "secretsScope": {"envSlug": "", "secretsPath": ""},
    }
    spec_of(manifests[4])["tokenSecretReference"] = {"secretName": "", "secretNamespace": ""}
    stand.apply(*manifests)
    stand.until_ready(*(f"app-{n}" for n in range(5)))
    assert {one.path for one in kms.asked()} == {
        "/api/v1/auth/universal-auth/login",
        f"/api/v1/projects/slug/{PROJECT.slug}",
        "/api/v4/secrets",
    }
    assert len(kms.asked("login")) == 1


@pytest.mark.row("kmssecret-17", "kmssecret-18")
def test_credentials_that_come_late_are_taken_at_once(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    stand.cluster.delete("secrets", CREDENTIALS, namespace=NAMESPACE)
    stand.operator("--max-interval", "1h")
    stand.apply(kmssecret("app", kms.url, interval=3600))
    missing = stand.until_reason("app", "CredentialsNotFound")["message"]
    assert missing == f"Secret shop/{CREDENTIALS} does not exist; create it, or correct the reference to it"

    stand.credentials(clientId=CLIENT_ID)
    half = stand.until("kmssecrets", lambda: "clientSecret" in (text := stand.condition("app")["message"]) and text)
    assert half == f"clientSecret missing or empty in Secret shop/{CREDENTIALS}"
    assert kms.asked() == ()

    stand.credentials_changed(clientSecret=CLIENT_SECRET)
    stand.until("secrets", lambda: stand.data("app"))
    stand.until_ready("app")


def test_credentials_put_right_are_used_at_once(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    stand.credentials_changed(clientSecret=canary("old"))
    stand.operator("--max-interval", "1h")
    stand.apply(kmssecret("app", kms.url, interval=3600))
    stand.until_reason("app", "AuthenticationFailed")
    stand.credentials_changed(clientSecret=CLIENT_SECRET)
    stand.until("secrets", lambda: stand.data("app"))
    stand.until_ready("app")


@pytest.mark.row("kmssecret-58")
def test_of_a_key_in_two_folders_the_last_counts(stand):
    last = canary("last")
    folders = {"/app/a": {"A": canary("first"), "B": canary()}, "/app/z": {"A": last}, "/app": {"A": canary("top")}}
    kms = stand.kms(folders)
    stand.operator()
    stand.apply(kmssecret("app", kms.url, recursive=True))
    stand.until_ready("app")
    assert stand.data("app") == {"A": last, "B": folders["/app/a"]["B"]}
    event = stand.until_event("app", "DuplicateKeys")
    assert (event["type"], event["note"]) == (
        "Warning",
        'key "A" stands in /app, /app/a, /app/z; the last counts',
    )

    kms.model.put(PROJECT.slug, "prod", "/app/a", folders["/app/a"] | {"B": canary("new")})
    stand.until_event("app", "Updated")
    assert len(stand.events("app", "DuplicateKeys")) == 1, "told once, not at each change"
    kms.model.delete(PROJECT.slug, "prod", "/app/z", ["A"])
    kms.model.delete(PROJECT.slug, "prod", "/app", ["A"])
    stand.until("secrets", lambda: (stand.data("app") or {})["A"] == folders["/app/a"]["A"])


@pytest.mark.memory
@pytest.mark.row("kmssecret-66")
def test_a_run_through_everything_shows_no_secret(stand):
    """Every test of the operator ends with this search; here it looks at a life with all sorts of trouble in it."""
    kms = stand.kms({"/app": {"A": canary(), "B": canary()}, "/odd": {"not a key": canary()}, "/gone": {"A": canary()}})
    operator = stand.operator()
    stand.apply(*(kmssecret(name, kms.url, path=f"/{name}") for name in ("app", "odd", "gone")))
    stand.until_ready("app", "gone")
    assert '"not a key"' in stand.until_reason("odd", "InvalidKey")["message"]

    stand.cluster.patch("secrets", "app", {"stringData": {"A": canary("by hand")}}, namespace=NAMESPACE)
    stand.until_event("app", "DriftCorrected")
    kms.model.put(PROJECT.slug, "prod", "/app", {"C": canary("new")})
    stand.until("secrets", lambda: set(stand.data("app")) == {"A", "B", "C"})
    kms.model.revoke_tokens()
    kms.faults.add(Fault(route="list", count=2, body="truncated"))
    kms.model.delete(PROJECT.slug, "prod", "/gone", ["A"])
    stand.until_reason("gone", "PathNotFound")
    stand.credentials_changed(clientSecret=canary("wrong"))
    stand.until_reason("app", "AuthenticationFailed")
    stand.cluster.fail(verb="patch", resource="kmssecrets", status=422)
    stand.credentials_changed(clientSecret=CLIENT_SECRET)
    stand.until_ready("app")

    assert operator.stop() == 0
    assert set(operator.seen) == {"cmdline", "environ"}
    assert {where for where, _ in stand.told()} >= {"log", "/metrics", "cmdline", "environ", "kmssecrets"}
    stand.check()
