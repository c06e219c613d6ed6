"""The control plane that tests use: it works as a cluster does, and leaves nothing behind, however its user ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from controlplane.audit import AuditLog
from controlplane.build import Missing, programs
from controlplane.leash import NOTED, Leash, start_of
from controlplane.plane import ControlPlane, NotReady
from stand import eventually

HOLDER = """
import signal, subprocess
from controlplane.leash import Leash
signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores it, and so would we
leash = Leash()
for _ in range(2):
    subprocess.Popen(leash.held(["sleep", "600"]))
print(leash.folder, flush=True)
signal.pause()
"""


def pids(folder: Path) -> list[int]:
    """Return what is noted there so far; a note is written in one go."""
    return [int(text.split()[0]) for note in (folder / NOTED).iterdir() if (text := note.read_text())]


def runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_is_held_ends_with_its_holder(number: signal.Signals) -> None:
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as holder:
        try:
            assert holder.stdout
            folder = Path(holder.stdout.readline().strip())
            held = eventually(lambda: found if len(found := pids(folder)) == 2 else None)
            assert held is not None
            assert all(map(runs, held))
            holder.send_signal(number)
            eventually(lambda: not folder.exists())
            eventually(lambda: not any(map(runs, held)))
        finally:
            holder.kill()


def test_what_has_ended_by_itself_is_no_longer_held() -> None:
    """Its id may be another's by then."""
    with Leash() as leash, subprocess.Popen(["sleep", "600"]) as another:
        subprocess.run(leash.held(["true"]), check=True)
        (note,) = (leash.folder / NOTED).iterdir()
        note.write_text(f"{another.pid} {int(start_of(another.pid) or 0) - 1}")
        leash.close()
        assert another.poll() is None
        another.kill()


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    with pytest.raises(Missing, match="there is no etcd, kube-apiserver, kube-controller-manager, kubectl: set"):
        programs()
    monkeypatch.delenv("KUBEBUILDER_ASSETS")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match=r"no kube-apiserver to test with: set KUBEBUILDER_ASSETS .* or install Go"):
        programs()


class Logging:
    """An API server that notes the next of its lines whenever somebody looks into its log."""

    def __init__(self, path: Path, *stages: str, api_ended: str = "") -> None:
        self.api_ended = api_ended
        self._path = path
        self._lines = [json.dumps({**PATCHED, "stage": stage}) + "\n" for stage in stages]

    @property
    def audit_log(self) -> Path:
        with self._path.open("a") as log:
            log.write(self._lines.pop(0) if self._lines else "")
        return self._path


PATCHED = {
    "auditID": "1",
    "verb": "patch",
    "user": {"username": "operator"},
    "objectRef": {"resource": "secrets", "name": "app"},
    "responseStatus": {"code": 200},
    "requestReceivedTimestamp": "2030-01-01T00:00:00.000001Z",
}


def test_the_answer_to_what_came_is_waited_for(tmp_path: Path) -> None:
    log = AuditLog(Logging(tmp_path / "log", "RequestReceived", "ResponseComplete"))
    assert [(one.verb, one.name) for one in log.read()] == [("patch", "app")]


def test_none_is_waited_for_of_an_api_server_that_was_killed(tmp_path: Path) -> None:
    log = AuditLog(Logging(tmp_path / "log", "RequestReceived", api_ended="2030-01-01T00:00:00.000002Z"))
    assert log.read() == []


def namespaces(plane: ControlPlane) -> set[str]:
    items: list[dict[str, Any]] = plane.get("/api/v1/namespaces")["items"]
    return {one["metadata"]["name"] for one in items}


@pytest.mark.cluster
def test_it_keeps_what_it_holds_over_the_end_of_its_programs() -> None:
    with ControlPlane() as plane:
        eventually(lambda: "default" in namespaces(plane))
        for program in tuple(plane.processes):
            plane.signal(program, signal.SIGKILL)
        plane.start_etcd()
        plane.start_api()
        assert "default" in namespaces(plane)
    assert not plane.leash.folder.exists()


@pytest.mark.cluster
@pytest.mark.parametrize("whose", ["port", "etcd_port"])
def test_a_port_that_another_program_was_quicker_to_take_is_left_to_it(whose: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with ControlPlane(**{whose: port}) as plane:
            assert namespaces(plane)
            assert not plane.url.endswith(f":{port}")


@pytest.mark.cluster
def test_a_program_that_ends_is_told_with_what_it_said() -> None:
    with ControlPlane() as plane:
        plane.signal("kube-apiserver", signal.SIGKILL)
        plane.audit_policy.write_text("nonsense")
        with pytest.raises(NotReady, match=r"(?s)kube-apiserver ended: .*audit"):
            plane.start_api()
