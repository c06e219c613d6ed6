"""The API server through the `kubernetes` package: its configuration, TLS, credentials and connections, nothing else.

Objects are plain JSON. The package's model classes cost twice the time of a list and are not used; importing the
package costs about 0.3 s (0.6 s without compiled bytecode) and 35 MB, which only `connect` pays.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from secretsync.errors import (
    AuthenticationFailed,
    BackendError,
    InvalidInput,
    MissingExtra,
    TLSError,
    Unavailable,
    WrongEndpoint,
)

from .transport import API, JSON, TIMEOUT, Body, Json, refused

if TYPE_CHECKING:
    from kubernetes.client.api_client import ApiClient
    from kubernetes.client.configuration import Configuration
    from urllib3.response import BaseHTTPResponse

_POOL: Final = 64
"""Connections kept: every worker and every watch holds one."""
_CONNECT: Final = 5.0
_CHUNK: Final = 1 << 16
_RESET: Final = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
"""Closing sends a reset and drops what is still to be sent. By default the kernel would go on sending a request that was
given up, for minutes: when a network comes back, a write of a leader of long ago would arrive."""
_TOKEN_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


def connect(*, kubeconfig: str = "", environ: Mapping[str, str], user_agent: str = "secretsync") -> ClientTransport:
    """Return the transport to the cluster that the configuration names; nothing is sent yet.

    Looked at in this order, as other programs do: `kubeconfig`, the variable KUBECONFIG, the service account of the
    pod, ~/.kube/config.

    Raises:
        InvalidInput: There is no usable configuration.
        MissingExtra: The `kubernetes` package is not installed.
    """
    try:
        from kubernetes.client.api_client import ApiClient
        from urllib3.connection import HTTPConnection
    except ModuleNotFoundError:
        raise MissingExtra("the connection to Kubernetes", "secretsync-k8s[operator]") from None
    read = partial(_configuration, kubeconfig or environ.get("KUBECONFIG", ""), environ)
    configuration = read()
    configuration.connection_pool_maxsize = _POOL
    configuration.socket_options = [*HTTPConnection.default_socket_options, _RESET]
    client = ApiClient(configuration)
    client.user_agent = user_agent
    return ClientTransport(client, read)


def _configuration(kubeconfig: str, environ: Mapping[str, str]) -> Configuration:
    from kubernetes.client.configuration import Configuration

    configuration = Configuration()
    if not kubeconfig and environ.get("KUBERNETES_SERVICE_HOST") and _TOKEN_FILE.exists():
        _load("the pod's service account", lambda load: load.load_incluster_config(configuration))
        configuration.proxy = None
        return configuration
    path = kubeconfig or "~/.kube/config"
    _load(f"kubeconfig {path}", lambda load: load.load_kube_config(path, client_configuration=configuration))
    if urlsplit(configuration.host).hostname in _LOOPBACK:
        configuration.proxy = None
    return configuration


def _load(what: str, load: Callable[[Any], None]) -> None:
    from kubernetes import config

    try:
        load(config)
    except Exception as error:  # noqa: BLE001 - a broken file raises anything, errors of the YAML parser too
        # Not its text: a kubeconfig holds tokens and keys, and the text may quote it.
        remedy = "name one with --kubeconfig, and see that `kubectl --kubeconfig FILE version` works"
        raise InvalidInput([f"{what} gives no connection to a cluster ({type(error).__name__}); {remedy}"]) from None


class ClientTransport:
    """A `Transport` over a configured client of the `kubernetes` package. Thread-safe.

    Args:
        read: Reads the configuration anew, and with it the credentials. Called when they are refused: a service
            account's token is replaced in its file while it is still good, and nothing says when.
    """

    def __init__(self, client: ApiClient, read: Callable[[], Configuration]) -> None:
        self._client = client
        self._read = read
        self._reading = Lock()

    def close(self) -> None:
        """Close the idle connections."""
        self._client.rest_client.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = {},
        body: Body | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float = TIMEOUT,
    ) -> Json:
        """See `Transport.request`."""
        operation = f"{method} {path}"
        headers = {"Accept": accept, "Content-Type": content_type}
        raw = None if body is None else json.dumps(body).encode()
        url = _url(path, query)
        response = self._send(operation, method, url, headers=headers, body=raw, timeout=timeout, total=timeout)
        content = _read(operation, response)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise _refusal(operation, response, content)
        return _object(operation, content)

    def stream(self, path: str, *, query: Mapping[str, str], accept: str = JSON, timeout: float) -> _Lines:
        """See `Transport.stream`."""
        operation = f"watch {path}"
        response = self._send(operation, "GET", _url(path, query), headers={"Accept": accept}, timeout=timeout)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise _refusal(operation, response, _read(operation, response))
        return _Lines(operation, response)

    def _send(
        self,
        operation: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout: float,
        total: float | None = None,
    ) -> BaseHTTPResponse:
        """Send it, and where the credentials are refused once more with others, if there are: nothing was done."""
        send = partial(self._send_as, operation, method, url, body=body, timeout=timeout, total=total)
        named = self._authorized(operation, headers)
        response = send(named)
        if response.status != HTTPStatus.UNAUTHORIZED or not self._has_others(operation, headers, named):
            return response
        _read(operation, response)
        return send(self._authorized(operation, headers))

    def _send_as(
        self,
        operation: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        body: bytes | None,
        timeout: float,
        total: float | None,
    ) -> BaseHTTPResponse:
        import urllib3

        limits = urllib3.Timeout(connect=min(_CONNECT, timeout), read=timeout, total=total)
        try:
            return self._client.rest_client.pool_manager.request(
                method,
                self._client.configuration.host + url,
                body=body,
                headers=headers,
                timeout=limits,
                # The engine owns every retry: one in here would hide an outage from it, or repeat a write.
                retries=False,
                preload_content=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise _unanswered(operation, error) from None

    def _authorized(self, operation: str, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers with the credentials, renewed where they say when they expire (an exec plugin)."""
        named = {**headers, **self._client.default_headers}
        try:
            self._client.update_params_for_auth(named, [], ["BearerToken"], "", "", None)
        except Exception as error:  # noqa: BLE001 - plugins of the kubeconfig raise anything, with tokens in the text
            detail = f"the credentials of the kubeconfig cannot be renewed ({type(error).__name__})"
            raise AuthenticationFailed(API, operation, detail) from None
        return named

    def _has_others(self, operation: str, headers: Mapping[str, str], refused: Mapping[str, str]) -> bool:
        """Return whether there are other credentials than those that were refused, once they are read anew."""
        with self._reading:
            if self._authorized(operation, headers) == refused:  # else another thread was here
                with suppress(InvalidInput):  # a file that is just being replaced: the next refusal looks again
                    self._take(self._read())
        return self._authorized(operation, headers) != refused

    def _take(self, read: Configuration) -> None:
        """Take the credentials over, if they are still for the same server: a kubeconfig may name another meanwhile."""
        now = self._client.configuration
        if read.host == now.host:
            now.api_key, now.api_key_prefix = read.api_key, read.api_key_prefix
            now.refresh_api_key_hook = read.refresh_api_key_hook


