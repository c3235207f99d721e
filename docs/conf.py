"""How the manual becomes a site: ``make site``. Sphinx reads this file."""

from planner._version import __version__ as release

project = "Coalition sourcing planner"
author = "The planner's authors"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"{project} {release}"
myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4
# A line of a command's output may begin with % and hold an apostrophe: to the lexer, a command.
suppress_warnings = ["misc.highlighting_failure"]
