"""A subscription as an answer that does not end: frames, signs of life, the second look at permission. Plain ASGI."""

from __future__ import annotations

import asyncio
from typing import Final

from .feed import PING, Feed, Subscription, frame
from .gate import CLOSING, Receive, Scope, Send, first, gone

_HEADERS: Final = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    (b"connection", b"keep-alive"),
    (b"x-accel-buffering", b"no"),
)


async def stream(feed: Feed, subscription: Subscription, scope: Scope, receive: Receive, send: Send) -> None:
    """Send what the subscription gets, until it ends, or the client or the server goes."""
    loop, stirred = asyncio.get_running_loop(), asyncio.Event()
    subscription.listen(lambda: loop.call_soon_threadsafe(stirred.set))
    closing: asyncio.Event = scope["extensions"][CLOSING]
    left = asyncio.ensure_future(gone(receive))
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
    looked = loop.time()
    try:
        while not (subscription.ended or closing.is_set() or left.done()):
            stirred.clear()  # before looking, so that nothing is missed that comes meanwhile
            if taken := subscription.take():
                await send({"type": "http.response.body", "body": taken, "more_body": True})
            quiet = not await first(stirred.wait(), closing.wait(), asyncio.shield(left), seconds=feed.ping_every)
            if loop.time() - looked >= feed.look_again_every:
                looked = loop.time()
                if not subscription.allowed():
                    await send({"type": "http.response.body", "body": _withdrawn(), "more_body": True})
                    break
            if quiet and not feed.silent:
                await send({"type": "http.response.body", "body": PING, "more_body": True})
    finally:
        feed.unsubscribe(subscription)
        left.cancel()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _withdrawn() -> bytes:
    return frame("error", {"message": "You are no longer allowed to subscribe to these events"})
