"""What people do: to secrets, to templates and files, to leases and keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from secretsync.testing.simulation.deeds import Deed, Undo

from .deeds import kind
from .ledger import Lease
from .scenario import Page, client_secret
from .stage import Stage

_SPELL: Final = (10.0, 700.0)


def _phases(stage: Stage, whom: object) -> Collection[str]:
    return stage.process.phases


def _listed(stage: Stage) -> Sequence[tuple[str, str]]:
    folders = sorted({folder for page in stage.scenario.pages for folder in page.folders})
    return [(folder, key) for folder in folders for key in sorted(stage.truth[folder])]


def _needed(stage: Stage) -> Sequence[str]:
    wanted = {name for page in stage.scenario.pages for name in page.needed}
    return sorted(wanted & stage.truth["/"].keys())


def _pages(stage: Stage) -> Sequence[Page]:
    return stage.scenario.pages


def _sources(stage: Stage) -> Sequence[Page]:
    return [page for page in stage.scenario.pages if page.source and not stage.is_broken(page)]


def _leases(stage: Stage) -> Sequence[Lease]:
    return tuple(stage.ledger.live())


def _keys(stage: Stage) -> Sequence[str]:
    return (stage.key,) if stage.scenario.cache else ()


@kind("people change a value", "people", among=_listed, phases=_phases)
def _change(stage: Stage, deed: Deed, place: tuple[str, str]) -> None:
    stage.put(*place)
    stage.story.tell("somebody", f"changes {place[0].rstrip('/')}/{place[1]}")


@kind("people delete a secret", "people", among=_needed, phases=_phases, lasts=_SPELL)
def _delete(stage: Stage, deed: Deed, name: str) -> Undo:
    stage.drop("/", name)
    stage.story.tell("somebody", f"deletes the secret {name} for {deed.seconds:.0f} s")

    def end() -> None:
        stage.put("/", name)
        stage.story.tell("somebody", f"makes the secret {name} again")

    return end


@kind("people remove a value", "people", among=_listed, phases=_phases, lasts=_SPELL)
def _remove(stage: Stage, deed: Deed, place: tuple[str, str]) -> Undo:
    stage.drop(*place)
    stage.story.tell("somebody", f"removes {place[0].rstrip('/')}/{place[1]} for {deed.seconds:.0f} s")

    def end() -> None:
        stage.put(*place)
        stage.story.tell("somebody", f"adds {place[0].rstrip('/')}/{place[1]} again")

    return end


@kind("people spoil a template", "people", among=_sources, phases=_phases, lasts=_SPELL)
def _spoil(stage: Stage, deed: Deed, page: Page) -> Undo:
    spoilt = deed.choose(("{{ nonsense", f"{page.text}{{{{ fail `no` }}}}"))
    stage.disk.write(page.source, spoilt)
    stage.spoilt.add(page.number)
    stage.story.tell("somebody", f"spoils {page.source} for {deed.seconds:.0f} s")

    def end() -> None:
        stage.disk.write(page.source, page.text)
        stage.spoilt.discard(page.number)
        stage.story.tell("somebody", f"puts {page.source} right")

    return end


@kind("people delete a file", "people", among=_pages, phases=_phases)
def _delete_file(stage: Stage, deed: Deed, page: Page) -> None:
    stage.disk.remove(page.name)
    stage.deleted.add(page.name)
    stage.story.tell("somebody", f"deletes {page.name}")


@kind("people revoke a lease", "people", among=_leases, phases=_phases)
def _revoke(stage: Stage, deed: Deed, lease: Lease) -> None:
    stage.story.tell("somebody", f"revokes a lease of {lease.loan}")
    stage.revoke(lease)


@kind("people rotate the cache's key", "people", among=_keys, phases=_phases)
def _rotate_key(stage: Stage, deed: Deed, key: str) -> None:
    stage.rotate_key()
    stage.story.tell("somebody", "gives the cache another key")


@kind("people rotate the login", "people", among=_pages, phases=_phases)
def _rotate_login(stage: Stage, deed: Deed, page: Page) -> None:
    stage.secret = client_secret(stage.generation())
    stage.know(stage.secret)
    stage.disk.write("client-secret", stage.secret)
    stage.story.tell("somebody", "gives the agent another client secret")
