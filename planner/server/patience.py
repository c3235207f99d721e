"""Closes connections with an unfinished request, or with an answer that nobody reads.

Uvicorn itself only closes connections that are idle between two requests.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS = 30.0
"""Most seconds for the header of a request, and for a pause within a body or an answer."""


class _Counting:
    """A transport that counts the bytes of answers: written to it, and sent by it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self.written = transport, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self.written += len(data)
        self._transport.write(data)

    @property
    def sent(self) -> int:
        """How many bytes of answers have left the transport's buffer for the visitor."""
        return self.written - self._transport.get_write_buffer_size()


class TimedConnection(H11Protocol):
    """A connection that is closed if its request does not arrive, or its answer is not read."""

    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._counting = _Counting(transport)
        super().connection_made(self._counting)  # type: ignore[arg-type]
        self._look = self.loop.call_later(SECONDS, self._end_or_wait, None, -1)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def _end_or_wait(self, request: object, sent: int) -> None:
        """Close the connection if nothing has changed since the last check; else check again later.

        ``request`` was answered at the last check, and ``sent`` bytes of answers had been sent.
        """
        now = self._counting
        is_headless = self.conn.their_state is h11.IDLE and self.cycle is request
        is_stuck = now.sent == sent < now.written
        if is_headless or is_stuck:
            self.transport.abort()
            return
        self._look = self.loop.call_later(SECONDS, self._end_or_wait, self.cycle, now.sent)
