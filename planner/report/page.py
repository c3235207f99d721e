"""A report as one HTML file: styles, charts and their library inside, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from planner.render.text import escaped
from planner.report.part import Block, Choice, Facts, Headline, Page, Part, Plot, View
from planner.report.world import outlines

_TALL = 12
"""Tables of more rows than this scroll."""


def html_of(page: Page) -> str:
    """Return the page's HTML.

    Its policy lets run only the two scripts that it brings, known by their hashes, and fetch
    nothing: whatever a name of the input says, it is text.
    """
    from plotly.offline import get_plotlyjs

    style, script = _own("page.css"), _own("page.js")
    library = get_plotlyjs()
    data = _as_json([_data(part) for part in page.parts if _first(part).plots])
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; "
        f"script-src {_hash(library)} {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    body = "\n".join(_body(page))
    return (
        '<!DOCTYPE html>\n<html lang="en" data-theme="light">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escaped(page.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{body}\n"
        f'<script type="application/json" id="parts">{data}</script>\n{_outlines(page)}'
        f"<script>{library}</script>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def _outlines(page: Page) -> str:
    """Return the outlines of countries, once, where there is a map at all."""
    plots = (p for part in page.parts for view in part.views.values() for p in view.plots)
    if not any(trace.type == "choropleth" for p in plots for trace in p.figure.data):
        return ""
    return f'<script type="application/json" id="outlines">{_as_json(outlines())}</script>\n'


def _own(name: str) -> str:
    return files("planner.report").joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    # A browser reads every line break as one line feed before it takes the hash.
    digest = hashlib.sha256(script.replace("\r\n", "\n").encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _as_json(data: object) -> str:
    """Return JSON that no browser takes for the end of a script."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


# ---- what the charts are drawn from -------------------------------------------------------------


def _data(part: Part) -> dict[str, object]:
    return {
        "key": part.key,
        "first": _name(_choice(part)),
        "views": {_name(choice): _view(view) for choice, view in part.views.items()},
    }


def _name(choice: Choice) -> str:
    return "-".join(map(str, choice))


def _choice(part: Part) -> Choice:
    return next(iter(part.views))


def _first(part: Part) -> View:
    return part.views[_choice(part)]


def _view(view: View) -> dict[str, object]:
    facts = view.facts
    return {
        "plots": [
            {
                "title": p.title,
                "alt": p.alt,
                "height": p.height,
                "width": p.width,
                "figure": _figure(p.figure),
            }
            for p in view.plots
        ],
        "facts": {
            "headers": facts.headers,
            "rows": facts.rows,
            "numeric": sorted(facts.numeric),
        },
    }


def _figure(figure: Any) -> dict[str, object]:
    made = figure.to_plotly_json()
    made["layout"].pop("template", None)
    return {"data": made["data"], "layout": made["layout"]}


# ---- what is read ------------------------------------------------------------------------------


def _body(page: Page) -> Iterator[str]:
    yield '<a class="skip" href="#main">Skip to the report</a>'
    yield '<div class="wrap">\n<header>\n<div class="top">\n<div>'
    yield f'<p class="kind">{escaped(page.kind)}</p>'
    yield f"<h1>{escaped(page.title)}</h1>"
    if page.made_by:
        yield f'<p class="made">{escaped(page.made_by)}</p>'
    sign, group = ("✓", "verdict") if page.sound else ("!", "verdict bad")
    yield f'<p class="{group}"><span aria-hidden="true">{sign} </span>{escaped(page.verdict)}</p>'
    yield '</div>\n<button id="theme" type="button" aria-pressed="false" hidden>Dark mode</button>'
    yield "</div>"
    yield '<nav aria-label="Sections"><ul>'
    for part in page.parts:
        yield f'<li><a href="#{part.key}">{escaped(part.heading)}</a></li>'
    yield '<li><a href="#about">Where this comes from</a></li>\n</ul></nav>\n</header>'
    yield '<main id="main" tabindex="-1">'
    yield '<dl class="headlines">'
    yield from map(_headline, page.headlines)
    yield "</dl>"
    if page.notes:
        yield '<ul class="notes">'
        yield from (f"<li>{escaped(note)}</li>" for note in page.notes)
        yield "</ul>"
    yield "<noscript><p>The charts need JavaScript; all numbers stand in the tables.</p></noscript>"
    for part in page.parts:
        yield from _part(part)
    yield '</main>\n<footer id="about">\n<h2>Where this comes from</h2>'
    yield from _table(page.about, "Where this comes from")
    yield "</footer>\n</div>"


def _headline(of: Headline) -> str:
    return (
        f'<div class="headline"><dt>{escaped(of.name)}</dt>'
        f'<dd class="value">{escaped(of.value)}</dd>'
        f'<dd class="remark">{escaped(of.remark)}</dd></div>'
    )


def _part(part: Part) -> Iterator[str]:
    view = _first(part)
    yield f'<section id="{part.key}" aria-labelledby="{part.key}-title">'
    yield '<div class="intro">'
    yield f'<h2 id="{part.key}-title">{escaped(part.heading)}</h2>'
    yield f'<p class="lead">{escaped(part.lead)}</p>'
    if part.selectors:
        yield '<div class="selectors">'
        for number, selector in enumerate(part.selectors):
            name = f"{part.key}-{number}"
            chosen = _choice(part)[number]
            yield f'<label for="{name}">{escaped(selector.label)} <select id="{name}">'
            for i, option in enumerate(selector.options):
                mark = " selected" if i == chosen else ""
                yield f"<option{mark}>{escaped(option)}</option>"
            yield "</select></label>"
        yield "</div>"
        said = escaped(" ".join(p.alt for p in view.plots))
        yield f'<p class="said note" role="status">{said}</p>'
    yield "</div>"
    if any(v.plots for v in part.views.values()):
        yield f'<div class="plots{" small" if part.small else ""}">'
        yield from map(_plot, view.plots)
        yield "</div>"
        yield "<details><summary>The numbers of these charts</summary>"
        yield from _table(view.facts, f"The numbers of: {part.heading}")
        yield "</details>"
    for block in part.blocks:
        yield from _block(block)
    yield "</section>"


def _plot(plot: Plot) -> str:
    return (
        f"<figure><h3>{escaped(plot.title)}</h3>"
        f'<div class="plot" role="img" aria-label="{escaped(plot.alt)}" '
        f'style="height:{plot.height}px"></div></figure>'
    )


def _block(block: Block) -> Iterator[str]:
    yield f'<div class="block"><h3>{escaped(block.heading)}</h3>'
    yield from _table(block.facts, block.heading)
    if block.note:
        yield f'<p class="note">{escaped(block.note)}</p>'
    yield "</div>"


def _table(facts: Facts, name: str) -> Iterator[str]:
    tall = len(facts.rows) > _TALL
    # What scrolls must be reached by keyboard, too.
    yield (
        f'<div class="scroll{" tall" if tall else ""}" tabindex="0" role="region" '
        f'aria-label="{escaped(name)}"><table><thead><tr>'
    )
    groups = ['class="n" ' if i in facts.numeric else "" for i in range(len(facts.headers))]
    for header, group in zip(facts.headers, groups, strict=True):
        yield f'<th {group}scope="col">{escaped(header)}</th>'
    yield "</tr></thead><tbody>"
    for row in facts.rows:
        cells = (f"<td {g}>{escaped(v)}</td>" for v, g in zip(row, groups, strict=True))
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"
