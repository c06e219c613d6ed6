"""The bare loop to compare with: conditional reads by httpx, one after the other, and nothing else.

    python bench/reads.py --url http://127.0.0.1:8000 --seconds 30

Logs in, reads a folder once, then again and again with the tag it was given. One JSON object says how much processor
time those took.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # The root in place of this folder, whose operator.py is not what the standard library means by that name.
    sys.path[0] = __file__.rsplit("/", 2)[0]

import argparse
import json
import time
from typing import Final

import httpx
from bench.listing import PARAMS

FOLDER: Final = "/bare"


def measured(url: str, seconds: float) -> dict[str, float]:
    with httpx.Client(base_url=url, trust_env=False, timeout=15.0) as client:
        login = client.post("/api/v1/auth/universal-auth/login", json={"clientId": "bench", "clientSecret": "bench"})
        client.headers["Authorization"] = f"Bearer {login.json()['accessToken']}"
        tag = read(client, "", 200)
        reads, end, began = 0, time.monotonic() + seconds, time.process_time()
        while time.monotonic() < end:
            read(client, tag, 304)
            reads += 1
        return {"reads": reads, "cpu_seconds": round(time.process_time() - began, 3)}


def read(client: httpx.Client, known: str, status: int) -> str:
    headers = {"If-None-Match": known} if known else {}
    answer = client.get("/api/v4/secrets", params={**PARAMS, "secretPath": FOLDER}, headers=headers)
    if answer.status_code != status:
        raise RuntimeError(f"{answer.status_code}, not {status}")
    return answer.headers["ETag"]


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--url", required=True)
    options.add_argument("--seconds", type=float, default=30.0)
    args = options.parse_args()
    print(json.dumps(measured(args.url, args.seconds)))
