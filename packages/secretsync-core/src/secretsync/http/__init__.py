"""HTTP for every backend, and the only room that imports httpx.

exchange.py  requests and answers as values, and the protocols of who carries them
client.py    who carries them · retrying.py so often
places.py    origins, redirects, proxies
trouble.py   what went wrong, as errors of ours
"""

from .client import Http
from .exchange import Address, Body, HttpClient, Request, Response, Stream, StreamClient, revealed

__all__ = ["Address", "Body", "Http", "HttpClient", "Request", "Response", "Stream", "StreamClient", "revealed"]
