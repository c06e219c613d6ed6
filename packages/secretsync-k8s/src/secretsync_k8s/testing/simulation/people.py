"""What people do to secrets, objects, credentials and namespaces, at the worst moments."""

from __future__ import annotations

from typing import Final

from secretsync.values import SecretValue

from ...cluster.transport import Json
from .deeds import Deed, kind
from .scenario import Place, client_secret, place_of, targets_of, value
from .stage import Stage

PREFIX: Final = "secrets.lux.network"


def _place(stage: Stage, deed: Deed) -> Place:
    return deed.pick(tuple(stage.truth))


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


@kind("people change a value", "people")
def _change(stage: Stage, deed: Deed) -> None:
    place = _place(stage, deed)
    keys = sorted(stage.truth[place]) or ["KEY_0"]
    _set(stage, place, [deed.choose(keys)], "changes")


@kind("people add a key", "people")
def _add(stage: Stage, deed: Deed) -> None:
    _set(stage, _place(stage, deed), [f"MORE_{int(deed.how * 9)}"], "adds")


@kind("people remove a key", "people")
def _remove_one(stage: Stage, deed: Deed) -> None:
    place = _place(stage, deed)
    if keys := sorted(stage.truth[place]):
        _remove(stage, place, [deed.choose(keys)])


@kind("people remove most keys", "people")
def _remove_most(stage: Stage, deed: Deed) -> None:
    place = _place(stage, deed)
    if len(keys := sorted(stage.truth[place])) > 1:
        _remove(stage, place, keys[1:])


@kind("people empty a folder", "people")
def _empty(stage: Stage, deed: Deed) -> None:
    place = _place(stage, deed)
    if keys := sorted(stage.truth[place]):
        _remove(stage, place, keys)


# -- objects


def _object(stage: Stage, deed: Deed) -> Json | None:
    objects = stage.objects()
    return deed.pick(objects) if objects else None


def _name(obj: Json) -> tuple[str, str]:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]


def _patch(stage: Stage, obj: Json, patch: Json, words: str) -> None:
    namespace, name = _name(obj)
    stage.story.tell("somebody", f"{words} of {namespace}/{name}")
    stage.people(stage.cluster.patch, "kmssecrets", name, patch, namespace=namespace)


@kind("people edit an object", "people")
def _edit(stage: Stage, deed: Deed) -> None:
    if obj := _object(stage, deed):
        labels = {"metadata": {"labels": {"team": f"team-{stage.generation()}"}}}
        _patch(stage, obj, labels, "edits the labels")


@kind("people point an object elsewhere", "people")
def _move(stage: Stage, deed: Deed) -> None:
    if obj := _object(stage, deed):
        place = deed.choose([place for place in stage.truth if place.host == place_of(obj).host])
        spec = {"spec": {"authentication": {"universalAuth": {"secretsScope": stage.scenario.scope(place)}}}}
        _patch(stage, obj, spec, f"changes the folder to {place}")


@kind("people rename a target", "people")
def _rename(stage: Stage, deed: Deed) -> None:
    obj = _object(stage, deed)
    if obj and len(targets_of(obj)) == 1 and obj["spec"].get("managedSecretReference"):
        name = f"{obj['metadata']['name']}-secret-{int(deed.how * 3)}"
        _patch(stage, obj, {"spec": {"managedSecretReference": {"secretName": name}}}, f"makes {name} the target")


@kind("people ask for a sync", "people")
def _force(stage: Stage, deed: Deed) -> None:
    if obj := _object(stage, deed):
        annotation = {f"{PREFIX}/force-sync": str(stage.generation())}
        _patch(stage, obj, {"metadata": {"annotations": annotation}}, "asks for a sync")


@kind("people delete an object", "people")
def _delete(stage: Stage, deed: Deed) -> None:
    if obj := _object(stage, deed):
        namespace, name = _name(obj)
        stage.story.tell("somebody", f"deletes {namespace}/{name}")
        stage.people(stage.cluster.delete, "kmssecrets", name, namespace=namespace)


