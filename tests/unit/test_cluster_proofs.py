"""Tokens of service accounts from the cluster, and what its refusals mean for a login at the KMS."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from proofs import FakeProofs
from secretsync.auth.kubernetes import KubernetesAuth, ServiceAccountRef
from secretsync.auth.logins import Logins
from secretsync.client_policy import OPERATOR
from secretsync.clock import Deadline
from secretsync.errors import CredentialsNotFound
from secretsync.http import Http
from secretsync.ports import Proofs
from secretsync.queries import Identity
from secretsync.runtime.clock import SystemClock
from secretsync.values import SecretValue
from secretsync_k8s.cluster.proofs import ClusterProofs
from secretsync_k8s.cluster.resources import NAMESPACES, SERVICE_ACCOUNTS
from secretsync_k8s.testing import MemoryCluster
from secretsync_k8s.testing.direct import DirectTransport

CLOCK = SystemClock()
LOCAL = FakeProofs(variables={"V": "v"}, files={"/f": "f"})


@pytest.fixture
def cluster() -> MemoryCluster:
    made = MemoryCluster()
    transport = DirectTransport(made)
    transport.request("POST", NAMESPACES.path(), body={"metadata": {"name": "app"}})
    transport.request("POST", SERVICE_ACCOUNTS.path("app"), body={"metadata": {"name": "web"}})
    return made


@pytest.fixture
def proofs(cluster: MemoryCluster) -> Proofs:
    return ClusterProofs(DirectTransport(cluster), LOCAL)


@pytest.fixture
def http() -> Iterator[Http]:
    client = Http(OPERATOR, CLOCK)
    yield client
    client.close()


def claims(token: SecretValue) -> dict[str, object]:
    part = token.text().split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


@pytest.mark.parametrize("audiences", [(), ("kms",)])
def test_a_token_is_of_the_account_and_for_ten_minutes(proofs: Proofs, audiences: tuple[str, ...]) -> None:
    token = proofs.service_account_token(
        namespace="app", name="web", audiences=audiences, deadline=Deadline.after(5.0, CLOCK)
    )
    said = claims(token)
    assert said["sub"] == "system:serviceaccount:app:web"
    assert int(str(said["exp"])) - int(str(said["iat"])) == 600
    assert not audiences or said["aud"] == ["kms"]


def test_an_account_that_is_not_there_is_told(proofs: Proofs) -> None:
    with pytest.raises(CredentialsNotFound, match="there is no service account app/none"):
        proofs.service_account_token(namespace="app", name="none", audiences=(), deadline=Deadline(CLOCK))


def test_everything_else_is_this_machines(proofs: Proofs) -> None:
    assert (proofs.variable("V"), proofs.file("/f")) == ("v", SecretValue("f"))


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_cluster_that_refuses_says_nothing_about_the_kms(
    cluster: MemoryCluster, proofs: Proofs, http: Http, status: int
) -> None:
    cluster.fail(status=status, resource="serviceaccounts")
    by = KubernetesAuth(identity_id="i", service_account_ref=ServiceAccountRef(name="web", namespace="app"))
    logins = Logins(http, OPERATOR, chance=lambda: 0.0, proofs=proofs)
    with pytest.raises(CredentialsNotFound, match="the cluster gives no token of the service account app/web"):
        logins.token(Identity("http://127.0.0.1:1", by), {}, deadline=Deadline(CLOCK))
