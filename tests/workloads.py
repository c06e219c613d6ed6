"""Workloads as users write them, and what an operator told them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from stand import Stand

Json = dict[str, Any]

OURS: Final = "secrets.lux.network/"
KINDS: Final = {"Deployment": "deployments", "DaemonSet": "daemonsets", "StatefulSet": "statefulsets"}
RESOURCES: Final = {**KINDS, "Rollout": "rollouts"}
LABELS: Final = {"app": "web"}


def by_env_from(secret: str) -> Json:
    """Return the specification of pods that take all of a Secret at their start."""
    return pods(container(envFrom=[{"secretRef": {"name": secret}}]))


def container(**uses: object) -> Json:
    return {"name": "web", "image": "web", **uses}


def pods(one: Json | None = None, **more: object) -> Json:
    return {"containers": [one or container()], **more}


def workload(
    kind: str, name: str, spec: Json, *, reload: str = "true", told: Mapping[str, str] = {}, **more: Any
) -> Json:
    """Return a workload with these pods.

    Args:
        reload: Its annotation; "" for none.
        told: What the first operator wrote, by Secret.
    """
    annotations = {f"{OURS}managed-secret.{secret}": version for secret, version in told.items()}
    template = {"metadata": {"labels": LABELS, "annotations": annotations}, "spec": spec}
    service = {"serviceName": "web"} if kind == "StatefulSet" else {}
    asks = {f"{OURS}auto-reload": reload} if reload else {}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "annotations": {**asks, **annotations}},
        "spec": {"selector": {"matchLabels": LABELS}, "template": template, **service, **more},
    }


def deploy(stand: Stand, *manifests: Json, namespace: str = "shop") -> None:
    for manifest in manifests:
        stand.cluster.create(KINDS[manifest["kind"]], manifest, namespace=namespace)


def told(stand: Stand, kind: str, name: str, *, of: str, namespace: str = "shop") -> tuple[str, str]:
    """Return the version that a workload was told of a Secret: itself, and in its pods; "" for none."""
    live = stand.cluster.get(RESOURCES[kind], name, namespace=namespace)
    places = (live["metadata"], live["spec"]["template"].get("metadata") or {})
    itself, in_pods = ((one.get("annotations") or {}).get(of, "") for one in places)
    return itself, in_pods
