"""The JSON schema of every command's answer, and of a case.

Rows of tables are declared by the fields of results, a case by the columns of ``models.schema``.
This module declares the other keys of each answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from models import units
from models.results import Field, Look, Result
from models.schema import SHEETS, CellKind, Column, Record, Settings
from planner.cli.answer import STATUSES, Key
from planner.workbook import headers
from planner.workbook.cells import DECIMAL, WHOLE

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NUMBER: Schema = {"type": ["number", "null"]}
WORD: Schema = {"type": ["string", "null"]}
FLAG: Schema = {"type": ["boolean", "null"]}
VALUE_OF_ANY: Schema = {"type": ["number", "string", "boolean", "null"]}
WORDS: Schema = {"type": "array", "items": {"type": "string"}}
NUMBERS: Schema = {"type": "object", "additionalProperties": NUMBER}
"""Numbers by name, such as shares by country."""
LIST: Schema = {"type": "array"}
ANYTHING: Schema = {}


def _object(properties: Mapping[Any, Schema], optional: Iterable[str] = ()) -> Schema:
    """Return the schema of an object with exactly these keys; ``optional`` ones may be missing."""
    may_be_missing = set(optional)
    return {
        "type": "object",
        "properties": {str(key): each for key, each in properties.items()},
        "required": [str(key) for key in properties if key not in may_be_missing],
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


# ---- rows of tables ------------------------------------------------------------------------------


def field_schema(field: Field) -> Schema:
    """Return the schema of a cell of a result, with its header, unit and meaning."""
    kind = WORD if field.look.is_text else NUMBER
    if field.name == "value" or (field.look is Look.TEXT and not field.header):
        kind = VALUE_OF_ANY
    about = {"title": field.header_with_unit, "description": field.meaning}
    return kind | {key: re.sub(r"\{(\w+)\}", r"\1", text) for key, text in about.items() if text}


def _rows(*kinds: type[Result], **more: Schema) -> Schema:
    """Return the schema of a list of rows; with several results, each row has some fields."""
    fields = [f for kind in kinds for f in kind.FIELDS]
    properties = {f.json_key: field_schema(f) for f in fields} | more
    optional = [f.json_key for f in fields if f.optional]
    return _list(_object(properties, properties if len(kinds) > 1 else optional))


# ---- shared by several answers -------------------------------------------------------------------

FINDING = _object(
    {"sheet": {"type": "string"}, "cell": {"type": "string"}, "message": {"type": "string"},
     "file": {"type": "string"}, "row": {"type": "string"}, "column": {"type": "string"}},
    ("file", "row", "column"),
)  # fmt: skip
_FINDINGS = _list(_ref("finding"))
_WHAT_IF = _object(dict.fromkeys(("option", "given", "does"), WORD))
_OUTPUT: Schema = WORD | {"description": "The file that was written; null if none was written."}
_FAILED = [*STATUSES, "error", "fault", "stopped"]
_STATUS: Schema = {"type": "string", "not": {"enum": _FAILED}}
_STAGES: Schema = {"type": "object", "additionalProperties": {"type": "number"}}
_FAILURE: Schema = {
    "description": "The answer of a command that failed; it may also have the keys of a success.",
    "type": "object",
    "properties": {
        Key.STATUS: {"enum": _FAILED},
        Key.ERRORS: {**_FINDINGS, "minItems": 1},
    },
    "required": [Key.STATUS, Key.ERRORS],
}

_ENDED: dict[str, Schema] = {Key.STATUS: _STATUS, Key.ERRORS: _FINDINGS}
_ANSWER: dict[str, Schema] = {**_ENDED, Key.WARNINGS: _FINDINGS}
_PLANNED: dict[str, Schema] = {
    **_ANSWER,
    Key.WHAT_IFS: _list(_WHAT_IF),
    Key.CURRENCY: {"type": "string"},
    Key.SCENARIO: {"type": "string"},
}
_STUDIED: dict[str, Schema] = {
    **_PLANNED,
    Key.OUTPUT: _OUTPUT,
    Key.SECONDS: _STAGES,
    Key.STOPPED: {"type": "boolean"},
    "runs": {"type": "integer"},
    "runs_finished": {"type": "integer"},
}
_TROUBLE: dict[str, Schema] = {"trouble": WORD}
_COSTS: dict[str, Schema] = {
    Key.OBJECTIVE_USD: NUMBER, "purchases_usd": NUMBER, "tariffs_usd": NUMBER, "levies_usd": NUMBER,
    "net_cost_usd": NUMBER, Key.TONNES: NUMBER, "inputs_t": NUMBER, "shortage_t": NUMBER,
    "served_share": NUMBER, "max_country_share": NUMBERS,
}  # fmt: skip
_SIDES = _object(dict.fromkeys(("old", "new", "change"), VALUE_OF_ANY), ("change",))


# ---- answers -------------------------------------------------------------------------------------


def answers() -> dict[str, Schema]:
    every = _commands() | _studies()
    return {name: {"anyOf": [each, _ref("failure")]} for name, each in every.items()}


def _commands() -> dict[str, Schema]:
    from models import results

    plan: dict[str, Schema] = {
        **_PLANNED, **_COSTS, "search_gap": NUMBER, Key.OUTPUT: _OUTPUT,
        Key.WORDS: {"type": "object", "additionalProperties": {"type": "string"}},
        Key.MINERALS: _rows(results.ByMineral), Key.SECONDS: _STAGES, "served_if_lost": ANYTHING,
    }  # fmt: skip
    marked = {"marked": WORD, "marked_cells": {"type": "integer"}}
    return {
        "new": _object({**_ENDED, Key.OUTPUT: _OUTPUT}),
        "check": _object(
            {**_ANSWER, Key.FILE: {"type": "string"}, Key.PLAN: WORD, **marked}, {Key.PLAN, *marked}
        ),
        "solve": _object(plan, ("served_if_lost",)),
        "explain": _explain(),
        "report": _object({**_ANSWER, Key.OUTPUT: _OUTPUT}),
        "brief": _object({
            **_ANSWER, Key.OUTPUT: _OUTPUT, Key.SECONDS: NUMBER,
            "slides": _list(_object({"topic": {"type": "string"}, "words": WORDS})),
        }),
        "page": _object({**_ANSWER, Key.OUTPUT: _OUTPUT, Key.OBJECTIVE_USD: NUMBER,
                         Key.NOTES: WORDS, Key.SECONDS: NUMBER}),
        "model": _object({**_ANSWER, Key.OUTPUT: WORDS, Key.SCENARIO: {"type": "string"}}),
        "orders": _orders(),
        "roll": _object({
            **_ENDED, Key.OUTPUT: _OUTPUT, Key.CURRENCY: WORD, Key.SECONDS: NUMBER,
            **dict.fromkeys(("dropped_usd", "planned_t", "delivered_t", "price_variance_usd",
                             "quantity_variance_usd", "as_planned", "figures"), NUMBER),
            "left_out": LIST, Key.NOTES: WORDS, Key.WARNINGS: _FINDINGS,
        }, (Key.WARNINGS,)),
        "diff": _diff(),
        "verify": _verify(),
        "redact": _object({
            **_ENDED, Key.OUTPUT: _OUTPUT, "salt": WORD, Key.MEMBERS: WORDS,
            "rows_removed": NUMBERS, "totals_withheld": WORDS, "money_withheld": WORDS,
            "stocks_withheld": WORDS, "computable": WORDS,
        }),
        "data": _object({
            **_ANSWER, Key.OUTPUT: _OUTPUT,
            "runs": _list(_object({"run_id": WORD, "file": WORD, "kind": WORD, "title": WORD,
                                   "rows": NUMBERS})),
        }),
        "pull": _object({
            **_ENDED, Key.FILE: WORD, Key.OUTPUT: _OUTPUT,
            "cells": _list(_object({
                "sheet": WORD, "cell": WORD, "row": WORD, "column": WORD, "before": VALUE_OF_ANY,
                "after": VALUE_OF_ANY, "source": WORD, "is_new_row": FLAG, "note": WORD,
            })),
            "sheets": {"type": "object", "additionalProperties": _object(
                dict.fromkeys(("rows", "new", "only_here"), NUMBER))},
        }),
        "watch": _object({
            Key.STATUS: _STATUS, Key.OUTPUT: _OUTPUT, Key.WARNINGS: _FINDINGS,
            "changes": {"type": "object", "additionalProperties": {"type": "string"}},
        }),
    }  # fmt: skip


_OPTIONAL = {
    "compare": (Key.SCENARIO, "bills", "unforeseen", "regret"),
    "sweep": ("not_tested", "as_in_workbook"),
}
"""Keys that a study's answer may lack."""


