"""Where a KMSSecret's KMS is and whose certificates are trusted there (kmssecret §4 step 2, §8.4).

The object's own word comes before the operator's ConfigMap, and that before the operator's flag. There is no host of
last resort: an object must never reach out to a server that nobody named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from secretsync.backends.kms.urls import normalise
from secretsync.classes import frozen
from secretsync.errors import InvalidInput, InvalidSpec, TLSConfigError
from secretsync.queries import Absent
from secretsync.reconcile.ask import Ask

from ...cluster.configmaps import ClusterConfigMap
from ...cluster.trust import BundleRef, TrustBundles
from .spec import Spec

CONFIG: Final = "kms-config"
"""Name of the operator's ConfigMap."""
HOST_KEY: Final = "hostAPI"
CA_KEYS: Final = ("tls.caRef.secretNamespace", "tls.caRef.secretName", "tls.caRef.key")


@frozen
class Connection:
    """An address from `normalise` and the digest of the CA bundle, "" for the system's."""

    host: str
    trust: str


def connection(
    spec: Spec, ask: Ask, *, config: ClusterConfigMap | None, default_host: str, default_trust: str = ""
) -> Connection:
    """Return where to ask.

    Args:
        config: The operator's ConfigMap, None where it has none.
        default_host: An address as people write it, "" for none.
        default_trust: Digest of the bundle to trust where neither names one, "" for the system's.

    Raises:
        InvalidSpec: Nobody names a host, or the ConfigMap names one that is none.
        TLSConfigError: The certificates to trust are not there, or are none.
    """
    texts = _texts(ask, config) if config and not (spec.host and spec.ca) else {}
    host = spec.host or _host(texts.get(HOST_KEY, ""), f"{config}: {HOST_KEY}") or _host(default_host, "--host-api")
    if not host:
        raise InvalidSpec(
            ["spec.hostAPI is missing, and the operator has no default; name the KMS's in-cluster address"]
        )
    bundle = spec.ca or shared_bundle(texts)
    return Connection(host, _trust(ask, bundle) if bundle else default_trust)


def _texts(ask: Ask, config: ClusterConfigMap) -> Mapping[str, str]:
    answer = ask(config)
    return {} if isinstance(answer, Absent) else answer.value


def _host(written: str, place: str) -> str:
    if not written.strip():
        return ""
    try:
        return normalise(written, place=place)
    except InvalidInput as error:
        raise InvalidSpec(error.problems) from None


def shared_bundle(texts: Mapping[str, str]) -> BundleRef | None:
    """Return the CA bundle that the operator's ConfigMap names for all objects, None where it names none.

    Raises:
        TLSConfigError: It is named in part.
    """
    named = [texts.get(key, "").strip() for key in CA_KEYS]
    if not any(named):
        return None
    if missing := [key for key, text in zip(CA_KEYS, named, strict=True) if not text]:
        raise TLSConfigError(
            f"the operator's ConfigMap {CONFIG} has no {', '.join(missing)}; add what is missing, or remove all three"
        )
    return BundleRef(*named)


def _trust(ask: Ask, bundle: BundleRef) -> str:
    asked = TrustBundles(bundle.namespace, bundle.name)
    answer = ask(asked)
    if isinstance(answer, Absent):
        raise TLSConfigError(f"{asked} does not exist; create it, or correct tls.caRef")
    digest = answer.value.get(bundle.key)
    if digest is None:
        raise TLSConfigError(f'{asked} has no key "{bundle.key}"; add it, or correct tls.caRef.key')
    if not digest:
        raise TLSConfigError(f'key "{bundle.key}" of {asked} holds no CA certificates in PEM; put them there')
    return digest
