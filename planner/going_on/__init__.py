"""Rolling a plan: the outcome of past years, and the workbook of the next plan."""