def _studies() -> dict[str, Schema]:
    from planner.studies import STUDIES

    schemas, keys = dict[str, Schema](), _keys_of_studies()
    for name, kind in ((name, listed.kind) for name, listed in STUDIES.items()):
        tables = {key: _rows(r) for key, r in zip(kind.RECORDS, kind.RESULTS, strict=False)}
        schemas[name] = _object({**_STUDIED, **tables, **keys[name]}, _OPTIONAL.get(name, ()))
    return schemas


def _keys_of_studies() -> dict[str, dict[str, Schema]]:
    """Return each study's keys other than tables."""
    from models.results import Benchmarks
    from planner.studies import bills, cases, risk, sensitivity, stress, sweep_tables
    from planner.studies.compare_tables import WhoPaysByScenario
    from planner.studies.members import BillsByScenario

    payers = (sweep_tables.WhoPaysByCap, sweep_tables.WhoPaysByFloor, sweep_tables.WhoPaysByValue)
    curves = (c for c in vars(sweep_tables).values() if isinstance(c, type))
    fields = [f for c in curves if issubclass(c, sweep_tables.Frontier) for f in c.FIELDS]
    share = sweep_tables.Frontier.share.json_key
    one = {f.json_key: field_schema(f) | VALUE_OF_ANY for f in fields}
    mineral = _object({**one, **_COSTS, share: NUMBER}, {**one, **_COSTS})
    point = {**one, **_COSTS, share: NUMBERS, "over": WORD, "caps": ANYTHING, "error": WORD,
             "by_mineral": {"type": "object", "additionalProperties": mineral}}  # fmt: skip
    curve = _object(point, point)
    return {
        "compare": {
            "rows": _list(_object(
                {**_COSTS, Key.SCENARIO: WORD, "difference_usd": NUMBER, "cash_usd": NUMBER,
                 "error": WORD, "foresight": WORD, "surprise_usd": NUMBER},
                (*_COSTS, "foresight", "surprise_usd", "difference_usd", "cash_usd"),
            )),
            "who_pays": _rows(WhoPaysByScenario), "bills": _rows(BillsByScenario),
            "unforeseen": NUMBER, "regret": _rows(cases.Regret),
        },
        "sweep": {
            "over": WORD, "rows": _list(curve), "reference": curve,
            "who_pays": _rows(*payers), "smallest_cap": NUMBERS, **_TROUBLE,
            "not_tested": WORD, "as_in_workbook": curve,
        },
        "stress": {
            "surge": NUMBER, "keep_caps": FLAG, "first_year": NUMBER, "last_year": NUMBER,
            "rows": _rows(stress.Losses, stress.Embargoes, short_by_mineral_t=NUMBERS),
            "n_minus_1": _rows(stress.NMinusOne), "solidarity": _rows(stress.Solidarity),
        },
        "risk": {
            "draws": NUMBER, "distinct_draws": NUMBER, "plans": NUMBER, "seed": NUMBER,
            "surge": NUMBER, "keep_caps": FLAG,
            "rows": _list({"type": "object", "required": ["plan"]}),
            "events": _rows(risk.Events, risk.Events, a_year_adds={"type": "object"}),
        },
        "exit": {
            "country": WORD, Key.OBJECTIVE_USD: NUMBER, "plan_objective_usd": NUMBER, **_TROUBLE,
        },
        "ranges": {"slack": NUMBER, "by": WORD, **_TROUBLE},
        "bills": {
            "alone_usd": NUMBER, "together_usd": NUMBER, "cash_alone_usd": NUMBER,
            "cash_together_usd": NUMBER, "bills": _rows(bills.Bills),
            "transfers": _rows(bills.Transfers),
            "groups": _rows(bills.Groups, **{
                bills.Groups.group.json_key: {"type": ["array", "null"]}}),
            "groups_planned": NUMBER, "resume_refused": WORD,
            "wishes": _rows(bills.OwnRequirements),
            **_TROUBLE,
        },
        "support": _TROUBLE,
        "sensitivity": {
            "by": WORD, Key.OBJECTIVE_USD: NUMBER, "shortage_t": NUMBER, **_TROUBLE,
            "factors": _rows(sensitivity.Sensitivities, cells=WORDS),
        },
        "scorecard": {
            "first_year": NUMBER, "last_year": NUMBER,
            "scores": _list(_object({
                "measure": WORD, "mineral": WORD, "buyer": WORD, "before": NUMBER,
                "before_is": WORD, "after_first": NUMBER, "after_last": NUMBER,
                "required": NUMBER, "met": FLAG, "missed_years": _list({"type": "integer"}),
                "unit": WORD, "remark": WORD,
            })),
            "benchmarks": _rows(Benchmarks, years_asked=NUMBER, years_met=NUMBER,
                                **{Benchmarks.can_be_met.json_key: FLAG}),
        },
        "under-risk": dict.fromkeys(
            ("search_gap", "proven_gap", "futures", "different_futures", "seed", "alpha", "weight"),
            NUMBER,
        ),
    }  # fmt: skip


