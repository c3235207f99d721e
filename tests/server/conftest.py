"""What the tests of the server share: a page with small limits, and visitors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from planner.server.app import Config, application
from planner.server.jobs import ServerLimits
from tests.waiting import wait_until

PLAIN = Path(__file__).parents[2] / "inputs" / "plain.xlsx"


class Visitor:
    """Someone with a browser of their own."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    @property
    def form(self) -> str:
        """What the page's forms carry."""
        found = re.search(r'name="form" value="([^"]+)"', self.client.get("/").text)
        assert found
        return found[1]

    def bring(self, name: str, data: bytes, form: str = ""):
        """Upload a workbook."""
        return self.client.post(
            "/workbook", data={"form": form or self.form}, files={"workbook": (name, data)}
        )

    def ask(self, kind: str, **options: str):
        """Start a plan or a study."""
        return self.client.post("/jobs", data={"form": self.form, "kind": kind, **options})

    def wait(self, text: str = "") -> str:
        """Wait until nothing runs, or the page says something; return what it shows."""

        def fmt() -> str:
            shown = self.client.get("/state").text
            return shown if (text or 'data-live="0"') in shown else ""

        return wait_until(fmt, lambda: self.client.get("/state").text)


@pytest.fixture
def serve() -> Iterator[Callable[..., TestClient]]:
    """Serve a page with limits; returns a browser that looks at it, more of it with ``app``."""
    with ExitStack() as served:

        def make(config: Config | None = None, **limits: float) -> TestClient:
            config = config or Config(limits=ServerLimits(**limits))
            app = application(config)
            return served.enter_context(TestClient(app, base_url="http://localhost:8765"))

        yield make
