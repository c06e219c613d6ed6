"""The agent, put together: one engine, what answers its questions, and the files it keeps right (agent §3).

Agent ── Reports   what came of each file
      └─ Driver ── Engine     RenderedFile · TokenFile · KeptToken are its subjects
               └── Executor   KMSBackend · Local · Files answer and write
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, final

from secretsync.auth.method import is_text
from secretsync.backends.kms.backend import KMSBackend
from secretsync.backends.kms.queries import Folder
from secretsync.client_policy import AGENT
from secretsync.clock import Clock
from secretsync.digest import Digester
from secretsync.errors import CredentialsNotFound, NotFound, TargetInvalid
from secretsync.files import CONTENT, HOST, Rules, target
from secretsync.files.place import Files
from secretsync.http import HttpClient
from secretsync.http.retrying import Retrying
from secretsync.mailbox import CALLER, Mailbox
from secretsync.ports import Proofs
from secretsync.queries import Identity
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Applied, Event, Moved, Outcome, Subject, Withdrawn
from secretsync.retry import Chance
from secretsync.runtime.executor import Executor
from secretsync.targets import Content, Observe, Ref
from secretsync.templates import TemplateError
from secretsync.values import NO_VERSION, Document, SecretValue

from .functions import Questions
from .identity import Remembering, identity
from .leases import Leases
from .local import HERE, Local, Looks
from .rendering import Rendering, Still
from .reports import Reports
from .revocation import TOKENS, Revoking, endings
from .settings import Command, Placing, Settings, Template
from .supervisor import Wanted
from .targets import KeptToken, RenderedFile, RenderedVariable, Thing, TokenFile, variable
from .traffic import Traffic, told

if TYPE_CHECKING:
    from .dry import Dry

log: Final = logging.getLogger("secretsync.agent")

LONGEST: Final = 30.0
"""Seconds between two tries of what failed or does not exist, unless its polling interval is shorter (agent §7)."""
SHORTEST_LIFE: Final = 30.0
"""Seconds: a token that lives no longer is of no use (agent §4)."""
STUCK: Final = 60.0
"""Seconds after which an engine that does not come round is taken for stuck."""
_DISK: Final = 2
"""Files that are written at once."""
_NO_LIMIT: Final = 1 << 16


class Drives(Protocol):
    """What runs an engine: `secretsync.runtime.driver.Driver`, or time itself in a test."""

    dead: bool

    @property
    def silent_for(self) -> float: ...
    def start(self) -> None: ...
    def send(self, event: Event) -> None: ...
    def close(self) -> None: ...


class Listens(Protocol):
    """What hears of changes at the KMS: `secretsync.runtime.feeds.Feeds`."""

    def watch(self, query: Folder, document: Document) -> None: ...
    def token(self, token: SecretValue) -> None: ...
    def close(self) -> None: ...


@final
class Agent:
    """One agent at work. `apply`, `adjust` and `close` belong to one thread.

    Args:
        settings: What to keep right.
        http: Sends its requests.
        bundles: Where `http` looks for CA certificates; what is read is added.
        driver: Runs the engine.
        clock: Measures everything.
        chance: For jitter.
        entropy: So many bytes that nobody can guess.
        proofs: Of the machine, for logins.
        pause: Waits so many seconds between two attempts of a request; True: there is no time any more.
        command: Runs a command soon; must not block.
        news: Told, on any thread, that something was looked at, after which `adjust` is to be called; must not block.
        fatal: Told what makes it useless to go on.
        feeds: Makes what listens for changes and tells them, where that is wanted.
        would: Nothing is written; at the end this is told what would be, line by line in the order of the settings.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        http: HttpClient,
        bundles: dict[str, bytes],
        driver: Callable[[Engine, Executor], Drives],
        clock: Clock,
        chance: Chance,
        entropy: Callable[[int], bytes],
        proofs: Proofs,
        pause: Callable[[float], bool],
        command: Callable[[Command], None],
        news: Callable[[], None],
        fatal: Callable[[str], None],
        feeds: Callable[[Callable[[Moved], None]], Listens] | None = None,
        would: Callable[[str], None] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._entropy = entropy
        self._fatal = fatal
        self._digest = Digester(entropy(32))
        self._proofs = Remembering(proofs)
        self._bundles = bundles
        self._dry = _dry(would, self._digest) if would else None
        self._rules: dict[Ref, Rules] = {}
        self._things: dict[str, Thing] = {}
        self._failing: set[str] = set()
        """Things that ask for what does not exist, or whose template fails: no answer that failed has them tried anew."""
        self._periods: dict[str, float] = {}
        """Seconds between two looks, by key, as the engine was told."""
        self._news = news
        self.reports: Reports = Reports(self._things, command, self._looked_at, dry=bool(self._dry))
        self._variables: dict[str, SecretValue] = {}
        self._mailbox = Mailbox({}, digest=self._digest)
        self._files = Files(self._digest, self._rules, looks_only=bool(self._dry))
        self._tried = partial(Retrying, http, pause=pause, chance=chance, told=told)
        self._traffic = Traffic(self._tried(settings.retries), settings.address, settings.headers, self._logged_in)
        self._kms = KMSBackend(self._traffic, AGENT, chance, proofs=self._proofs)
        self._leases = Leases.of(
            settings,
            self._traffic,
            refused=self._kms.logins.refused,
            proofs=proofs,
            clock=clock,
            chance=chance,
            entropy=entropy,
        )
        self._revoking = Revoking(self._traffic, proofs, self._kms.logins)
        self._endings: Iterator[list[Thing]] = iter(())
        """What is to be over, part by part, once the end has come."""
        self._all_revoked = True
        engine = Engine(digest=self._digest, chance=chance, limit=limit, longest=LONGEST, least=0.0)
        self._driver = driver(engine, self._executor())
        self._feeds = feeds(self._driver.send) if feeds else None

    def _executor(self) -> Executor:
        looks = Looks({HOST: self._files, CALLER: self._mailbox})
        leases = [self._dry.lending] if self._dry else self._leases.backends
        return Executor(
            clock=self._clock,
            backends=[self._kms, *leases, Local(self._clock), looks, self._revoking],
            places=[self._dry.files if self._dry else self._files, self._mailbox],
            report=self.reports.report,
        )

    def start(self) -> None:
        """Begin. A token that an earlier process left in a sink is used if the KMS still renews it."""
        log.info("starting KMS agent...")
        log.info("instance address set to %s", self._settings.address)
        for warning in self._settings.warnings:
            log.warning("%s", warning)
        cache = self._settings.cache
        log.info("%s", f"[cache]: leases are kept in {cache.folder}" if cache else "caching is disabled")
        self._use(self._settings)
        if not self._dry:
            self._files.start(self._rules)
            self._adopt()
        self._driver.start()
        for template in self._settings.templates:
            log.info("template engine started for template %d", template.number)
        for thing in self._things.values():
            self._send(thing)

    def apply(self, settings: Settings) -> None:
        """Keep right what these settings say from now on; what they leave unchanged is left alone."""
        before, files = dict(self._things), _files_of(self._settings)
        self._use(settings)
        for key in before.keys() - self._things.keys():
            self._driver.send(Withdrawn(key))
            self.reports.forget(key)
        for name in self._variables.keys() - settings.variables.keys():
            self._forget(variable(name))
            del self._variables[name]
        for ref in files.keys() - _files_of(settings).keys():
            self._files.forget(ref)
        for key, thing in self._things.items():
            if before.get(key) is not thing:
                self._send(thing)

    def adjust(self) -> None:
        """Look more often at what does not exist, is no template or may not be written, until it is right (agent §7)."""
        for thing in self._things.values():
            if self._periods.get(thing.key) != self._period(thing):
                self._send(thing)

    def _forget(self, ref: Ref) -> None:
        self._mailbox.forget(ref)
        self._driver.send(Moved(Observe(ref), NO_VERSION))  # or it would be believed to be there when it comes back

    def close(self) -> None:
        """Stop; what is being written is finished first."""
        if self._feeds:
            self._feeds.close()
        self._driver.close()
        self._files.close()
        if self._dry:
            self._dry.close(_files_of(self._settings))

    # -- what others ask and are told

    def healthy(self) -> tuple[bool, str]:
        """Only an agent that is itself stuck is unhealthy; no outage of others makes it so."""
        stuck = self._driver.dead or self._driver.silent_for > STUCK
        return not stuck, "the engine is stuck" if stuck else "ok"

    def ready(self) -> tuple[bool, str]:
        """Whether everything is as wanted; the files that were written stay, whatever this says."""
        wrong = self.reports.wrong
        return not wrong, f"not as wanted: {', '.join(wrong)}" if wrong else "ok"

    def wanted(self) -> Wanted | None:
        """Return what the program of `exec` is to run with; None until all of it is there."""
        if not self.reports.complete:
            return None
        return Wanted(self._settings.program, dict(self._variables), self.reports.changes)

    def complain(self, text: str) -> None:
        log.error("%s", text)

    def stopping(self) -> int | None:
        """Say goodbye; return the exit code, None while there is something to be revoked, of which comes news."""
        log.info("agent is gracefully shutting down...")
        if not self._settings.revoke_on_shutdown:
            return 0
        if not self._kms.logins.tokens():
            log.error("credentials cannot be revoked: there is no access token yet")
            return 1
        self._leases.swept = True  # what was found so far is all that there will be
        self._endings = endings(
            tuple(self._things.values()),
            self._settings,
            identity(self._settings, self._digest),
            lending=self._leases.lending.get(),
            send=self._driver.send,
            all_right=lambda: self._all_revoked,
        )
        self._replace(())
        return self.revoked()

    def revoked(self) -> int | None:
        """Go on where something was revoked, or could not be; return the exit code, None while it takes time."""
        while self.reports.all_reported:
            self._all_revoked &= self.reports.all_right
            things = next(self._endings, None)
            if things is None:
                log.info("successfully revoked %d access tokens", self._revoking.count)
                return 0 if self._all_revoked else 1
            self._replace(things)
        return None

    def finished(self) -> int:
        """Say what came of the only round; return the exit code."""
        if not self.reports.all_right:
            return 2 if self.reports.misdirected else 1
        log.info("agent is exiting after all templates have finished rendering once...")
        return 0

    # -- what there is to keep right

    def _use(self, settings: Settings) -> None:
        """Take settings for the present ones; a thing that they say nothing new of stays the very same."""
        who = identity(settings, self._digest)
        self._settings = settings
        self._traffic.http = self._tried(settings.retries)
        self._traffic.address, self._traffic.headers = settings.address, settings.headers
        if settings.ca_certificate:
            self._bundles[who.trust] = settings.ca_certificate
        made = {thing.key: thing for thing in self._made(settings, who)}
        same = {key: old for key, old in self._things.items() if key in made and old.says == made[key].says}
        self._things = self.reports.things = made | same  # at once: outcomes come meanwhile
        self._rules.update(_files_of(settings))

    def _made(self, settings: Settings, who: Identity) -> list[Thing]:
        things: list[Thing] = [KeptToken(who, self._feeds.token if self._feeds else _unheard)]
        things += self._leases.things
        things += [TokenFile(sink, who) for sink in settings.sinks]
        things += [RenderedFile(template, who, self._rendering(template, who)) for template in settings.templates]
        for name, template in settings.variables.items():
            self._mailbox.expect(variable(name), partial(self._delivered, name))
            things.append(RenderedVariable(template, who, self._rendering(template, who), name=name))
        return things

    def _rendering(self, template: Template, who: Identity) -> Rendering:
        still = Still(now=self._nanoseconds, entropy=self._entropy)
        questions = Questions(who, AGENT.slug_max_age, self._feeds.watch if self._feeds else _unheard)
        return Rendering(template, questions, self._digest, still)

    def _delivered(self, name: str, content: Content) -> None:
        self._variables[name] = content[CONTENT]

    def _nanoseconds(self) -> int:
        return int(self._clock.now().timestamp() * 1e9)

    def _period(self, thing: Thing) -> float:
        return min(thing.interval, LONGEST) if thing.key in self._failing else thing.interval

    def _send(self, thing: Thing) -> None:
        period = self._periods[thing.key] = self._period(thing)
        self._driver.send(Applied(Subject(thing.key, HERE, thing.desired, self._digest(thing.says), period)))

    def _replace(self, things: Iterable[Thing]) -> None:
        """Keep these right from now on, instead of all others."""
        for key in self._things:
            self._driver.send(Withdrawn(key))
        self._things = {thing.key: thing for thing in things}
        self.reports.begin(self._things)
        for thing in self._things.values():
            self._send(thing)

    # -- what happens

    def _looked_at(self, key: str, outcome: Outcome) -> None:
        if outcome.ready:
            self._failing.discard(key)
        elif any(isinstance(error, NotFound | TemplateError | TargetInvalid) for error in outcome.errors):
            self._failing.add(key)
        if self.reports.all_right:
            self._leases.rendered()
        self._news()

    def _logged_in(self, life: float) -> None:
        if not self._dry:
            self._proofs.forget_files(self._settings.auth)
        if 0.0 < life <= SHORTEST_LIFE:
            self._fatal(f"the access token lives {life:g} s, which is too short; give the identity a longer TTL")

    def _adopt(self) -> None:
        for sink in self._settings.sinks:
            try:
                token = self._proofs.proofs.file(sink.path)
            except CredentialsNotFound:
                continue  # no earlier agent left one there
            if is_text(token.reveal()) and token.reveal():  # what could not be sent is no token
                log.info("found existing token in file")
                self._kms.logins.adopt(identity(self._settings, self._digest), token)
                return


def _dry(would: Callable[[str], None], digest: Digester) -> Dry:
    from .dry import Dry, DryFiles  # late, because few runs are dry

    return Dry(would, DryFiles(digest))


def _unheard(*_: object) -> None:
    """Nobody listens for changes."""


def _files_of(settings: Settings) -> Mapping[Ref, Rules]:
    """Return every file that is written, with how it comes to be."""
    placings = {sink.path: sink.placing for sink in settings.sinks}
    placings |= {template.destination: template.placing for template in settings.templates}
    return {target(path): _rules(placing) for path, placing in placings.items() if path}


def _rules(placing: Placing) -> Rules:
    return Rules(create_directories=placing.create_directories, backup=placing.backup)


def limit(host: str) -> int:
    """Return how many requests a host takes at once."""
    return {HERE: _NO_LIMIT, CALLER: _NO_LIMIT, HOST: _DISK, TOKENS: 1}.get(host, AGENT.in_flight)
