"""An independent second formulation of the sourcing problem, for tests only."""