def _explain() -> Schema:
    return _object({
        **_PLANNED,
        **dict.fromkeys(("mineral", "member", "cause", "set_by", "source"), WORD),
        **dict.fromkeys(
            ("year", "demand_t", "purchased_t", "short_t", "marginal_price", "holds_for_more_t",
             "holds_for_less_t", "one_tonne_more_costs", "one_tonne_less_saves", "demand_cost",
             "short_without_what_ifs_t"), NUMBER),
        **dict.fromkeys(("source_is_scarce", "has_room"), FLAG),
        **dict.fromkeys(("unpaid", "idle", "moves", "terms", "binding"), LIST),
        "members_short_for_it": ANYTHING, "change": {"type": ["object", "null"]},
        Key.SECONDS: _STAGES,
    })  # fmt: skip


def _orders() -> Schema:
    bought = dict.fromkeys((Key.ORDERS, Key.TONNES, Key.TOTAL, Key.TAKE_OR_PAY), NUMBER)
    return _object({
        **_ANSWER,
        **dict.fromkeys((Key.PLAN, "plan_sha256", "plan_id", Key.SCENARIO, Key.CURRENCY), WORD),
        **bought,
        Key.MEMBERS: _list(_object({
            "member": WORD, Key.FILE: WORD, **bought, **dict.fromkeys(
                ("price", "tariff", "freight", "levy", "untaken_t", "short_t"), NUMBER)})),
        Key.OUTPUT: _OUTPUT, **dict.fromkeys(("files", "removed", "kept"), WORDS),
        Key.SECONDS: NUMBER, "periods": WORD, "paid_by_plants": NUMBER,
    }, ("paid_by_plants",))  # fmt: skip


