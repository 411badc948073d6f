"""A provider reduced to its wire: a real HTTP server that answers what a test tells it to."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Reply:
    """What the server does with one request; `drop` hangs up after reading it."""

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0
    drop: bool = False


@dataclass(frozen=True)
class Request:
    """A request as it came over the wire."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self):
        return json.loads(self.body)


class Wire:
    """Replies in the order in which they were queued, and every request it has seen."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.replies: list[Reply] = []
        self.requests: list[Request] = []
        self.released = threading.Event()

    def answers(self, *replies: Reply) -> None:
        self.replies += replies

    @property
    def last(self) -> Request:
        return self.requests[-1]


def _handler(wire: Wire) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            there = urlsplit(self.path)
            query = dict(parse_qsl(there.query))
            seen = Request(self.command, there.path, query, dict(self.headers), body)
            wire.requests.append(seen)
            reply = wire.replies.pop(0) if wire.replies else Reply()
            self.close_connection = True
            wire.released.wait(reply.delay_seconds)
            if not reply.drop:
                self._answer(reply)

        def _answer(self, reply: Reply) -> None:
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body)
            payload = content if isinstance(content, bytes) else content.encode()
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Connection": "close"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = _serve  # noqa: N815 - the names that http.server calls

        def log_message(self, *args) -> None:
            """Say nothing."""

    return Handler


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address) -> None:
        """A client that timed out has gone: nobody is left to answer."""


@contextmanager
def wire() -> Iterator[Wire]:
    """A running server on a free port of loopback."""
    server = _Server(("127.0.0.1", 0), BaseHTTPRequestHandler)
    double = Wire(server.server_address[1])
    server.RequestHandlerClass = _handler(double)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield double
    finally:
        double.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
