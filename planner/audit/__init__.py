"""Verifies and redacts finished plans.

``verify`` computes a plan again from its workbook and its input; nothing is solved. ``redact``
removes orders, stocks and prices of some members from a plan's workbook.
"""
