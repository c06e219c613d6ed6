"""What people do to secrets, objects, credentials and namespaces, at the worst moments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from secretsync.auth.token import Token
from secretsync.backends.kms.queries import Folder, Project
from secretsync.ports import AnyQuery
from secretsync.reconcile.messages import Effect, Fetch
from secretsync.targets import Observe
from secretsync.testing.simulation.deeds import Deed, Undo
from secretsync.values import SecretValue

from ...cluster.marks import ALLOWED
from ...cluster.secrets import ClusterSecret
from ...cluster.transport import Json
from .coverage import DOWN, NOBODY, NOTHING, OUT_OF_REACH, effect_phases
from .deeds import kind
from .scenario import Login, Place, client_secret, login_of, place_of, targets_of, value
from .stage import THEIRS, Stage

PREFIX: Final = "secrets.lux.network"
Secret = tuple[str, str]
"""Namespace and name."""


# -- what is there, and what is under way of it


def _places(stage: Stage) -> Sequence[Place]:
    return tuple(stage.truth)


def _objects(stage: Stage) -> Sequence[Json]:
    return stage.objects()


def _single(stage: Stage) -> Sequence[Json]:
    """Return the objects that ask for one Secret."""
    return [obj for obj in stage.objects() if (obj["spec"].get("managedSecretReference") or {}).get("secretName")]


def _at_home(stage: Stage) -> Sequence[Json]:
    """Return the objects that log in with their own namespace's credentials, where there are others."""
    if len(stage.scenario.logins) == 1:
        return []
    return [obj for obj in stage.objects() if login_of(obj).namespace == obj["metadata"]["namespace"]]


def _lenders(stage: Stage) -> Sequence[Login]:
    """Return the logins that others may use."""
    return [login for login in stage.scenario.logins if login.namespace in stage.scenario.lends]


def _hosts(stage: Stage) -> Sequence[str]:
    """Return the namespaces that others may keep Secrets in."""
    return [namespace for namespace in stage.scenario.namespaces if namespace in stage.scenario.takes_in]


def _targets(stage: Stage) -> Sequence[Secret]:
    return [target for obj in stage.objects() for target in targets_of(obj) if stage.secret(*target)]


def _logins(stage: Stage) -> Sequence[Login]:
    return stage.scenario.logins


def _namespaces(stage: Stage) -> Sequence[str]:
    return stage.scenario.namespaces


def _phases(stage: Stage, what: Place | Json | Secret | Login | str) -> Collection[str]:
    objects = [obj for obj in stage.objects() if _concerns(stage, what, obj)]
    drivers = (one.driver for one in stage.alive)
    flying = [effect for driver in drivers if driver for effect in driver.flying.values()]
    ours = (effect for effect in flying if any(_is_of(effect, obj) for obj in objects))
    phases = {phase for effect in ours for phase in effect_phases(effect)} or {NOTHING}
    if any(stage.is_down(place_of(obj).host) for obj in objects):
        phases.add(DOWN)
    if any(one.link.is_cut or one.link.is_silent for one in stage.alive):
        phases.add(OUT_OF_REACH)
    if not any(one.leading and one.synced for one in stage.alive):
        phases.add(NOBODY)
    return phases


def _concerns(stage: Stage, what: Place | Json | Secret | Login | str, obj: Json) -> bool:
    match what:
        case Place():
            return what in stage.folders_of(obj)
        case Login():
            return login_of(obj) == what
        case str():
            return bool(obj["metadata"]["namespace"] == what)
        case tuple():
            return what in targets_of(obj)
    return _name(obj) == _name(what)


def _is_of(effect: Effect, obj: Json) -> bool:
    if isinstance(effect, Fetch):
        return any(_asks(query, obj) for query in effect.queries)
    return effect.key.endswith(f" {'/'.join(_name(obj))}")


def _asks(query: AnyQuery, obj: Json) -> bool:
    login = login_of(obj)
    source = ClusterSecret(login.namespace, login.name)
    match query:
        case Folder():
            return query.path == place_of(obj).path
        case Token() | Project():
            return query.identity.source == source
        case Observe():
            return (query.ref.namespace, query.ref.name) in targets_of(obj)
    return query == source


