"""The local web page: drop a workbook, read its findings, plan, run studies, download.

``app`` is the page and what guards it, ``jobs`` are sessions and the processes that work for them.
Nothing is planned here: a job runs the commands, in a process of its own (``planner.cli.job``).
"""