class _Lines:
    """The objects of a watch, one a line."""

    def __init__(self, operation: str, response: BaseHTTPResponse) -> None:
        self._operation = operation
        self._response = response
        self._closed = Event()

    def __iter__(self) -> Iterator[Json]:
        rest = b""
        try:
            while chunk := self._chunk():
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (_object(self._operation, line) for line in lines if line)
        finally:
            self._response.close()  # half a watch is no connection to use again

    def _chunk(self) -> bytes:
        import urllib3

        try:
            return b"" if self._closed.is_set() else self._response.read1(_CHUNK)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            if self._closed.is_set():
                return b""
            raise _unanswered(self._operation, error) from None

    def close(self) -> None:
        """End the iteration, in whatever thread it waits."""
        if self._closed.is_set():
            return
        self._closed.set()
        try:
            # Only the socket: `close` of the response would wait for the lock that the reading thread holds.
            self._response.shutdown()
        except (OSError, ValueError, RuntimeError):
            return  # it ended by itself and the socket is gone


def _url(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _read(operation: str, response: BaseHTTPResponse) -> bytes:
    import urllib3

    try:
        return response.read()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _unanswered(operation, error) from None
    finally:
        response.release_conn()


def _object(operation: str, content: bytes) -> Json:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise WrongEndpoint(API, operation, "the answer is no JSON object; is this the address of an API server?")
    return answer


def _refusal(operation: str, response: BaseHTTPResponse, content: bytes) -> BackendError:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    seconds = response.headers.get("Retry-After", "")
    return refused(
        operation,
        response.status,
        answer if isinstance(answer, dict) else {},
        retry_after=float(seconds) if seconds.isdecimal() else 0.0,
    )


def _unanswered(operation: str, error: Exception) -> Unavailable:
    """Return our error for a connection that failed; the text of the other one may hold a header, so it is left out."""
    from urllib3 import exceptions

    if isinstance(error, exceptions.SSLError):
        return TLSError(API, operation, "its certificate is not accepted; see certificate-authority in the kubeconfig")
    for kind, detail in (  # the special ones first: each is a subclass of the next
        (exceptions.NameResolutionError, "its name does not resolve"),
        (exceptions.NewConnectionError, "the connection is refused"),
        (exceptions.ConnectTimeoutError, "no connection in time"),
        (exceptions.TimeoutError, "no answer in time"),
    ):
        if isinstance(error, kind):
            return Unavailable(API, operation, detail)
    return Unavailable(API, operation, "the connection broke")
