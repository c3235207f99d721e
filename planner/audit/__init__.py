"""Verifies finished plans: each is computed again from its workbook and its input."""
