"""Hosts beside each other, each with an authority of its own: nothing of one reaches the other (kmssecret §4 step 2)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

import pytest
from attrs import define, field

from authority import SERVER, made
from canaries import canary, canary_bytes
from loopback import Asked, Loopback, Reply, serving
from stand import NAMESPACE, PROJECT, eventually, kmssecret

PASSES = 500


@define
class Host:
    """A KMS with a certificate of its own authority; `value` is what its one secret holds."""

    folder: Path
    port: int
    moved_to: str = ""
    value: str = field(factory=canary)
    token: str = field(factory=lambda: canary_bytes(32).hex())
    passes: int = 0
    enough: Event = field(factory=Event)
    context: ssl.SSLContext = field(init=False)
    server: Loopback = field(init=False)

    @property
    def url(self) -> str:
        return f"https://{SERVER}:{self.port}"

    @contextmanager
    def serve(self) -> Iterator[None]:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.folder / "server.pem")
        with serving(self.answer, tls=self.context) as self.server:
            yield

    def answer(self, asked: Asked) -> Reply:
        if self.moved_to:
            return Reply(307, (), {"Location": f"{self.moved_to}{asked.target}"})
        if asked.path.endswith("/login"):
            return Reply.of({"accessToken": self.token, "expiresIn": 7200})
        if "slug" in asked.path:
            return Reply.of({"id": PROJECT.id})
        self.passes += 1
        if self.passes >= PASSES:
            self.enough.set()
        return Reply.of({"secrets": [{"secretKey": "A", "secretValue": self.value, "secretPath": "/app"}]})

    def tokens(self) -> set[str]:
        """Return what came in the header of requests that carry a token."""
        return {one.headers["authorization"] for one in self.server.asked if "authorization" in one.headers}


def trust(stand, name: str, folder: Path) -> Mapping[str, str]:
    """Put the authority of a host into the cluster; return how an object refers to it."""
    content = {"ca.crt": (folder / "ca.pem").read_text()}
    stand.cluster.create("secrets", {"metadata": {"name": name}, "stringData": content}, namespace=NAMESPACE)
    return {"secretNamespace": NAMESPACE, "secretName": name, "key": "ca.crt"}


def obj(name: str, url: str, reference: Mapping[str, str]):
    manifest = kmssecret(name, url, interval=3600)
    manifest["spec"]["tls"] = {"caRef": dict(reference)}
    return manifest


def operator(stand, interval: str, *hosts: Host):
    ways = [f"--resolve={SERVER}:{host.port}=127.0.0.1:{host.server.port}" for host in hosts]
    return stand.operator("--max-interval", interval, *ways)


def folder(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return made(tmp_path / name)


@pytest.mark.memory
@pytest.mark.row("kmssecret-31")
def test_no_request_of_one_host_reaches_another(stand, tmp_path):
    first, second = (Host(folder(tmp_path, name), port) for name, port in (("first", 1443), ("second", 2443)))
    moved = Host(folder(tmp_path, "moved"), 3443, moved_to=first.url)
    with ExitStack() as stack:
        for host in (first, second, moved):
            stack.enter_context(host.serve())
        operator(stand, "5ms", first, second, moved)
        hosts = {"first": first, "second": second, "moved": moved}
        stand.apply(*(obj(name, host.url, trust(stand, f"{name}-ca", host.folder)) for name, host in hosts.items()))
        stand.until_ready("first", "second")
        stand.until_reason("moved", "WrongEndpoint")
        for host in (first, second):
            assert host.enough.wait(240.0)
            assert host.tokens() == {f"Bearer {host.token}"}
            assert len([one for one in host.server.asked if one.path.endswith("/login")]) == 1
        assert stand.data("first") == {"A": first.value}
        assert stand.data("second") == {"A": second.value}
        assert stand.data("moved") is None
        assert moved.tokens() == set()


@pytest.mark.memory
@pytest.mark.row("kmssecret-32")
def test_an_authority_is_rotated_without_a_restart(stand, tmp_path):
    host, rotated = Host(folder(tmp_path, "old"), 1443), folder(tmp_path, "new")
    with host.serve():
        operator(stand, "1h", host)
        stand.apply(obj("app", host.url, trust(stand, "ca", host.folder)))
        stand.until_ready("app")
        host.context.load_cert_chain(rotated / "server.pem")
        host.value = canary("rotated")
        content = {"stringData": {"ca.crt": (rotated / "ca.pem").read_text()}}
        stand.cluster.patch("secrets", "ca", content, namespace=NAMESPACE)
        stand.until("secrets", lambda: stand.data("app") == {"A": host.value})
        eventually(lambda: stand.condition("app")["status"] == "True")
