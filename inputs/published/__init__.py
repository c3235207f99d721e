"""Published tables, rebuilt as workbooks that the planner reads."""
