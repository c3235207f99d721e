"""Country names and codes, in the forms that people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from models import case, schema
from models.checks.common import closest_names

_ALIASES = {
    "ARE": "UAE; Emirates",
    "BIH": "Bosnia",
    "BOL": "Bolivia",
    "BRN": "Brunei",
    "CHN": "PRC; People's Republic of China; Mainland China; China (mainland); PR China; China PR",
    "CIV": "Ivory Coast; Cote d Ivoire",
    "COD": "DR Congo; DRC; D.R. Congo; Congo DR; Congo-Kinshasa; Congo (Kinshasa); Zaire; "
    "Democratic Republic of Congo; Congo, Dem. Rep.; Congo (DRC); Dem. Rep. Congo; "
    "Congo, Democratic Republic",
    "COG": "Republic of Congo; Congo-Brazzaville; Congo (Brazzaville); Congo, Rep.; Congo Republic",
    "CPV": "Cape Verde",
    "CZE": "Czech Republic; Czechia",
    "FLK": "Falkland Islands",
    "FSM": "Micronesia",
    "GBR": "UK; U.K.; Great Britain; Britain; England; United Kingdom; GB",
    "HKG": "Hong Kong; Hong Kong SAR; Hong Kong, China",
    "IRL": "Republic of Ireland",
    "IRN": "Iran",
    "KOR": "South Korea; Korea; Korea (South); Korea, South; Republic of Korea; S. Korea; ROK; "
    "Korea, Rep.; Korea Republic",
    "KGZ": "Kyrgyz Republic",
    "LAO": "Laos; Lao; Lao PDR",
    "MAC": "Macau; Macao",
    "MDA": "Moldova",
    "MKD": "Macedonia; FYROM; North Macedonia",
    "MMR": "Burma; Myanmar (Burma)",
    "NLD": "Holland; The Netherlands; Netherlands",
    "PRK": "North Korea; Korea, North; Korea (North); DPRK; N. Korea",
    "PSE": "Palestine",
    "RUS": "Russia",
    "STP": "Sao Tome",
    "SVK": "Slovak Republic",
    "SWZ": "Swaziland; Eswatini",
    "SYR": "Syria",
    "TLS": "East Timor",
    "TUR": "Turkey; Turkiye; Türkiye; Republic of Turkey; Türkiye (Turkey)",
    "TWN": "Taiwan; Chinese Taipei; Taiwan (China); Taiwan, China; Republic of China; ROC",
    "TZA": "Tanzania",
    "USA": "United States; U.S.; US; U.S.A.; America; United States of America; the States",
    "VAT": "Vatican; Vatican City",
    "VEN": "Venezuela",
    "VNM": "Vietnam; Viet Nam",
    "XKX": "Kosovo",
    schema.REST_OF_WORLD: "Rest of world; Rest of the world; ROW; R.O.W.; Rest of World (ROW)",
}

_NAMES = ("alpha_2", "alpha_3", "name", "official_name", "common_name")
_CONGO, _SEVERAL = "congo", "if you mean several countries, leave the cell blank"
_HINTS = {
    _CONGO: "did you mean DR Congo or Republic of the Congo?",
    "eu": _SEVERAL,
    "european union": _SEVERAL,
}
"""What to do about names that belong to no single country."""
_CLOSE = 0.75
"""Least similarity of a name to the country that is suggested: Atlantis and Albania have 0.67."""


def fold_country(name: str) -> str:
    """Return a country name for comparison: without case, accents, points and the word "the"."""
    plain = unicodedata.normalize("NFKD", case.fold(name))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace(".", "")
    plain = plain.replace("&", " and ").replace("ı", "i")
    words = re.sub(r"[^\w]+", " ", plain).split()
    return " ".join("saint" if w == "st" else w for w in words if w != "the")


@cache
def iso3_code(name: str) -> str | None:
    """Return the ISO3 code for a name or code, ``ROW`` for the rest of the world; else None."""
    return _index().get(fold_country(name))


def closest_country(name: str) -> str:
    """Return a hint with the country whose name is closest to an unknown one; "" if none is."""
    folded = fold_country(name)
    if folded in _HINTS:
        return _HINTS[folded]
    close = closest_names(folded, _shown(), _CLOSE)
    if close and close[0] == _CONGO:
        return _HINTS[_CONGO]
    return f"did you mean {_shown()[close[0]]!r}?" if close else ""


def member_meant(name: str, members: Mapping[str, str]) -> str:
    """Return a hint with the member of the country named; ``members`` is keyed by its code."""
    member = members.get(iso3_code(name) or "")
    return f"did you mean {member!r}?" if member else ""


@cache
def _index() -> dict[str, str]:
    """ISO3 code by folded name, ISO2 and ISO3 code."""
    import pycountry

    codes: dict[str, str] = {}
    for country in pycountry.countries:
        for attribute in _NAMES:
            name = getattr(country, attribute, "")
            head, _, tail = name.partition(", ")
            # "Bolivia, Plurinational State of" and "Plurinational State of Bolivia"
            for spelling in filter(None, (name, tail and f"{tail} {head}")):
                codes.setdefault(fold_country(spelling), country.alpha_3)
    for code, names in _ALIASES.items():
        codes.update({fold_country(name): code for name in names.split("; ")})
        codes.setdefault(code.casefold(), code)
    codes["xk"] = "XKX"
    del codes[_CONGO]  # two countries have this name
    return codes


@cache
def _shown() -> dict[str, str]:
    """A readable spelling by folded name, for messages."""
    import pycountry

    aliases = (name for names in _ALIASES.values() for name in names.split("; "))
    official = (getattr(country, "common_name", country.name) for country in pycountry.countries)
    return {fold_country(name): name for name in (*aliases, *official)}