# -- folders


def _set(stage: Stage, place: Place, keys: list[str], words: str) -> None:
    rows = stage.truth[place]
    for key in keys:
        rows[key] = value(place, key, stage.generation())
    texts = {key: SecretValue(rows[key]) for key in keys}
    stage.servers[place.host].model.put(place.project, place.environment, place.path, texts)
    stage.story.tell("somebody", f"{words} {', '.join(keys)} in {place}")


def _remove(stage: Stage, place: Place, keys: list[str]) -> None:
    for key in keys:
        del stage.truth[place][key]
    stage.servers[place.host].model.delete(place.project, place.environment, place.path, keys)
    stage.story.tell("somebody", f"removes {', '.join(keys)} from {place}")


@kind("people change a value", "people", among=_places, phases=_phases)
def _change(stage: Stage, deed: Deed, place: Place) -> None:
    keys = sorted(stage.truth[place]) or ["KEY_0"]
    _set(stage, place, [deed.choose(keys)], "changes")


@kind("people add a key", "people", among=_places, phases=_phases)
def _add(stage: Stage, deed: Deed, place: Place) -> None:
    _set(stage, place, [f"MORE_{int(deed.how * 9)}"], "adds")


@kind("people remove a key", "people", among=_places, phases=_phases)
def _remove_one(stage: Stage, deed: Deed, place: Place) -> None:
    if keys := sorted(stage.truth[place]):
        _remove(stage, place, [deed.choose(keys)])


@kind("people remove most keys", "people", among=_places, phases=_phases)
def _remove_most(stage: Stage, deed: Deed, place: Place) -> None:
    if len(keys := sorted(stage.truth[place])) > 1:
        _remove(stage, place, keys[1:])


@kind("people empty a folder", "people", among=_places, phases=_phases)
def _empty(stage: Stage, deed: Deed, place: Place) -> None:
    if keys := sorted(stage.truth[place]):
        _remove(stage, place, keys)


# -- objects


def _name(obj: Json) -> tuple[str, str]:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]


def _patch(stage: Stage, obj: Json, patch: Json, words: str) -> None:
    namespace, name = _name(obj)
    stage.story.tell("somebody", f"{words} of {namespace}/{name}")
    stage.people(stage.cluster.patch, "kmssecrets", name, patch, namespace=namespace)


@kind("people edit an object", "people", among=_objects, phases=_phases)
def _edit(stage: Stage, deed: Deed, obj: Json) -> None:
    labels = {"metadata": {"labels": {"team": f"team-{stage.generation()}"}}}
    _patch(stage, obj, labels, "edits the labels")


@kind("people point an object elsewhere", "people", among=_objects, phases=_phases)
def _move(stage: Stage, deed: Deed, obj: Json) -> None:
    place = deed.choose([place for place in stage.truth if place.host == place_of(obj).host])
    spec = {"spec": {"authentication": {"universalAuth": {"secretsScope": stage.scenario.scope(place)}}}}
    _patch(stage, obj, spec, f"changes the folder to {place}")


@kind("people rename a target", "people", among=_single, phases=_phases)
def _rename(stage: Stage, deed: Deed, obj: Json) -> None:
    _aim(stage, obj, f"{obj['metadata']['name']}-secret-{int(deed.how * 3)}")


@kind("people ask for a sync", "people", among=_objects, phases=_phases)
def _force(stage: Stage, deed: Deed, obj: Json) -> None:
    annotation = {f"{PREFIX}/force-sync": str(stage.generation())}
    _patch(stage, obj, {"metadata": {"annotations": annotation}}, "asks for a sync")


@kind("people delete an object", "people", among=_objects, phases=_phases)
def _delete(stage: Stage, deed: Deed, obj: Json) -> None:
    namespace, name = _name(obj)
    stage.story.tell("somebody", f"deletes {namespace}/{name}")
    stage.people(stage.cluster.delete, "kmssecrets", name, namespace=namespace)


