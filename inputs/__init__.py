"""The two example cases: their data with sources, and the script that makes the workbooks."""
