"""The pages made from the code are the code's, and commands print what the pages show."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import consoles
from docs.assemble import PAGES
from tests.budget import IS_LONG

DOCS = Path(__file__).parent.parent / "docs"
ALWAYS = ("README.md", "docs/tutorial.md")
"""Pages with commands that every run of the tests tries, and `make docs` as all others."""


@pytest.mark.parametrize("name", PAGES)
def test_page_is_what_the_code_says(name: str) -> None:
    """`make docs` was run after the last change."""
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name]()


@pytest.mark.parametrize("page", [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")], ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is a file of the repository."""
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    for target in targets:
        if "://" not in target:
            assert (page.parent / target).exists(), target


def pages() -> Iterator[object]:
    """Yield the pages with commands; studies of the larger example wait for a long run."""
    for page in consoles.PAGES:
        text = (DOCS.parent / page).read_text(encoding="utf-8")
        takes_long = "critical-minerals.xlsx" in text or "--example" in text
        marks = [pytest.mark.fuzz, pytest.mark.skipif(not IS_LONG, reason="takes long")]
        yield pytest.param(page, marks=marks if takes_long and page not in ALWAYS else [])


@pytest.mark.slow
@pytest.mark.parametrize("page", [*pages()])
def test_commands_print_what_the_page_shows(page: str) -> None:
    """`make docs` was run after the last change: a reader sees what a page promises."""
    assert (DOCS.parent / page).read_text(encoding="utf-8") == consoles.rerun(page)


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ("", "Mineral|Tin|||Finding|              So"),
        ("Finding", "Finding|              So"),
        ("Mineral|Finding", "Mineral|...|Finding|              So"),
        ("Mineral|Tin", "Mineral|Tin"),
        ("Tin|Finding", "Tin|Finding|              So"),
    ],
)
def test_lines_that_a_page_leaves_out_are_marked(lines: str, shown: str) -> None:
    """A kept line brings those that continue it; blank lines alone are no gap."""
    printed = ["Mineral", "Tin", "", "", "Finding", "              So"]
    kept = consoles.kept_lines(printed, re.compile(lines))
    assert "".join(kept).splitlines() == shown.split("|")
