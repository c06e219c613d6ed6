"""What goes wrong outside: no failure ever empties or deletes a target, and each says what it is (kmssecret §4.1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count

import pytest
from attrs import define, field, frozen

from canaries import canary, canary_bytes
from loopback import Asked, Loopback, Reply, serving
from secretsync.client_policy import OPERATOR
from secretsync.devserver.faults import Fault
from secretsync.devserver.server import DevServer
from stand import CLIENT_ID, CREDENTIALS, PROJECT, Stand, eventually, kmssecret, seed

KEYS = ("A", "B", "C")
FOLDERS = ("/first", "/later")
BEFORE = canary("before")
"""What stands in a Secret of the same name before its object comes."""


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """One operator for all the failures: each has a namespace and a KMS of its own."""
    with Stand(tmp_path_factory.mktemp("crowd")) as made:
        made.operator()
        yield made


@define
class Site:
    """A namespace, the KMS that its objects name, and what their manifests say. `elsewhere` must never be asked."""

    stand: Stand
    namespace: str
    host: str
    kms: DevServer | None = None
    broken: bool = False
    spec: dict[str, object] = field(factory=dict)
    elsewhere: Loopback | None = None

    def apply(self, name: str, policy: str, *, path: str) -> None:
        manifest = kmssecret(name, self.host, namespace=self.namespace, policy=policy, path=path)
        self.stand.apply(merged(manifest, {"spec": self.spec}))

    def edit(self, **spec: object) -> None:
        """Change every manifest from now on, and those that are there."""
        self.spec |= spec
        for item in self.stand.cluster.list("kmssecrets", namespace=self.namespace)["items"]:
            name = item["metadata"]["name"]
            self.stand.cluster.patch("kmssecrets", name, {"spec": self.spec}, namespace=self.namespace)

    def scope(self, **scope: object) -> None:
        self.edit(authentication={"universalAuth": {"secretsScope": scope}})

    def replace_credentials(self, **keys: str) -> None:
        self.stand.cluster.delete("secrets", CREDENTIALS, namespace=self.namespace)
        if keys:
            self.stand.credentials(namespace=self.namespace, **keys)


def merged(target: dict[str, object], patch: dict[str, object]) -> dict[str, object]:
    """Return the target with the patch merged in, as in a JSON merge patch without removals."""
    both = {key: merged(target.get(key) or {}, value) for key, value in patch.items() if isinstance(value, dict)}
    return target | patch | both


# -- what can go wrong


def faulty(**how: object) -> Callable[[Site], None]:
    """The KMS answers wrongly."""

    def fails(site: Site) -> None:
        site.kms.faults.add(Fault(**{"route": "list", **how}))

    return fails


def wrong_credentials(site: Site) -> None:
    site.replace_credentials(clientId=CLIENT_ID, clientSecret=canary("wrong"))


def emptied(site: Site) -> None:
    for path in FOLDERS:
        site.kms.model.delete(PROJECT.slug, "prod", path, KEYS)


def broken(site: Site) -> None:
    site.broken = True


@frozen
class Failure:
    """What fails, the reason of the condition, and what its message must hold."""

    fails: Callable[[Site], None]
    reason: str
    words: str
    own: bool = True
    """The development KMS can do it; otherwise it is one made up for the purpose."""


FAILURES = {
    "login 401": Failure(wrong_credentials, "AuthenticationFailed", "authentication failed"),
    "list 401": Failure(faulty(status=401), "AuthenticationFailed", "authentication failed"),
    "list 403": Failure(faulty(status=403), "Forbidden", "forbidden"),
    "hidden values": Failure(broken, "Forbidden", "forbidden: the server hides the value of A", own=False),
    "unknown project": Failure(lambda site: site.scope(projectSlug="gone"), "ProjectNotFound", "project not found"),
    "unknown path": Failure(lambda site: site.scope(secretsPath="/gone"), "PathNotFound", "path not found"),
    "unknown environment": Failure(
        lambda site: site.scope(envSlug="gone", recursive=True), "EnvironmentNotFound", "no such environment"
    ),
    "empty list": Failure(emptied, "PathNotFound", "path not found"),
    "429": Failure(faulty(status=429, retry_after=1), "RateLimited", "too many requests"),
    "500": Failure(faulty(status=500), "KMSUnreachable", "the server failed"),
    "502 with a proxy's page": Failure(faulty(status=502, body="html"), "KMSUnreachable", "the server failed"),
    "200 with a proxy's page": Failure(faulty(body="html"), "WrongEndpoint", "this is not the KMS API"),
    "connection reset": Failure(faulty(reset=True), "KMSUnreachable", "the connection broke off"),
    "truncated JSON": Failure(faulty(body="truncated"), "KMSUnreachable", "the connection broke off"),
    "redirect elsewhere": Failure(broken, "WrongEndpoint", "where nothing is sent", own=False),
    "KMS down": Failure(lambda site: site.kms.stop(), "KMSUnreachable", "the connection was refused"),
    "plain HTTP where TLS is wanted": Failure(
        lambda site: site.edit(hostAPI=site.host.replace("http:", "https:")), "TLSError", "does it speak https"
    ),
    "credentials gone": Failure(
        Site.replace_credentials, "CredentialsNotFound", f"{CREDENTIALS} does not exist; create it"
    ),
    "key of credentials gone": Failure(
        lambda site: site.replace_credentials(clientId="ci"), "CredentialsNotFound", "clientSecret missing or empty"
    ),
}

_serial = count(1)


@contextmanager
def site_of(stand: Stand, name: str, failure: Failure) -> Iterator[Site]:
    namespace = f"site-{next(_serial)}"
    stand.namespace(namespace)
    values = {key: canary(key) for key in KEYS}
    with ExitStack() as stack:
        if failure.own:
            kms = stack.enter_context(DevServer(seed(dict.fromkeys(FOLDERS, values))))
            yield Site(stand, namespace, kms.url, kms)
            return
        elsewhere = stack.enter_context(serving(lambda asked: Reply.of({})))
        site = Site(stand, namespace, "", elsewhere=elsewhere)
        wrong = _hidden(values) if name == "hidden values" else Reply(302, headers={"Location": f"{elsewhere.url}/api"})
        site.host = stack.enter_context(serving(lambda asked: _made_up(asked, site, values, wrong))).url
        yield site


def _made_up(asked: Asked, site: Site, values: dict[str, str], wrong: Reply) -> Reply:
    """Answer as a KMS with one folder does, until it is broken."""
    if asked.path.endswith("/login"):
        return Reply.of({"accessToken": canary_bytes(32).hex(), "expiresIn": 7200})
    if "slug" in asked.path:
        return Reply.of({"id": PROJECT.id})
    return wrong if site.broken else Reply.of({"secrets": [_row(key, text) for key, text in values.items()]})


def _row(key: str, text: str, **more: object) -> dict[str, object]:
    return {"secretKey": key, "secretValue": text, "secretPath": "/app", **more}


def _hidden(values: dict[str, str]) -> Reply:
    rows = [_row(key, text, secretValueHidden=key == "A") for key, text in values.items()]
    return Reply.of({"secrets": rows})


@pytest.mark.row("kmssecret-25", "kmssecret-26")
@pytest.mark.parametrize("name", FAILURES)
def test_no_failure_empties_or_deletes_a_target(crowd, name):
    """At the first sync, at a later one and while the object goes; for both policies."""
    failure = FAILURES[name]
    with site_of(crowd, name, failure) as site:
        namespace = site.namespace
        for policy in ("Orphan", "Owner"):
            site.apply(f"later-{policy.lower()}", policy, path="/later")
        crowd.until_ready("later-orphan", "later-owner", namespace=namespace)

        failure.fails(site)
        for policy in ("Orphan", "Owner"):
            old = {"metadata": {"name": f"first-{policy.lower()}"}, "stringData": {"OLD": BEFORE}}
            crowd.cluster.create("secrets", old, namespace=namespace)
            site.apply(f"first-{policy.lower()}", policy, path="/first")
        names = ["later-orphan", "later-owner", "first-orphan", "first-owner"]
        targets = {one: crowd.secret(one, namespace=namespace) for one in names}
        crowd.forget()
        for one in names:
            assert failure.words in crowd.until_reason(one, failure.reason, namespace=namespace)["message"]
            assert crowd.condition(one, "ReadyToSyncSecrets", namespace=namespace)["status"] == "False"
            assert crowd.condition(one, "AutoRedeployReady", namespace=namespace)["reason"] == "Stopped"
        assert {one: crowd.secret(one, namespace=namespace) for one in names} == targets
        assert [one for one in crowd.writes("secrets") if one.namespace == namespace] == []

        crowd.forget()
        for one in names:
            crowd.cluster.delete("kmssecrets", one, namespace=namespace)
        crowd.until("secrets", lambda: crowd.data("later-owner", namespace=namespace) is None)
        stays = [one for one in names if one != "later-owner"]
        assert {one: crowd.secret(one, namespace=namespace) for one in stays} == {one: targets[one] for one in stays}
        assert [one for one in crowd.writes("secrets") if one.namespace == namespace] == []
        assert site.elsewhere is None or site.elsewhere.asked == []


@pytest.mark.row("kmssecret-29")
def test_hosts_that_hang_delay_nothing_of_another(stand):
    paths = [f"/app-{n}" for n in range(20)]
    hanging = [stand.kms({path: {"A": canary()} for path in paths}) for _ in range(3)]
    fine = stand.kms({"/app": {"A": canary()}})
    stand.operator()
    for host, kms in enumerate(hanging):
        kms.faults.add(Fault(route="list", hang=True))
        stand.apply(*(kmssecret(f"hanging-{host}-{n}", kms.url, path=path) for n, path in enumerate(paths)))
    eventually(lambda: all(len(kms.asked("list")) == OPERATOR.in_flight for kms in hanging))
    names = [f"fine-{n}" for n in range(5)]
    stand.apply(*(kmssecret(name, fine.url) for name in names))
    stand.until_ready(*names)

    changed = canary("changed")
    fine.model.put(PROJECT.slug, "prod", "/app", {"A": changed})
    stand.until("secrets", lambda: all(stand.data(name) == {"A": changed} for name in names))
    assert stand.data("hanging-0-0") is None


def test_a_failure_is_told_once_and_its_end_too(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    operator = stand.operator()
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    kms.faults.add(Fault(route="list", status=403))
    stand.until_reason("app", "Forbidden")
    stand.until("kmssecrets", lambda: stand.object("app")["status"]["consecutiveFailures"] >= 2)
    kms.faults.clear()
    stand.until_ready("app")

    (event,) = stand.events("app", "Forbidden")
    assert event["type"] == "Warning"
    assert stand.object("app")["status"]["consecutiveFailures"] == 0
    told = [line for line in operator.logged() if "Forbidden" in line["msg"]]
    assert [line["level"] for line in told] == ["warning"]
    assert json.loads(operator.line("Synced again"))["msg"] == "KMSSecret shop/app: Synced again: 1 key in 1 Secret"
