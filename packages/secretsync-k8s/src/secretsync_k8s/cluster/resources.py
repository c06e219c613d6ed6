"""What the API server calls things, and where it keeps them."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from secretsync.classes import frozen
from secretsync.errors import InvalidInput


@frozen
class Resource:
    """One kind of object of the API: `group` is "" for the core group, `plural` the word in its paths."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """Return what stands in an object's `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """Return the path of a collection (of one namespace or of all), an object or a sub-resource.

        Raises:
            InvalidInput: A name that is no segment of a path.
        """
        parts = ["apis" if self.group else "api", *self.api_version.split("/")]
        if namespace is not None and self.namespaced:
            parts += ["namespaces", _segment(namespace)]
        parts.append(self.plural)
        if name is not None:
            parts.append(_segment(name))
        if subresource is not None:
            parts.append(subresource)
        return "/" + "/".join(parts)


def _segment(name: str) -> str:
    # A name from a custom resource must not lead to another object: "../../x/secrets/y" would.
    if not name or name in {".", ".."} or "/" in name:
        raise InvalidInput([f'"{name}" cannot be the name of an object; use lower-case letters, digits, "-" and "."'])
    return quote(name, safe="")


NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
CONFIGMAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
SERVICE_ACCOUNTS: Final = Resource("", "v1", "serviceaccounts", "ServiceAccount")
EVENTS: Final = Resource("events.k8s.io", "v1", "events", "Event")
LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")
DEPLOYMENTS: Final = Resource("apps", "v1", "deployments", "Deployment")
DAEMON_SETS: Final = Resource("apps", "v1", "daemonsets", "DaemonSet")
STATEFUL_SETS: Final = Resource("apps", "v1", "statefulsets", "StatefulSet")
ARGO_ROLLOUTS: Final = Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout")
KMSSECRETS: Final = Resource("secrets.lux.network", "v1alpha1", "kmssecrets", "KMSSecret")
