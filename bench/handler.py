"""The bare server to compare with: one handler of Starlette that answers every list with the same bytes.

    python -P bench/handler.py --body FILE --tag '"…"'

Under uvicorn with the settings of the development KMS. Prints `{"port": …}` when it listens.
"""

from __future__ import annotations

import argparse
import json
import socket
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def application(body: bytes, tag: str) -> Starlette:
    async def listed(request: Request) -> Response:  # noqa: ARG001 - as Starlette wants it
        return Response(body, headers={"etag": tag}, media_type="application/json")

    return Starlette(routes=[Route("/api/v4/secrets", listed)])


def serve(app: Starlette) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    config = uvicorn.Config(
        app,
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        log_config=None,
        access_log=False,
    )
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--body", type=Path, required=True)
    options.add_argument("--tag", required=True)
    args = options.parse_args()
    serve(application(args.body.read_bytes(), args.tag))
