"""What can be stored: the resource types that are built in, and those that CustomResourceDefinitions add."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from attrs import evolve, field

from secretsync.classes import frozen

from . import events, schema, strategies
from .status import Cause, Json, Named, plain
from .store import Kind
from .table import CREATED_AT, Column

OBJECT_FIELDS: Final = frozenset({"metadata.name", "metadata.namespace"})
"""What field selectors may name for every resource."""

Prepare = Callable[[Json, Json | None], Sequence[Cause]]
"""Fills in and checks a new object in place, given the stored one or None; returns what is wrong with it."""


def _same(body: Json) -> Json:
    return body


def _accept(new: Json, old: Json | None) -> Sequence[Cause]:  # noqa: ARG001 - the form of a `Prepare`
    return ()


@frozen
class ResourceType:
    """One resource in one version, as clients address it.

    Attributes:
        storage: Where its objects are kept; versions of one resource share it.
        prepare: What the API server does to an object before it is stored.
        decode: Makes the stored form of a served body, without `kind` and `apiVersion`; `encode` is its inverse.
        has_status: Whether `status` is a sub-resource, so that neither of status and the rest is written with the
            other and `metadata.generation` counts the changes of the rest.
        unconditional_update: Whether a PUT may leave out the resourceVersion.
        selectable: The fields that a field selector may name.
    """

    group: str
    version: str
    plural: str
    kind: str
    storage: Kind
    namespaced: bool = True
    custom: bool = False
    has_status: bool = False
    unconditional_update: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[Column, ...] = (CREATED_AT,)
    selectable: frozenset[str] = OBJECT_FIELDS
    prepare: Prepare = field(default=_accept, repr=False)
    valid_name: strategies.NameRule = strategies.SUBDOMAIN
    decode: Callable[[Json], Json] = field(default=_same, repr=False)
    encode: Callable[[Json], Json] = field(default=_same, repr=False)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """The name that is never ambiguous: `kmssecrets.secrets.lux.network`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def named(self, name: str) -> Named:
        return Named(self.group, self.plural, self.kind, name)

    def serve(self, body: Json) -> Json:
        """Return a stored object as this type's clients see it."""
        return {"kind": self.kind, "apiVersion": self.api_version, **self.encode(body)}

    def serve_item(self, body: Json) -> Json:
        """Return a stored object as it stands in a list: those of built-in types do not repeat their kind there."""
        return self.serve(body) if self.custom else self.encode(body)

    def serve_list(self, items: list[Json], version: int, rest: str = "") -> Json:
        """Return the List; `rest` is the token for its next page."""
        metadata = {"resourceVersion": str(version)} | ({"continue": rest} if rest else {})
        return {"kind": f"{self.kind}List", "apiVersion": self.api_version, "metadata": metadata, "items": items}


def _by_path(types: Iterable[ResourceType]) -> dict[tuple[str, str, str], ResourceType]:
    return {(type_.group, type_.version, type_.plural): type_ for type_ in types}


class Registry:
    """The resource types that are served, in the order they came.

    Changed with the store's lock held, read without it: each change makes a new table.
    """

    def __init__(self) -> None:
        self._types = _by_path(BUILT_IN)

    def remove(self, storage: Kind) -> None:
        """Serve no version of that resource any more."""
        self._types = _by_path(type_ for type_ in self._types.values() if type_.storage != storage)

    def all(self) -> Sequence[ResourceType]:
        return tuple(self._types.values())

    def define(self, crd: Json) -> None:
        """Serve what a CustomResourceDefinition says, in place of what an earlier one said."""
        others = (type_ for type_ in self._types.values() if type_.storage != custom_storage(crd))
        self._types = _by_path([*others, *custom_types(crd)])

    def find(self, group: str, version: str, plural: str) -> ResourceType:
        """Return the type under that path.

        Raises:
            ApiError: 404, nothing is served there.
        """
        try:
            return self._types[group, version, plural]
        except KeyError:
            raise plain(404, "the server could not find the requested resource") from None

    def by_name(self, name: str) -> ResourceType:
        """Return the type called `secrets` or `kmssecrets.secrets.lux.network`.

        Raises:
            ApiError: 404, there is none.
        """
        for type_ in self._types.values():
            if name in {type_.full_name, type_.plural}:
                return type_
        raise plain(404, f'the server doesn\'t have a resource type "{name}"')


def custom_storage(crd: Json) -> Kind:
    """Return where the objects of a CustomResourceDefinition are kept."""
    return crd["spec"]["group"], crd["spec"]["names"]["plural"]


