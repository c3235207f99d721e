"""The tables of the page on cooperation, as Markdown."""

from __future__ import annotations

from inputs.cooperation_sums import MILLION, Result, Sum

NOTICED = 0.0005
"""The part of demand from which on a shortage is shown."""
SHORT = "short alone, t | of demand | short together, t | of demand"


def totals(r: Result) -> str:
    """Return the sums of members alone beside the coalition's."""
    unit = f"{r.case.settings.currency} m"
    rows = [
        (f"purchases, {unit}", r.apart.purchases, r.together.purchases, MILLION),
        *(
            (f"{words}, {unit}", r.apart.money[head], r.together.money[head], MILLION)
            for words, head in (("of it freight", "freight"), ("capital of projects", "capital"))
        ),
        (f"cash in all, {unit}", r.apart.cash, r.together.cash, MILLION),
        ("bought, t", r.apart.total("purchased"), r.together.total("purchased"), 1.0),
        ("short, t", r.apart.total("short"), r.together.total("short"), 1.0),
        *(
            (f"{words}, {unit}", r.apart.money[head], r.together.money[head], MILLION)
            for words, head in (
                ("shortage at its price", "shortage"),
                ("reserves below target at their price", "stock shortfall"),
            )
        ),
        (f"whole cost, discounted, {unit}", r.apart.whole, r.together.whole, MILLION),
    ]
    lines = ["| | members alone, in sum | together | difference | in % |", "|---|" + "---:|" * 4]
    lines += [
        f"| {name} | {before / size:,.0f} | {after / size:,.0f} | "
        f"{signed((after - before) / size)} | {_percent(after - before, before)} |"
        for name, before, after, size in rows
    ]
    return "\n".join(lines)


def signed(value: float) -> str:
    """Return a number with its sign, 0 where it rounds to that."""
    return f"{value:+,.0f}" if abs(value) >= 0.5 else "0"  # noqa: PLR2004 - rounds to 0


def _of(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole > 0 else "-"


def _percent(part: float, whole: float) -> str:
    share = part / whole if whole > 0 else 0.0
    return f"{share:+.2%}"


def by_mineral(r: Result) -> str:
    """Return shortage and the average landed cost of each mineral, alone and together."""
    unit = f"{r.case.settings.currency}/t"
    lines = [
        f"| mineral | demand, t | {SHORT} | paid alone, {unit} | paid together, {unit} |",
        "|---|" + "---:|" * 7,
    ]
    for m in r.case.minerals:
        demand = r.together.total("demand", mineral=m.name)
        paid = [
            s.total("paid", mineral=m.name) / s.total("purchased", mineral=m.name)
            for s in (r.apart, r.together)
        ]
        lines.append(
            f"| {m.name} | {demand:,.0f} | {_shorts(r, demand, mineral=m.name)} | "
            f"{paid[0]:,.0f} | {paid[1]:,.0f} |"
        )
    return "\n".join(lines)


def _shorts(r: Result, demand: float, **where: str) -> str:
    parts = [s.total("short", **where) for s in (r.apart, r.together)]
    return " | ".join(f"{t:,.0f} | {_of(t, demand)}" for t in parts)


def member_row(member: str, apart: Sum, together: Sum) -> str:
    """Return a member's row: purchases and shortage, alone and together."""
    demand = together.total("demand", member=member)
    paid = [s.total("paid", member=member) / MILLION for s in (apart, together)]
    short = [s.total("short", member=member) for s in (apart, together)]
    shown = " | ".join(f"{t:,.0f} | {_of(t, demand)}" for t in short)
    return f"| {member} | {demand:,.0f} | {paid[0]:,.0f} | {paid[1]:,.0f} | {shown} |"


def by_member(r: Result) -> str:
    """Return each member's purchases and shortage, alone and together."""
    unit = f"{r.case.settings.currency} m"
    head = (
        f"| member | demand, t | purchases alone, {unit} | together, {unit} | {SHORT} |\n"
        "|---|" + "---:|" * 7
    )
    return "\n".join([head, *(member_row(m.name, r.apart, r.together) for m in r.case.members)])


def noticed(r: Result) -> list[str]:
    """Return the minerals that are short, alone or together."""
    return [
        m.name
        for m in r.case.minerals
        if max(s.total("short", mineral=m.name) for s in (r.apart, r.together))
        >= NOTICED * r.together.total("demand", mineral=m.name)
    ]


def member_minerals(r: Result) -> str:
    """Return the part of demand that each member is short of, alone and together, by mineral."""
    minerals = noticed(r)
    lines = ["| member | " + " | ".join(minerals) + " |", "|---|" + "---:|" * len(minerals)]
    for m in r.case.members:
        cells = []
        for mineral in minerals:
            demand = r.together.total("demand", mineral=mineral, member=m.name)
            parts = [
                s.total("short", mineral=mineral, member=m.name) / demand
                for s in (r.apart, r.together)
                if demand > 0
            ]
            cells.append(" → ".join(f"{p:.1%}" for p in parts) or "-")
        lines.append(f"| {m.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def step_table(found: list[tuple[str, Result]]) -> str:
    """Return what being together saves at each step."""
    unit = f"{found[0][1].case.settings.currency} m"
    lines = [
        f"| | whole cost saved, {unit} | freight saved, {unit} | tonnes short avoided |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| {name} | {_plain((r.apart.whole - r.together.whole) / MILLION)} | "
        f"{_plain((r.apart.money['freight'] - r.together.money['freight']) / MILLION)} | "
        f"{_plain(r.apart.total('short') - r.together.total('short'))} |"
        for name, r in found
    ]
    return "\n".join(lines)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 0.5 else "0"  # noqa: PLR2004 - rounds to 0
