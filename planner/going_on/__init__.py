"""The plan goes on: what came of the years that are over, and the workbook of the next plan."""
