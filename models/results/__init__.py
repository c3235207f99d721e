"""What a plan gives out: every table declared once as typed fields, and each measure once."""

from models.results.field import CATALOGUE, Colour, Field, Look, Name, Result, field
from models.results.overall import Benchmarks, ByMineral, Figure, Scorecard, Summary
from models.results.proof import ChartData, Checks, Duals, Glossary, Values
from models.results.shares import CountryShares, ShareLimits
from models.results.stages import Changes, Contracts, Ore, Projects, Stocks, Tiers
from models.results.studies import About, Runs
from models.results.supply import Flows, Prices, Refiners, Shortages

__all__ = [
    "CATALOGUE",
    "About",
    "Benchmarks",
    "ByMineral",
    "Changes",
    "ChartData",
    "Checks",
    "Colour",
    "Contracts",
    "CountryShares",
    "Duals",
    "Field",
    "Figure",
    "Flows",
    "Glossary",
    "Look",
    "Name",
    "Ore",
    "Prices",
    "Projects",
    "Refiners",
    "Result",
    "Runs",
    "Scorecard",
    "ShareLimits",
    "Shortages",
    "Stocks",
    "Summary",
    "Tiers",
    "Values",
    "field",
]
