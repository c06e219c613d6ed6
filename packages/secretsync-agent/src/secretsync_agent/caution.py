"""When a file waits although its text is there: for calm after a change, and for a second look at what vanished.

Lost rights can look like a shorter good list, and an empty one like no secrets at all (agent §7, kms-api §4.6). What was
there before is remembered here and forgotten with the process; time is asked for like everything else.
"""

from __future__ import annotations

from secretsync.classes import define
from secretsync.errors import TargetInvalid
from secretsync.reconcile.ask import Ask
from secretsync.values import SecretValue

from .functions import Lists
from .local import moment
from .rendering import Made
from .settings import Wait


class ManyKeysRemoved(TargetInvalid):
    """More than half of what a file was made from is gone; it is kept until that is seen again."""

    code = "many_keys_removed"


class AllKeysRemoved(TargetInvalid):
    """Nothing is left of what a file was made from; it is kept until there is something again."""

    code = "all_keys_removed"


@define(eq=False)
class Caution:
    """Of one template. Mutable, of one thread; times are monotonic seconds.

    Attributes:
        interval: Seconds until a second look.
        wait: For calm, if so.
        allow_empty: Lists that became empty count.
    """

    interval: float
    wait: Wait | None
    allow_empty: bool
    _accepted: Made | None = None
    _doubted: Lists | None = None
    _doubted_at: float = 0.0
    _changing: bytes = b""
    _changed_at: float = 0.0
    _restless_since: float | None = None

    def released(self, made: Made, ask: Ask) -> SecretValue:
        """Return the text that is to stand in the file now.

        Raises:
            ManyKeysRemoved, AllKeysRemoved: It stays as it is.
        """
        before = self._accepted
        if before is not None and made.inputs != before.inputs:
            self._doubt(made, before, ask)
            if self._restless(made, ask):
                return before.text
        self._accepted, self._doubted, self._restless_since = made, None, None
        return made.text

    # -- what vanished

    def _doubt(self, made: Made, before: Made, ask: Ask) -> None:
        """Look at the lists that are asked for as before: what a changed template asks no more did not vanish."""
        had = {query: keys for query, keys in before.lists.items() if query in made.lists}
        if not self.allow_empty and any(keys and not made.lists[query] for query, keys in had.items()):
            raise AllKeysRemoved(
                "a list that had secrets is empty; the file is kept, because lost rights look the same "
                "(allow-empty: true has it written)"
            )
        vanished = sum(len(keys - made.lists[query]) for query, keys in had.items())
        of = sum(map(len, had.values()))
        if 2 * vanished > of and any(made.lists.values()) and not self._seen_twice(made, ask):
            raise ManyKeysRemoved(
                f"ManyKeysRemoved: {vanished} of {of} secrets vanished at once; the file is kept until that is seen again"
            )

    def _seen_twice(self, made: Made, ask: Ask) -> bool:
        now = moment(ask, self.interval, of=made.inputs)
        if made.lists != self._doubted:
            self._doubted, self._doubted_at = made.lists, now
        return now - self._doubted_at >= self.interval

    # -- calm

    def _restless(self, made: Made, ask: Ask) -> bool:
        if self.wait is None:
            return False
        now = moment(ask, self.wait.min, of=made.inputs)
        if self._restless_since is None:
            self._restless_since = now
        if made.inputs != self._changing:
            self._changing, self._changed_at = made.inputs, now
        return now - self._changed_at < self.wait.min and now - self._restless_since < self.wait.max
