"""The pages made from the code are the code's."""

from pathlib import Path

import pytest

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


def test_the_readme_tells_the_numbers_of_the_results() -> None:
    """Cost of the cap, in all and a tonne: both tables are written at once, and neither by hand."""
    import re

    def costs(text: str, cash: int, tonne: int) -> list[tuple[str, str, str]]:
        rows = [[c.strip() for c in line.split("|")[1:-1]] for line in text.splitlines()]
        rows = [row for row in rows if len(row) > max(cash, tonne) and row[1][-1:] == "%"]
        return [(row[0], row[cash], row[tonne]) for row in rows]

    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("<!-- results -->")[2].partition("<!-- /results -->")[0]
    shown = re.sub(r"(\S+) \((\S+)/t\)", r"\1 | \2", shown)
    told = costs((DOCS / "results.md").read_text(encoding="utf-8"), 6, 7)
    assert len(told) > 8
    assert costs(shown, 6, 7) == told
