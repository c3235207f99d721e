"""The map: outlines in order, countries in their place, names apart."""

from __future__ import annotations

import pytest

from planner.report.world import middles, outlines, world_map


@pytest.mark.parametrize(
    ("code", "longitude", "latitude"),
    [
        ("CHN", (95, 112), (30, 42)),
        ("FRA", (0, 5), (44, 49)),  # not between Europe and Guiana
        ("USA", (-105, -92), (36, 44)),  # not drawn towards Alaska
        ("RUS", (80, 115), (55, 70)),  # though it goes on past 180 degrees
        ("FJI", (177, 180), (-19, -16)),
        ("CHL", (-75, -68), (-45, -30)),
    ],
)
def test_a_name_stands_in_its_country(code, longitude, latitude):
    x, y = middles()[code]
    assert longitude[0] <= x <= longitude[1]
    assert latitude[0] <= y <= latitude[1]


def test_countries_are_known_by_their_code():
    codes = [shape["id"] for shape in outlines()["objects"]["countries"]["geometries"]]
    assert len(codes) == len(set(codes)) == 176
    assert {"CHN", "COD", "KOR", "USA"} <= set(codes)
    assert "ATA" not in codes
    assert [code for code in codes if len(code) != 3] == ["N. Cyprus", "Somaliland", "Kosovo"]


def test_shares_by_country():
    figure, lacking = world_map({"China": 0.7, "DR Congo": 0.2, "Rest of world": 0.1})
    assert lacking == ("Rest of world",)
    shares = figure.data[0]
    assert list(shares.locations) == ["CHN", "COD"]
    assert list(shares.z) == [0.7, 0.2]
    assert list(figure.data[1].text) == ["China 70 %", "DR Congo 20 %"]


def test_what_has_no_outline_is_told():
    _, lacking = world_map({"Singapore": 0.5, "Atlantis": 0.25, "Chile": 0.25})
    assert lacking == ("Atlantis", "Singapore")
    figure, lacking = world_map({"Rest of world": 1.0})
    assert lacking == ("Rest of world",)
    assert not figure.data[0].locations


def test_names_do_not_stand_on_one_another():
    names = ("Belgium", "France", "Germany", "Netherlands", "Poland", "China")
    figure, _ = world_map({name: 0.1 + i / 100 for i, name in enumerate(names)})
    said = list(figure.data[1].text)
    assert said[:2] == ["China 15 %", "Poland 14 %"]
    places = [*zip(figure.data[1].lon, figure.data[1].lat, strict=True)]
    for i, (x, y) in enumerate(places):
        assert all(abs(x - a) >= 34 or abs(y - b) >= 9 for a, b in places[:i])


def test_a_name_beside_a_large_country_is_moved_up():
    figure, _ = world_map({"China": 0.65, "Tajikistan": 0.17, "Turkey": 0.11, "Chile": 0.07})
    said = list(figure.data[1].text)
    assert said == ["China 65 %", "Tajikistan 17 %", "Turkey 11 %", "Chile 7 %"]
    at = figure.data[1].lat[1] - middles()["TJK"][1]
    assert 0 < abs(at) < 10


def test_a_small_share_has_no_name():
    figure, _ = world_map({"China": 0.99, "Chile": 0.01})
    assert list(figure.data[1].text) == ["China 99 %"]
