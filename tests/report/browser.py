"""A headless Chromium that tells what it logged and what it asked for."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import HANG

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_DRIVER = shutil.which("chromedriver")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--no-first-run", "--hide-scrollbars",
)  # fmt: skip


class Browser:
    """One window; every test loads its page anew."""

    def __init__(self, driver) -> None:
        self.driver = driver

    def open(
        self,
        path: Path,
        *,
        dark: bool = False,
        size: tuple[int, int] = (1280, 900),
        drawn: str = "drawn === 'yes'",
    ) -> None:
        """Load a file and wait until it says it is drawn; what was logged before is forgotten."""
        self.driver.get("about:blank")
        self.scheme("dark" if dark else "light")
        self.driver.set_window_size(*size)
        self.console()
        self.requests()
        self.driver.get(path.absolute().as_uri())
        self.wait(f"return document.documentElement.dataset.{drawn}")

    def resize(self, width: int, height: int) -> None:
        """Change the window, and wait until the charts are as wide as their places."""
        self.driver.set_window_size(width, height)
        self.wait(
            "return Array.from(document.querySelectorAll('.plot'), box => Math.abs("
            "box.clientWidth - box.querySelector('.main-svg').clientWidth) < 2).every(Boolean)"
        )

    def phone(self, width: int, height: int) -> None:
        """Have the window as narrow as no desktop window gets."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.wait(
            "return Array.from(document.querySelectorAll('.plot'), box => "
            "box.querySelector('.main-svg').clientWidth < 1000).every(Boolean)"
        )

    def desktop(self) -> None:
        """End the phone."""
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def scheme(self, name: str) -> None:
        """Have the system ask for light or dark pages."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def run(self, script: str, *arguments: object):
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, HANG, 0.05).until(lambda d: d.execute_script(script))

    def console(self) -> list[str]:
        """What was logged since the last time this was asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses asked for since the last time this was asked."""
        entries = (json.loads(e["message"])["message"] for e in self.driver.get_log("performance"))
        return [
            entry["params"]["request"]["url"]
            for entry in entries
            if entry["method"] == "Network.requestWillBeSent"
        ]

    def press(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        chain = ActionChains(self.driver, duration=0)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def pdf(self) -> bytes:
        """The page as printed."""
        printed = self.driver.execute_cdp_cmd(
            "Page.printToPDF", {"printBackground": False, "preferCSSPageSize": True}
        )
        return base64.b64decode(printed["data"])

    def picture(self, path: Path) -> None:
        """The whole page as a PNG."""
        size = self.run("return [document.body.scrollWidth, document.body.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        shot = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip}
        )
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """Start a browser of its own; skip the test where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium drives the browser")
    if _CHROMIUM is None or _DRIVER is None:
        pytest.skip("Chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = _CHROMIUM
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(_DRIVER))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
