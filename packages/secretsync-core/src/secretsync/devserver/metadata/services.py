"""The clouds' services on one listener, and the variables by which programs find them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ...clock import Clock
from ..authority import Authority
from ..clouds import Clouds
from ..entropy import Entropy
from ..routing import Route
from . import aws, azure, gcp

CREDENTIALS_PATH: Final = "/v2/credentials/dev"


def routes(clouds: Clouds, *, clock: Clock, authority: Authority, entropy: Entropy) -> Iterator[Route]:
    """Yield the routes of every cloud that there is."""
    if clouds.aws:
        yield from aws.routes(clouds.aws, clock=clock, entropy=entropy)
    if clouds.azure:
        yield from azure.routes(clouds.azure, authority=authority)
    if clouds.gcp:
        yield from gcp.routes(clouds.gcp, authority=authority)


def environment(clouds: Clouds, url: str) -> Mapping[str, str]:
    """Return what a program's environment must say for its logins to ask at `url` instead of its machine's cloud."""
    found: dict[str, str] = {}
    if clouds.aws:
        found |= {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_ENDPOINT_URL_STS": url}
    if clouds.azure:
        found |= {"AZURE_POD_IDENTITY_AUTHORITY_HOST": url}
    if clouds.gcp:
        found |= {"GCE_METADATA_HOST": url.removeprefix("http://")}
    return found
