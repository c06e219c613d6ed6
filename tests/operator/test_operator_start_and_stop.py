"""How the operator starts, waits, refuses to start and ends: exit codes, probes, what it says (kmssecret §8.4)."""

from __future__ import annotations

import signal
import socket
from contextlib import closing
from time import monotonic

import pytest

from canaries import canary
from secretsync.devserver.faults import Fault
from secretsync_k8s.testing import ClusterServer
from stand import Stand, eventually, kmssecret

FLAG = "flag -{}: parse error; {}"


def refused(stand: Stand, *argv: str, **environ: str) -> list[str]:
    """Start it, and return what it said before it ended with code 2."""
    operator = stand.operator(*argv, **environ)
    assert operator.wait() == 2
    return [line for line in operator.lines if not line.startswith("{")]


def test_wrong_flags_are_told_all_at_once(stand):
    said = refused(stand, "-max-interval=fast", "-resolve", "kms", "-zap-log-level=loud", "-leader-elect=maybe")
    assert [line.partition(" for ")[::2] for line in said] == [
        (
            'secretsync-operator: invalid value "fast"',
            FLAG.format("max-interval", "write a duration above 0 such as 500ms, 2s or 1m30s"),
        ),
        (
            'secretsync-operator: invalid value "kms"',
            FLAG.format("resolve", "write HOST:PORT=ADDR or HOST:PORT=ADDR:PORT"),
        ),
        ('secretsync-operator: invalid value "loud"', FLAG.format("zap-log-level", "write debug, info, warn or error")),
        ('secretsync-operator: invalid boolean value "maybe"', "-leader-elect: parse error; write true or false"),
    ]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        pytest.param(
            ("-resolve=kms:80=",), 'invalid value "kms:80=" for flag -resolve: parse error', id="half a mapping"
        ),
        pytest.param(("-max-interval=0",), "write a duration above 0 such as 500ms", id="no interval"),
        pytest.param(("-host-apI=x",), "not defined: -host-apI; did you mean -host-api?", id="unknown flag"),
        pytest.param(("serve",), 'unexpected argument "serve"; every setting is a flag', id="word"),
        pytest.param(("-health-probe-bind-address=8081",), '"8081" is no address; write host:port', id="address"),
    ],
)
def test_a_wrong_flag_is_told_with_its_remedy(stand, argv, told):
    said = refused(stand, *argv)
    assert len(said) == 1
    assert said[0].startswith("secretsync-operator: ")
    assert told in said[0]


@pytest.mark.parametrize("flag", ["--health-probe-bind-address", "--metrics-bind-address"])
def test_a_port_in_use_is_told_with_its_flag(stand, flag):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        (said,) = refused(stand, flag, address)
    assert said == (
        f"secretsync-operator: {flag}: cannot listen on {address}: another process listens there; "
        f"name another address with {flag}"
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="absent"),
        pytest.param("{", id="no YAML"),
        pytest.param("apiVersion: v1\nkind: Config\n", id="no context"),
        pytest.param(f"users: [{{user: {{token: '{canary('token')}'}}}}]", id="half of it"),
    ],
)
def test_an_unusable_kubeconfig_is_told_without_its_content(stand, tmp_path, text):
    path = tmp_path / "other"
    if text is not None:
        path.write_text(text, "utf-8")
    (said,) = refused(stand, "--kubeconfig", str(path))
    assert f"kubeconfig {path} gives no connection to a cluster" in said
    assert "name one with --kubeconfig" in said


def test_it_waits_for_an_api_server_and_says_so(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    port = int(stand.api.url.rpartition(":")[-1])
    stand.api.close()
    operator = stand.operator()
    assert "waiting for the API server" in operator.line("waiting for")
    assert operator.page("/readyz") == (503, "waiting for the API server\n")
    assert operator.page("/healthz") == (200, "ok: waiting for the API server\n")
    assert operator.page("/metrics")[0] == 200

    with ClusterServer(stand.cluster, port=port):
        stand.apply(kmssecret("app", kms.url))
        stand.until_ready("app")
        eventually(lambda: operator.page("/readyz") == (200, "ok\n"))
        assert operator.stop() == 0


def test_it_outlives_an_outage_of_the_api_server(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    operator = stand.operator()
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")

    stand.cluster.outage(down=True)
    eventually(lambda: operator.page("/readyz") == (503, "the API server cannot be followed\n"))
    assert operator.page("/healthz") == (200, "ok\n")
    stand.cluster.outage(down=False)
    changed = canary("changed")
    kms.model.put("shop-k2x9", "prod", "/app", {"A": changed})
    stand.until("secrets", lambda: stand.data("app") == {"A": changed})
    eventually(lambda: operator.page("/readyz") == (200, "ok\n"))


@pytest.mark.parametrize("what", ["a host that hangs", "an API server out of reach", "nothing to do"])
def test_sigterm_ends_it_within_two_seconds(stand, what):
    kms = stand.kms({"/app": {"A": canary()}})
    operator = stand.operator()
    if what == "a host that hangs":
        kms.faults.add(Fault(hang=True))
        stand.apply(*(kmssecret(f"app-{n}", kms.url) for n in range(20)))
        eventually(kms.asked)
    elif what == "an API server out of reach":
        operator.line('"running"')
        stand.cluster.outage(down=True)
        operator.line("cannot follow")
    else:
        operator.line('"running"')
    begun = monotonic()
    assert operator.stop() == 0
    assert monotonic() - begun < 2.0
    stand.cluster.outage(down=False)


def test_sigterm_ends_it_whichever_thread_is_handed_it(stand):
    operator = stand.operator()
    operator.line('"running"')
    operator.signal_another_thread(signal.SIGTERM)
    assert operator.wait(timeout=20.0) == 0


def test_help_lists_the_flags(stand):
    operator = stand.operator("--help")
    assert operator.wait() == 0
    assert "Usage of secretsync-operator:" in operator.lines
    assert "  -host-api string" in operator.lines
    assert "    \tFrom which level on to log (default info)" in operator.lines