@kind("people recreate an object", "people", among=_objects, phases=_phases)
def _recreate(stage: Stage, deed: Deed, obj: Json) -> None:
    namespace, name = _name(obj)
    stage.story.tell("somebody", f"deletes {namespace}/{name} and creates it anew")
    stage.people(stage.cluster.delete, "kmssecrets", name, namespace=namespace)
    fresh = {**obj, "metadata": {"namespace": namespace, "name": name}}
    fresh.pop("status", None)
    stage.people(stage.cluster.create, "kmssecrets", fresh)


@kind("people pause an object", "people", among=_objects, phases=_phases, lasts=(10.0, 400.0))
def _pause(stage: Stage, deed: Deed, obj: Json) -> Undo:
    def set_to(text: str | None) -> None:
        _patch(stage, obj, {"metadata": {"annotations": {f"{PREFIX}/paused": text}}}, f"sets paused to {text}")

    set_to("true")
    return lambda: set_to(None)


@kind("people rename a target and back", "people", among=_single, phases=_phases, lasts=(0.1, 300.0))
def _rename_and_back(stage: Stage, deed: Deed, obj: Json) -> Undo:
    before = obj["spec"]["managedSecretReference"]["secretName"]
    _aim(stage, obj, f"{before}-for-a-while")
    return lambda: _aim(stage, obj, before)


@kind("people ask for one target twice", "people", among=_single, phases=_phases)
def _share(stage: Stage, deed: Deed, obj: Json) -> None:
    namespace = targets_of(obj)[0][0]
    others = [name for other in _single(stage) for place, name in targets_of(other) if place == namespace]
    _aim(stage, obj, deed.choose(others))


@kind("people want a Secret that is there", "people", among=_single, phases=_phases)
def _want_theirs(stage: Stage, deed: Deed, obj: Json) -> None:
    """It is somebody's, and refused until it is gone, or nobody's, and taken over."""
    name, namespace = f"by-hand-{stage.generation()}", targets_of(obj)[0][0]
    metadata: Json = {"name": name}
    if deed.how < 0.5:  # noqa: PLR2004 - one half each
        owner = {"apiVersion": "v1", "kind": "Other", "name": "other", "uid": "other", "controller": True}
        metadata |= {"labels": {THEIRS: "true"}, "ownerReferences": [owner]}
    stage.people(stage.cluster.create, "secrets", {"metadata": metadata, "data": {}}, namespace=namespace)
    _aim(stage, obj, name)


@kind("people borrow credentials", "people", among=_at_home, phases=_phases, lasts=(5.0, 400.0))
def _borrow(stage: Stage, deed: Deed, obj: Json) -> Undo:
    before = login_of(obj)
    others = [login for login in stage.scenario.logins if login != before]
    _log_in_as(stage, obj, deed.choose(others))
    return lambda: _log_in_as(stage, obj, before)


def _log_in_as(stage: Stage, obj: Json, login: Login) -> None:
    block = {"credentialsRef": {"secretName": login.name, "secretNamespace": login.namespace}}
    _patch(stage, obj, {"spec": {"authentication": {"universalAuth": block}}}, f"makes {login} the credentials")


def _aim(stage: Stage, obj: Json, name: str) -> None:
    _patch(stage, obj, {"spec": {"managedSecretReference": {"secretName": name}}}, f"makes {name} the target")


# -- Secrets


@kind("people edit a Secret", "people", among=_targets, phases=_phases)
def _edit_secret(stage: Stage, deed: Deed, target: Secret) -> None:
    patch = deed.choose([{"stringData": {"KEY_0": "by hand"}}, {"stringData": {"BY_HAND": "by hand"}}])
    stage.story.tell("somebody", f"edits Secret {'/'.join(target)}")
    stage.people(stage.cluster.patch, "secrets", target[1], patch, namespace=target[0])


@kind("people delete a Secret", "people", among=_targets, phases=_phases)
def _delete_secret(stage: Stage, deed: Deed, target: Secret) -> None:
    stage.story.tell("somebody", f"deletes Secret {'/'.join(target)}")
    stage.people(stage.cluster.delete, "secrets", target[1], namespace=target[0])


