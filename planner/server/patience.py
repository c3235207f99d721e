"""Connections that nobody goes on with are ended: half a request, or an answer nobody takes.

Uvicorn ends a connection that is idle between two requests, and no other.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS = 30.0
"""How long a browser may take for the head of a request, and be silent within a body or answer."""


class _Counting:
    """A transport that knows how many bytes of answers it was given."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self.given = transport, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self.given += len(data)
        self._transport.write(data)

    @property
    def taken(self) -> int:
        return self.given - self._transport.get_write_buffer_size()


class TimedConnection(H11Protocol):
    """A connection that is ended where its request does not come, or its answer is not taken."""

    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look whether the browser goes on."""
        self._counting = _Counting(transport)
        super().connection_made(self._counting)  # type: ignore[arg-type]
        self._look = self.loop.call_later(SECONDS, self._end_or_wait, None, -1)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching the client: the connection is closed."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def _end_or_wait(self, request: object, taken: int) -> None:
        """End the connection if it is as it was at the last look; else look again.

        ``request`` is the one that was answered then, ``taken`` how many bytes of answers had left.
        """
        now = self._counting
        is_headless = self.conn.their_state is h11.IDLE and self.cycle is request
        is_stuck = now.taken == taken < now.given
        if is_headless or is_stuck:
            self.transport.abort()
            return
        self._look = self.loop.call_later(SECONDS, self._end_or_wait, self.cycle, now.taken)
