"""Connections that nobody goes on with are ended: half a request, or an answer nobody takes.

Uvicorn ends a connection that is idle between two requests, and no other.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS = 30.0
"""How long a browser may take for the head of a request, and be silent within a body or answer."""


class Patient(H11Protocol):
    """A connection that is ended where its request does not come, or its answer is not taken."""

    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look whether the browser goes on."""
        super().connection_made(transport)
        self._look = self.loop.call_later(SECONDS, self._end_or_wait, None, 0)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no longer."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def _end_or_wait(self, request: object, unsent: int) -> None:
        """End the connection if it is as it was at the last look; else look again.

        ``request`` is the one that was answered then, ``unsent`` what was left of its answer.
        """
        left = self.transport.get_write_buffer_size()
        is_headless = self.conn.their_state is h11.IDLE and self.cycle is request
        is_stuck = 0 < unsent <= left
        if is_headless or is_stuck:
            self.transport.abort()
            return
        self._look = self.loop.call_later(SECONDS, self._end_or_wait, self.cycle, left)
