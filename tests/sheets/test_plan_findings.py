"""What the sentences of a plan's first page say of ties, blanks and single rows, by hand."""

from __future__ import annotations

import pytest

from models.results import About, ByMineral, Figure, Format, Security, Stocks, Tiers
from planner.render.claims import SheetTables
from planner.sheets.findings import plan_findings

WORDS = {"money": "USD", "last": "2030", "basis": "demand"}
SHORT = {"mineral": "tin", "missing_share": 0.1}
OTHER = {"mineral": "zinc", "missing_share": 0.0}


def said(minerals=(SHORT, OTHER), **rows):
    """Return the sentences that follow from the rows of some tables, by their place."""
    kinds = {"uses": Tiers, "losses": Security, "reserves": Stocks}
    made = {kinds[name]: kinds[name].of_rows(of, words=WORDS) for name, of in rows.items()}
    of_stages = (field for field in ByMineral.FIELDS if field.optional)
    made[ByMineral] = ByMineral.of_rows(minerals, words=WORDS).without(*of_stages)
    made[About] = About.of(
        {Figure.FIRST_YEAR: (2026, Format.YEAR), Figure.LAST_YEAR: (2030, Format.YEAR)}
    )
    found = plan_findings(SheetTables(made.get))
    return {place: [s.text for s in found if s.place == place] for place in ("answer", "figure",
                                                                            "care")}  # fmt: skip


def use(tier, share, member="Japan", **more):
    row = {"year": 2026, "mineral": "tin", "member": member, "tier": tier, "share": share}
    return row | {"short": None if share is None else 100 * share} | more


HARDEST = "Of Japan's uses of tin in 2026, cars is hit hardest: 80 % of its need is missing."
CLOSED = " Some suppliers are closed to it."


@pytest.mark.parametrize(
    ("uses", "answer", "figure"),
    [
        ([use("cars", 0.8), use("arms", 0.5)], HARDEST,
         "In 2026, most tin is missing for cars in Japan: 80 t."),
        ([use("cars", 0.8), use("", 0.9)], None, None),
        ([use("cars", 0.8), use("", 0.8), use("arms", 0.1)], None, None),
        ([use("cars", 1.0), use("arms", 1.0), use("toys", 0.0)], None, None),
        ([use("cars", 0.8), use("arms", None)], None, None),
        ([use("cars", 0.8), use("", 0.5, short=500.0)], HARDEST, None),
        # all uses of Korea miss the same, more than Japan's
        ([use("cars", 0.8), use("arms", 0.5), use("cars", 0.9, "Korea"), use("arms", 0.9, "Korea")],
         HARDEST, None),
        ([use("arms", 0.3, closed="R1"), use("cars", 0.8)], HARDEST,
         "In 2026, most tin is missing for cars in Japan: 80 t."),
        ([use("cars", 0.8, closed="R1"), use("arms", 0.5), use("cars", 0.9, "Korea"),
          use("arms", 0.1, "Korea")],
         HARDEST + CLOSED, "In 2026, most tin is missing for cars in Korea: 90 t."),
    ],
    ids=["alone", "unnamed", "tied_unnamed", "tied", "no_need", "tonnes", "elsewhere", "less",
         "closed"],
)  # fmt: skip
def test_a_use_is_hit_hardest_only_among_all_of_its_member(uses, answer, figure):
    found = said(uses=uses)
    assert found["answer"][1:-1] == [answer] * (answer is not None)
    assert found["figure"][:-1] == [figure] * (figure is not None)


