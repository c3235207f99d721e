"""Random books of one year, and their cells as a person finds them."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.models.desk import BookT, jin, make, refiner, sur
from tests.models.test_explain import capped


@st.composite
def books(draw: st.DrawFn, *, scarce: bool = False) -> BookT:
    """Return a book of one year: two members, three refiners, a cap, lanes with a Max, mines.

    Numbers are round, so that several limits often bind where fewer would do.
    """
    tens = st.integers(1, 25 if scarce else 12).map(lambda n: 10.0 * n)
    demand = {name: draw(st.integers(4, 15)) * (20.0 if scarce else 10.0) for name in "AB"}
    refiners = [
        jin(draw(tens), Available_share=draw(st.sampled_from([1, 0.5, 0.8]))),
        sur(draw(tens)),
        refiner("Oro", "AUS", draw(tens), draw(st.sampled_from([15, 20, 40])), Kind="recycled"),
    ]
    sheets: dict[str, list[dict[str, object]]] = {}
    if draw(st.booleans()):
        sheets["Share_limits"] = [capped(draw(st.sampled_from([0.2, 0.3, 0.5])), "CHN")]
    if draw(st.booleans()):
        lane = {"From country": "CHL", "To member": "A", "Max (t/yr)": draw(tens)}
        sheets["Lanes"] = [lane]
    if draw(st.booleans()):
        mine = {"Mineral": "copper", "Country": "PER", "Capacity (t/yr)": draw(tens)}
        sheets["Mines"] = [mine | {"Premium (USD/t)": 1}]
    weight = draw(st.sampled_from([0, 0.1]))
    return make(*refiners, demand=demand, settings={"Fair shortage weight": weight}, **sheets)


def header_of(book: BookT, sheet: str, row: int, column: str) -> str:
    """Return the header of a column with its unit."""
    return next(h for h in book[sheet][row - 2] if h.partition(" (")[0] == column)