def _verify() -> Schema:
    verdict: dict[str, Schema] = {
        **dict.fromkeys(("made_by", "verified_by", Key.COMPARED, "input_file", Key.CURRENCY), WORD),
        **dict.fromkeys(("cells", "sheets", "not_checked", Key.OBJECTIVE_USD, "violation_t",
                         "dual_infeasibility", "gap"), NUMBER),
        **dict.fromkeys(("proven", "whole_projects"), FLAG), "not_proven": {"type": "array"},
    }  # fmt: skip
    return _object({**_ANSWER, Key.PLAN: WORD, "input": WORD, **verdict}, verdict)


def _diff() -> Schema:
    from models.results.difference import Moves, WhoPaysMore
    from planner.documents.difference import KEYS
    from planner.documents.inputs import CHANGE

    amounts = {"type": "object", "additionalProperties": {"anyOf": [WORD, NUMBER, _SIDES]}}
    changes = _object({f.json_key: field_schema(f) | VALUE_OF_ANY for f in CHANGE})
    moves = _rows(Moves)
    moves["items"]["required"] = []
    return _object(
        {
            **_ANSWER,
            "old": WORD,
            "new": WORD,
            "equal": FLAG,
            Key.CURRENCY: WORD,
            "years": _list({"type": "integer"}),
            Key.NOTES: WORDS,
            "totals": _object(dict.fromkeys(KEYS.values(), _SIDES), KEYS.values()),
            Key.WORDS: _list(_object({"what": WORD, "old": VALUE_OF_ANY, "new": VALUE_OF_ANY})),
            Key.MINERALS: _list(amounts),
            Key.MEMBERS: _list(amounts),
            "who_pays": _rows(WhoPaysMore),
            "moves": moves,
            "among_equals": {"type": "array"},
            "prices_differ": NUMBER,
            "inputs": _object(
                {Key.COMPARED: FLAG, "said": WORD, Key.NOTES: WORDS, "rows": _list(changes)}
            ),
            Key.OUTPUT: _OUTPUT,
            Key.SECONDS: NUMBER,
        }
    )