@pytest.mark.parametrize(
    ("tin", "zinc", "free", "text"),
    [
        (0.7, 0.1, 0.7, "tin is hit hardest: 70 % of its need is missing, with limits or without."),
        (0.7, 0.7, 0.7, "70 % of the need for tin is missing, with limits or without."),
        (0.7, 0.69999, 0.2, "70 % of the need for tin is missing, 20 % without limits."),
        (0.7, 0.1, 1.0, "tin is hit hardest: 70 % of its need is missing, 100 % without limits."),
        (0.7, None, 0.0, "No: 70 % of the need for tin is missing, because of the limits."),
    ],
)  # fmt: skip
def test_the_mineral_hit_hardest_and_what_is_missing_without_limits(tin, zinc, free, text):
    rows = [{"mineral": "zinc", "missing_share": zinc}, {"mineral": "tin", "missing_share": tin}]
    rows.sort(key=lambda row: -(row["missing_share"] or 0.0))
    for row in rows:
        row |= {"limits_kept": "yes", "missing_without_limits_share": free}
    if zinc == tin:
        rows.reverse()
    assert said(rows)["answer"][-1] == text


def loss(missing, country="CHN", **more):
    row = {"year": 2026, "mineral": "tin", "country": country, "missing": missing, "target": 0.8}
    return row | more


@pytest.mark.parametrize(
    ("losses", "text"),
    [
        ([loss(12.0), loss(0.0, "CHL")],
         "1 of 2 Security targets is missed, by 12 t of tin if CHN is lost in 2026."),
        ([loss(12.0), loss(40.0, "CHL")],
         "2 of 2 Security targets are missed, the most by 40 t of tin if CHL is lost in 2026."),
        ([loss(12.0), loss(12.0, "CHL"), loss(0.0, "PER")],
         "2 of 3 Security targets are missed, such as by 12 t of tin if CHN is lost in 2026."),
        ([loss(12.0), loss(0.0, "CHL"), loss(0.0, "PER", target=0.0)],  # tests nothing
         "1 of 2 Security targets is missed, by 12 t of tin if CHN is lost in 2026."),
        ([loss(12.0, row=2), loss(0.0, row=3)],
         "1 of 2 Security targets is missed, by 12 t of tin if CHN is lost in 2026."),
        ([loss(12.0)], "1 of 1 Security targets is missed, by 12 t of tin if CHN is lost in 2026."),
    ],
)  # fmt: skip
def test_a_missed_security_target_is_named(losses, text):
    assert said(losses=losses)["care"] == [text]
    assert said(losses=[each | {"missing": 0.0} for each in losses])["care"] == []


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([(0.2, 0.5, "CHN"), (0.4, 0.5, "CHL")], "tin would keep least of its need: 20 %."),
        ([(0.2, 0.5, "CHN"), (0.2, 0.5, "CHL")], "tin would keep 20 % of its need."),
        # nobody buys zinc: its need isn't met with or without a supplier
        ([(0.2, 0.5, "CHN"), (0.0, None, None)], "tin would keep 20 % of its need."),
        ([(0.2, 0.5, "CHN"), (None, 0.5, "CHL")], "tin would keep 20 % of its need."),
        ([(0.2, 0.5, "CHN")], "tin would keep 20 % of its need."),
    ],
    ids=["least", "tied", "not_bought", "no_need", "single"],
)
def test_a_mineral_keeps_least_only_among_all(rows, text):
    minerals = [
        {"mineral": name, "missing_share": 0.0, "served_without": kept, "last_share": share,
         "supplier": country, "supplier_share": share}
        for name, (kept, share, country) in zip(("tin", "zinc"), rows, strict=False)
    ]  # fmt: skip
    assert said(minerals)["figure"][0] == f"If CHN stopped selling in 2030, {text}"


def test_one_of_several_is_singular():
    """A mineral that only plants use breaks a limit, too: it is none of those needed."""
    plants_only = {"mineral": "ore", "missing_share": None, "limits_kept": "no"}
    reserve = {"year": 2030, "mineral": "tin", "member": "Japan", "target": 9.0}
    reserves = [reserve | {"shortfall": 5.0}, reserve | {"member": "Korea", "shortfall": 0.0}]
    broken = "1 mineral breaks a share limit, as its penalty allows."
    assert said([OTHER, plants_only])["answer"] == [f"Not within the limits: {broken}"]
    assert said([SHORT, plants_only], reserves=reserves)["care"] == [
        broken, "In 2030, 1 of 2 reserves is below target.",
    ]  # fmt: skip