@kind("people replace a Secret", "people", among=_targets, phases=_phases)
def _replace_secret(stage: Stage, deed: Deed, target: Secret) -> None:
    stage.story.tell("somebody", f"replaces Secret {'/'.join(target)} by one of their own")
    stage.people(stage.cluster.delete, "secrets", target[1], namespace=target[0])
    own = {"metadata": {"name": target[1]}, "stringData": {"THEIRS": "by hand"}}
    stage.people(stage.cluster.create, "secrets", own, namespace=target[0])


@kind("people recreate a Secret", "people", among=_targets, phases=_phases)
def _recreate_secret(stage: Stage, deed: Deed, target: Secret) -> None:
    held = stage.secret(*target)
    if held is None:
        return
    stage.story.tell("somebody", f"deletes Secret {'/'.join(target)} and puts it back from a copy")
    kept = ("name", "namespace", "labels", "annotations", "ownerReferences")
    copy = {**held, "metadata": {name: held["metadata"][name] for name in kept if name in held["metadata"]}}
    stage.people(stage.cluster.delete, "secrets", target[1], namespace=target[0])
    stage.people(stage.cluster.create, "secrets", copy)


# -- credentials and namespaces


@kind("people rotate credentials", "people", among=_logins, phases=_phases)
def _rotate(stage: Stage, deed: Deed, login: Login) -> None:
    stage.logins[login] = client_secret(login, stage.generation())
    stage.story.tell("somebody", f"rotates the credentials of {login}")
    for host, server in stage.servers.items():
        server.model.replace_identity(stage.scenario.identity(host, login, secret=stage.logins[login]))
    patch = {"stringData": stage.credentials(login)["stringData"]}
    stage.people(stage.cluster.patch, "secrets", login.name, patch, namespace=login.namespace)


@kind("people delete credentials", "people", among=_logins, phases=_phases)
def _delete_credentials(stage: Stage, deed: Deed, login: Login) -> None:
    stage.story.tell("somebody", f"deletes the credentials of {login}")
    stage.people(stage.cluster.delete, "secrets", login.name, namespace=login.namespace)


@kind("people spoil credentials", "people", among=_logins, phases=_phases)
def _spoil(stage: Stage, deed: Deed, login: Login) -> None:
    stage.story.tell("somebody", f"writes wrong credentials for {login}")
    patch = {"stringData": {"clientSecret": "wrong"}}
    stage.people(stage.cluster.patch, "secrets", login.name, patch, namespace=login.namespace)


@kind("people recreate credentials", "people", among=_logins, phases=_phases)
def _recreate_credentials(stage: Stage, deed: Deed, login: Login) -> None:
    stage.story.tell("somebody", f"deletes and recreates the credentials of {login}")
    stage.people(stage.cluster.delete, "secrets", login.name, namespace=login.namespace)
    stage.people(stage.cluster.create, "secrets", stage.credentials(login))


@kind("people recreate a namespace", "people", among=_namespaces, phases=_phases)
def _recreate_namespace(stage: Stage, deed: Deed, namespace: str) -> None:
    stage.story.tell("somebody", f"deletes namespace {namespace}")
    stage.people(stage.cluster.delete, "namespaces", namespace)


@kind("people stop lending credentials", "people", among=_lenders, phases=_phases, lasts=(20.0, 800.0))
def _stop_lending(stage: Stage, deed: Deed, login: Login) -> Undo:
    def allow(text: str | None) -> None:
        stage.story.tell("somebody", f"has the credentials of {login} be for {text or 'nobody else'}")
        patch = {"metadata": {"annotations": {ALLOWED: text}}}
        stage.people(stage.cluster.patch, "secrets", login.name, patch, namespace=login.namespace)

    allow(None)
    return lambda: allow(stage.scenario.lends[login.namespace])


@kind("people close a namespace", "people", among=_hosts, phases=_phases, lasts=(20.0, 800.0))
def _close(stage: Stage, deed: Deed, namespace: str) -> Undo:
    def allow(text: str | None) -> None:
        stage.story.tell("somebody", f"opens namespace {namespace} to {text or 'nobody else'}")
        stage.people(stage.cluster.patch, "namespaces", namespace, {"metadata": {"annotations": {ALLOWED: text}}})

    allow(None)
    return lambda: allow(stage.scenario.takes_in[namespace])
