"""The sourcing problem as data and mathematics: a Case in, a Plan out.

A coalition of members buys refined minerals from refiners in many countries. Who buys how much
from whom, in which year, so that the discounted cost of purchases, freight, tariffs, shortage and
penalties is least, when no single country may supply more than a given share?

This package knows no file, no workbook and no command. It reads from the bottom up: ``errors``,
``units`` and ``schema`` (what a workbook can say), ``case`` (one workbook's worth of it),
``resolve`` (wildcards resolved), ``program`` (the linear program, a family a file), ``solve``
(HiGHS and the certificate), ``plan`` and ``answers``.
"""
