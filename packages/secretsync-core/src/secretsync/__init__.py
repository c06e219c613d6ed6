"""secretsync: reads secrets cheaply and safely, and keeps what needs them right.

    import secretsync

    with secretsync.open("https://kms.example", client_id=…, client_secret=…) as kms:
        fields = kms.folder("shop", "prod", "/shop")

This root is a table: a name is imported when it is first used, so that `import secretsync` costs about a millisecond.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .client import Client as Client
    from .client import open as open  # noqa: A004 - `secretsync.open` reads as it should
    from .errors import SecretSyncError as SecretSyncError
    from .values import SecretValue as SecretValue

_HOME = {
    "Client": ".client",
    "SecretSyncError": ".errors",
    "SecretValue": ".values",
    "open": ".client",
}
__all__ = ["Client", "SecretSyncError", "SecretValue", "open"]


if not TYPE_CHECKING:  # or checkers would take every misspelt name for one of ours

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(_HOME[name], __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
