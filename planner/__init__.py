"""The planner: workbooks in, what-ifs, procurement plans out."""
