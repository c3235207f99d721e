"""The sourcing problem as data and mathematics: a Case in, a Plan out.

A coalition of members buys refined minerals from refiners in many countries. The program chooses
who buys how much from whom in each year. It minimises the discounted cost of purchases, freight,
tariffs, shortages and penalties, while no single country supplies more than a given share.

This package knows no file, no workbook and no command. Its layers, from the bottom up: ``errors``,
``units`` and ``schema`` (what a workbook can contain), ``case`` (the content of one workbook),
``resolve`` (wildcards resolved), ``program`` (the linear program, one file per family), ``solve``
(HiGHS and the certificate), ``plan`` and ``answers``.
"""