@kind("people recreate an object", "people")
def _recreate(stage: Stage, deed: Deed) -> None:
    if obj := _object(stage, deed):
        namespace, name = _name(obj)
        stage.story.tell("somebody", f"deletes {namespace}/{name} and creates it anew")
        stage.people(stage.cluster.delete, "kmssecrets", name, namespace=namespace)
        fresh = {**obj, "metadata": {"namespace": namespace, "name": name}}
        fresh.pop("status", None)
        stage.people(stage.cluster.create, "kmssecrets", fresh)


# -- Secrets


def _target(stage: Stage, deed: Deed) -> tuple[str, str] | None:
    targets = [target for obj in stage.objects() for target in targets_of(obj) if stage.secret(*target)]
    return deed.pick(targets) if targets else None


@kind("people edit a Secret", "people")
def _edit_secret(stage: Stage, deed: Deed) -> None:
    if target := _target(stage, deed):
        patch = deed.choose([{"stringData": {"KEY_0": "by hand"}}, {"stringData": {"BY_HAND": "by hand"}}])
        stage.story.tell("somebody", f"edits Secret {'/'.join(target)}")
        stage.people(stage.cluster.patch, "secrets", target[1], patch, namespace=target[0])


@kind("people delete a Secret", "people")
def _delete_secret(stage: Stage, deed: Deed) -> None:
    if target := _target(stage, deed):
        stage.story.tell("somebody", f"deletes Secret {'/'.join(target)}")
        stage.people(stage.cluster.delete, "secrets", target[1], namespace=target[0])


@kind("people replace a Secret", "people")
def _replace_secret(stage: Stage, deed: Deed) -> None:
    if target := _target(stage, deed):
        stage.story.tell("somebody", f"replaces Secret {'/'.join(target)} by one of their own")
        stage.people(stage.cluster.delete, "secrets", target[1], namespace=target[0])
        own = {"metadata": {"name": target[1]}, "stringData": {"THEIRS": "by hand"}}
        stage.people(stage.cluster.create, "secrets", own, namespace=target[0])


# -- credentials and namespaces


@kind("people rotate credentials", "people")
def _rotate(stage: Stage, deed: Deed) -> None:
    login = deed.pick(stage.scenario.logins)
    stage.logins[login] = client_secret(login, stage.generation())
    stage.story.tell("somebody", f"rotates the credentials of {login}")
    for host, server in stage.servers.items():
        server.model.replace_identity(stage.scenario.identity(host, login, secret=stage.logins[login]))
    patch = {"stringData": stage.credentials(login)["stringData"]}
    stage.people(stage.cluster.patch, "secrets", login.name, patch, namespace=login.namespace)


@kind("people delete credentials", "people")
def _delete_credentials(stage: Stage, deed: Deed) -> None:
    login = deed.pick(stage.scenario.logins)
    stage.story.tell("somebody", f"deletes the credentials of {login}")
    stage.people(stage.cluster.delete, "secrets", login.name, namespace=login.namespace)


@kind("people spoil credentials", "people")
def _spoil(stage: Stage, deed: Deed) -> None:
    login = deed.pick(stage.scenario.logins)
    stage.story.tell("somebody", f"writes wrong credentials for {login}")
    patch = {"stringData": {"clientSecret": "wrong"}}
    stage.people(stage.cluster.patch, "secrets", login.name, patch, namespace=login.namespace)


@kind("people recreate credentials", "people")
def _recreate_credentials(stage: Stage, deed: Deed) -> None:
    login = deed.pick(stage.scenario.logins)
    stage.story.tell("somebody", f"deletes and recreates the credentials of {login}")
    stage.people(stage.cluster.delete, "secrets", login.name, namespace=login.namespace)
    stage.people(stage.cluster.create, "secrets", stage.credentials(login))


@kind("people recreate a namespace", "people")
def _recreate_namespace(stage: Stage, deed: Deed) -> None:
    namespace = deed.pick(stage.scenario.namespaces)
    stage.story.tell("somebody", f"deletes namespace {namespace}")
    stage.people(stage.cluster.delete, "namespaces", namespace)
