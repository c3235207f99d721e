"""What a plan gives out: every table declared once as typed fields, and each measure once."""

from models.results import difference as difference
from models.results import orders as orders
from models.results.field import CATALOGUE, Colour, Field, Look, Name, Result, field
from models.results.members import Members, WhoPays
from models.results.overall import Benchmarks, ByMineral, ByYear, Figure, Scorecard, Summary
from models.results.proof import About, ChartData, Checks, Duals, Glossary, Runs, Values
from models.results.supply import (
    Changes,
    Contracts,
    CountryShares,
    Flows,
    Ore,
    Prices,
    Projects,
    Refiners,
    Security,
    ShareLimits,
    ShortageCauses,
    Shortages,
    Stocks,
    Tiers,
)

__all__ = [
    "CATALOGUE", "About", "Benchmarks", "ByMineral", "ByYear", "Changes", "ChartData", "Checks",
    "Colour", "Contracts", "CountryShares", "Duals", "Field", "Figure", "Flows", "Glossary", "Look",
    "Members", "Name", "Ore", "Prices", "Projects", "Refiners", "Result", "Runs", "Scorecard",
    "Security", "ShareLimits", "ShortageCauses", "Shortages", "Stocks", "Summary", "Tiers",
    "Values", "WhoPays", "field",
]  # fmt: skip
