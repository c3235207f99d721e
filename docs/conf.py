"""How the manual becomes a site: ``make site``. Sphinx reads this file."""

from typing import Any

import planner
from planner import __version__ as release

for name in planner.__all__:  # loads what the page of the Python functions lists
    setattr(planner, name, getattr(planner, name))

project = "Coalition sourcing planner"
author = "The planner's authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
autodoc_typehints = "none"
nitpick_ignore_regex = [("py:.*", ".*")]  # names in docstrings; links between pages are checked
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"{project} {release}"
myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4
# A line of a command's output may begin with % and hold an apostrophe: to the lexer, a command.
suppress_warnings = ["misc.highlighting_failure"]


def setup(app: Any) -> None:
    """Leave out the members of classes: docstrings list those that users need."""
    app.connect("autodoc-skip-member", lambda _app, what, *_: what == "class" or None)