def custom_types(crd: Json) -> list[ResourceType]:
    """Return a type for every version that the CustomResourceDefinition says is served."""
    spec = crd["spec"]
    return [_custom_type(spec, version) for version in spec["versions"] if version.get("served")]


def _custom_type(spec: Json, version: Json) -> ResourceType:
    anything = {"x-kubernetes-preserve-unknown-fields": True}
    structure = schema.Structure.of(version.get("schema", {}).get("openAPIV3Schema", anything))
    names = spec["names"]
    columns = tuple(Column.of(each) for each in version.get("additionalPrinterColumns", ()))
    return ResourceType(
        group=spec["group"],
        version=version["name"],
        plural=names["plural"],
        kind=names["kind"],
        storage=(spec["group"], names["plural"]),
        namespaced=spec["scope"] == "Namespaced",
        custom=True,
        has_status="status" in version.get("subresources", {}),
        unconditional_update=False,
        short_names=tuple(names.get("shortNames", ())),
        categories=tuple(names.get("categories", ())),
        columns=columns or (CREATED_AT,),
        prepare=lambda new, _old: list(schema.normalise(new, structure)),
    )


def _core(plural: str, kind: str) -> ResourceType:
    return ResourceType("", "v1", plural, kind, ("", plural))


CRDS: Final = ResourceType(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    namespaced=False,
    has_status=True,
    unconditional_update=False,
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    columns=(Column("Created At", path=".metadata.creationTimestamp"),),
    prepare=strategies.crd,
)
NAMESPACES: Final = evolve(
    _core("namespaces", "Namespace"),
    namespaced=False,
    short_names=("ns",),
    columns=(Column("Status", path=".status.phase"), CREATED_AT),
    selectable=OBJECT_FIELDS | {"status.phase"},
    prepare=strategies.namespace,
    valid_name=strategies.LABEL,
)
_SECRETS: Final = evolve(
    _core("secrets", "Secret"),
    columns=(Column("Type", path=".type"), Column("Data", type="integer", path=".data", count=True), CREATED_AT),
    selectable=OBJECT_FIELDS | {"type"},
    prepare=strategies.secret,
)
_CONFIG_MAPS: Final = evolve(
    _core("configmaps", "ConfigMap"),
    short_names=("cm",),
    columns=(Column("Data", type="integer", path=".data", count=True), CREATED_AT),
    prepare=strategies.config_map,
)
SERVICE_ACCOUNTS: Final = evolve(
    _core("serviceaccounts", "ServiceAccount"),
    short_names=("sa",),
    columns=(Column("Secrets", type="integer", path=".secrets", count=True), CREATED_AT),
)
_LEASES: Final = ResourceType(
    "coordination.k8s.io",
    "v1",
    "leases",
    "Lease",
    ("coordination.k8s.io", "leases"),
    unconditional_update=False,
    columns=(Column("Holder", path=".spec.holderIdentity"), CREATED_AT),
    prepare=strategies.lease,
)


def _workload(plural: str, kind: str, short: str) -> ResourceType:
    return ResourceType(
        "apps",
        "v1",
        plural,
        kind,
        ("apps", plural),
        has_status=True,
        short_names=(short,),
        prepare=strategies.workload,
    )


_WORKLOADS: Final = (
    _workload("deployments", "Deployment", "deploy"),
    _workload("daemonsets", "DaemonSet", "ds"),
    _workload("statefulsets", "StatefulSet", "sts"),
)
"""As they are stored: nobody starts pods here, and defaults are left out."""
_CORE_EVENTS: Final = evolve(
    _core("events", "Event"),
    short_names=("ev",),
    columns=(
        Column("Last Seen", type="date", path=".lastTimestamp"),
        Column("Type", path=".type"),
        Column("Reason", path=".reason"),
        Column("Object", path=".involvedObject.name"),
        Column("Message", path=".message"),
    ),
    selectable=OBJECT_FIELDS | events.SELECTABLE,
)
_NEW_EVENTS: Final = evolve(
    _CORE_EVENTS,
    group="events.k8s.io",
    selectable=OBJECT_FIELDS | frozenset(map(events.new_path, events.SELECTABLE)),
    prepare=strategies.event,
    decode=events.to_core,
    encode=events.from_core,
)
BUILT_IN: Final = (
    NAMESPACES,
    _SECRETS,
    _CONFIG_MAPS,
    SERVICE_ACCOUNTS,
    _CORE_EVENTS,
    _NEW_EVENTS,
    _LEASES,
    *_WORKLOADS,
    CRDS,
)
