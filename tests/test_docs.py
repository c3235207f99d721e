"""The pages made from the code are the code's, and commands print what the pages show."""

from pathlib import Path

import pytest

from docs import consoles
from docs.assemble import PAGES

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_page_is_what_the_code_says(name: str) -> None:
    """`make docs` was run after the last change."""
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name]()


@pytest.mark.parametrize("page", [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")], ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is a file of the repository."""
    import re

    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    for target in targets:
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", consoles.PAGES)
def test_commands_print_what_the_page_shows(page: str) -> None:
    """`make docs` was run after the last change: a reader sees what a page promises."""
    assert (DOCS.parent / page).read_text(encoding="utf-8") == consoles.rerun(page)
