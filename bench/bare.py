"""The bare loop to compare a burst with: what the operator does for each object, and nothing that it is for.

    python bench/bare.py < PLAN        # one line, a JSON object with the attributes of `Plan`

Logs in, reads each object's folder, and makes the three writes that the operator makes for it: a Secret, an Event, a
status. As many connections as the operator has lead to each server. One JSON object says how long it took.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # The root in place of this folder, whose operator.py is not what the standard library means by that name.
    sys.path[0] = __file__.rsplit("/", 2)[0]

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from queue import SimpleQueue
from urllib.parse import urlencode

from attrs import frozen
from bench.listing import PARAMS


@frozen
class Plan:
    """Where both servers are, who we are to the cluster, and how much of what.

    Attributes:
        readers: Connections to the KMS.
        writers: Connections to the API server.
    """

    kms: str
    cluster: str
    authority: str
    token: str
    namespace: str
    objects: int
    readers: int
    writers: int


class Loop:
    """One run: readers put the number of each object whose folder they have read where writers take it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._numbers = iter(range(plan.objects))
        self._read: SimpleQueue[int | None] = SimpleQueue()
        login = {"clientId": "bench", "clientSecret": "bench"}
        with closing(HTTPConnection(plan.kms)) as kms:
            told = asked(kms, "POST", "/api/v1/auth/universal-auth/login", login, {})
        self._headers = {"Authorization": f"Bearer {told['accessToken']}"}

    def run(self) -> float:
        """Return the seconds that it took."""
        began = time.monotonic()
        with ThreadPoolExecutor(self._plan.readers + self._plan.writers) as pool:
            writing = [pool.submit(self._write) for _ in range(self._plan.writers)]
            for reading in [pool.submit(self._fetch) for _ in range(self._plan.readers)]:
                reading.result()
            for _ in writing:
                self._read.put(None)
            for one in writing:
                one.result()
        return time.monotonic() - began

    def _fetch(self) -> None:
        with closing(HTTPConnection(self._plan.kms)) as kms:
            while (number := next(self._numbers, None)) is not None:
                query = urlencode({**PARAMS, "secretPath": f"/folder-{number}"})
                asked(kms, "GET", f"/api/v4/secrets?{query}", None, self._headers)
                self._read.put(number)

    def _write(self) -> None:
        context = ssl.create_default_context(cafile=self._plan.authority)
        headers = {"Authorization": f"Bearer {self._plan.token}"}
        with closing(HTTPSConnection(self._plan.cluster, context=context)) as cluster:
            while (number := self._read.get()) is not None:
                for method, path, body in writes(number, self._plan.namespace):
                    kind = "merge-patch+json" if method == "PATCH" else "json"
                    asked(cluster, method, path, body, {**headers, "Content-Type": f"application/{kind}"})


def writes(number: int, namespace: str) -> Iterator[tuple[str, str, object]]:
    """Yield what is written for one object."""
    custom = f"/apis/secrets.lux.network/v1alpha1/namespaces/{namespace}/kmssecrets"
    secret = {"metadata": {"name": f"bare-{number}"}, "stringData": {"URL": "postgres://db", "USER": "app"}}
    event = {
        "metadata": {"name": f"bare-{number}"},
        "eventTime": "2030-01-01T00:00:00.000000Z",
        "reportingController": "bench",
        "reportingInstance": "bare",
        "action": "Sync",
        "reason": "Created",
        "type": "Normal",
        "note": "created",
        "regarding": {"kind": "KMSSecret", "namespace": namespace, "name": f"object-{number}"},
    }
    yield "POST", f"/api/v1/namespaces/{namespace}/secrets", secret
    yield "POST", f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", event
    yield "PATCH", f"{custom}/object-{number}/status", {"status": {"secretsCount": 7}}


def asked(
    connection: HTTPConnection, method: str, path: str, body: object, headers: Mapping[str, str]
) -> dict[str, str]:
    content = None if body is None else json.dumps(body)
    connection.request(method, path, content, {"Content-Type": "application/json", **headers})
    response = connection.getresponse()
    answer: dict[str, str] = json.loads(response.read())
    if response.status >= 300:
        raise RuntimeError(f"{method} {path}: {response.status} {answer}")
    return answer


if __name__ == "__main__":
    seconds = Loop(Plan(**json.loads(sys.stdin.readline()))).run()
    print(json.dumps({"seconds": round(seconds, 3), "cpu_seconds": round(time.process_time(), 2)}))