# ---- a case --------------------------------------------------------------------------------------


def case_schema() -> Schema:
    """Return the schema of a case, as ``planner.read_tables`` takes it."""
    return {
        "title": "A case",
        "description": "Rows by sheet; each row has values by header, in upper or lower case.",
        "type": "object",
        "properties": {record.SHEET: _sheet(record) for record in SHEETS},
        "required": [record.SHEET for record in SHEETS if record.REQUIRED],
    }


def _sheet(record: type[Record]) -> Schema:
    """Return the schema of the rows of a sheet; unknown columns are notes."""
    row: Schema = {"type": "object"}
    if record is Settings:
        names = dict.fromkeys(name for c in Settings.columns() for name in (c.header, c.title))
        setting, value = headers.SETTING.header, headers.VALUE.header
        row["properties"] = {setting: {"enum": [*names]}, value: VALUE_OF_ANY}
        row["required"] = [setting, value]
    else:
        row["patternProperties"] = {_pattern(c): _column(c) for c in record.columns()}
        if record.SPREAD == headers.YEARS:
            row["patternProperties"][r"^\d{4}( \((kg|lb|t|kt|Mt)\))?$"] = {
                "type": ["number", "null"], "minimum": 0, "description": "Demand of that year.",
            }  # fmt: skip
        if record.SPREAD == headers.MEMBERS:
            row["description"] = "From country, and one column per member: the freight per t."
        row["required"] = [c.header for c in record.columns() if c.required and not c.unit
                           and not c.by_year]  # fmt: skip
    row.setdefault("properties", {}).update(dict.fromkeys(headers.REMARKS.values(), VALUE_OF_ANY))
    return {"type": "array", "items": row, "description": record.MEANING}


def _pattern(column: Column) -> str:
    """Return a pattern of a column's headers: with any unit it may have, and with a year."""
    year = r"( \d{4})?" if column.by_year else ""
    if not column.unit:
        return f"^{re.escape(column.header)}{year}$"
    accepted = (re.escape(each) for each in units.accepted(column.unit, units.MONEY))
    either = "|".join(each.replace(units.MONEY, "[A-Z]{3}") for each in accepted)
    return rf"^{re.escape(column.header)}{year} \(({either})\)$"


def _column(column: Column) -> Schema:
    schema: Schema = {"description": column.meaning}
    kinds = ["number"] if column.kind in DECIMAL else ["integer"]
    if column.kind in DECIMAL | WHOLE:
        schema |= {"minimum": column.least}
        if column.most != float("inf") and not column.unit:
            schema |= {"maximum": column.most}
    elif column.kind is CellKind.CHOICE:
        return schema | {"enum": [*column.choices, *([] if column.required else [None])]}
    elif column.kind is CellKind.YES_NO:
        return schema | {"enum": ["yes", "no", True, False, None]}
    else:
        is_name = column.kind in {CellKind.NAME, CellKind.TEXT}
        kinds = ["string", "number"] if is_name else ["string"]
    blank = [] if column.required and not column.by_year else ["null"]
    if not column.required:
        schema["default"] = None
        schema["description"] += f" Blank: {column.default}."
    return schema | {"type": [*kinds, *blank]}


# ---- documents -----------------------------------------------------------------------------------

CASE = "case"


def names() -> tuple[str, ...]:
    return (CASE, *answers())


_SHARED = {"finding": FINDING, "failure": _FAILURE}


def whole_schema() -> Schema:
    shared = {CASE: case_schema(), **_SHARED, **answers()}
    return {"$schema": DIALECT, "title": "planner", "$defs": shared}


def schema_of(name: str) -> Schema:
    """Return the schema of one answer or of a case, with the definitions that it refers to."""
    if name == CASE:
        return {"$schema": DIALECT, **case_schema()}
    about = {"$schema": DIALECT, "title": f"planner {name} --json", "$defs": _SHARED}
    return about | answers()[name]
