"""The world of an operator with a real control plane: that of `tests/controlplane`, and the roles of `deploy/`."""

from __future__ import annotations

import json
import ssl
import sys
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from attrs import field, frozen
from bench.programs import Running
from bench.world import RUNNING_IN, Api, Json, prepare

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # where the control plane is

from controlplane.audit import AuditLog
from controlplane.cluster import ACCOUNT, RealCluster
from controlplane.plane import ADMIN, ControlPlane
from real_stand import NAME, install, manifests
from secretsync_k8s.manifests import crd

LASTS: Final = 3600
"""Seconds."""


@frozen
class RealApi(Api):
    """The API server, as who may do everything; what it was asked is in its audit log."""

    context: ssl.SSLContext = field(kw_only=True)
    log: AuditLog = field(kw_only=True)

    def connection(self) -> HTTPConnection:
        return HTTPSConnection(self.address, context=self.context)

    def requests(self) -> list[Json]:
        return [
            {"verb": one.verb, "resource": one.resource, "subresource": one.subresource}
            for one in self.log.read()
            if one.user == ADMIN or one.user.startswith(ACCOUNT)
        ]

    def forget(self) -> None:
        self.log.read().clear()


def start_real(folder: Path, stack: ExitStack) -> tuple[dict[str, Running], Api]:
    """Start a control plane; its operators are their service account, by `kubeconfig` in the folder."""
    plane = stack.enter_context(ControlPlane(crds=[crd("kmssecrets")]))
    context = ssl.create_default_context(cafile=str(plane.authority))
    context.load_cert_chain(plane.user(ADMIN)["client-certificate"], plane.user(ADMIN)["client-key"])
    api = RealApi(urlsplit(plane.url).netloc, context=context, log=AuditLog(plane))
    prepare(api)
    cluster = stack.enter_context(RealCluster(plane))
    install(cluster, manifests())
    token = cluster.token(NAME, namespace=RUNNING_IN, seconds=LASTS)
    (folder / "kubeconfig").write_text(json.dumps(plane.config({"token": token})))
    return {name: Running(process.pid) for name, process in plane.processes.items()}, api
