"""What is measured: each a command that runs as a process of its own."""

from __future__ import annotations

from dataclasses import dataclass

SOLVE, SWEEP, BOOK, START, COMMAND, PLAIN = "solve", "sweep", "book", "start", "command", "plain"
EXAMPLE = "inputs/critical-minerals.xlsx"
MAGNETS = "inputs/magnets.xlsx"


@dataclass(frozen=True)
class Job:
    """A way to do a task, for some sizes.

    ``command`` follows ``python``; {size}, {book}, {plan} (the example's) and {folder} are filled
    in. ``ours`` marks this planner, whose time the others' is the divisor of. ``needs`` is what
    must be installed.
    """

    name: str
    label: str
    task: str
    command: tuple[str, ...]
    sizes: tuple[str, ...]
    ours: bool = False
    needs: tuple[str, ...] = ()


def _rival(module: str, *more: str) -> tuple[str, ...]:
    return ("-m", f"tests.bench.rivals.{module}", *(more or ("{size}",)))


_BOOK = ("{book}", "{folder}")
_THREE, _ALL = ("S", "M", "L"), ("S", "M", "M-stocks", "L", "XL")
_STOCKS = ("S", "M", "M-stocks", "L")

ONE, CORES, FLOWS, BARE, BLOCKS, ARRAYS, LINOPY, PULP, PYOMO = (
    "planner",
    "planner-cores",
    "planner-flows",
    "bare",
    "blocks",
    "arrays",
    "linopy",
    "pulp",
    "pyomo",
)

SESSION, STUDY = "sweep", "sweep-cores"
EXAMPLE_SIZE, STAGED, DESK, LANES, FACILITIES = "example", "magnets", "desk", "lanes", "facilities"
_WRITE = "--json --output {folder}/x.xlsx"
COMMANDS = {
    "command-solve": (f"solve {EXAMPLE} {_WRITE}", EXAMPLE_SIZE, 1.5),
    "command-check": (f"check {EXAMPLE} --json", EXAMPLE_SIZE, 0.4),
    "command-verify": (f"verify {{plan}} {EXAMPLE} --json", EXAMPLE_SIZE, 1.5),
    "command-magnets": (f"solve {MAGNETS} {_WRITE}", STAGED, 1.5),
    "magnets-embargo": (f"stress {MAGNETS} --pairs {_WRITE}", STAGED, 4.0),
    "command-sensitivity": (f"sensitivity {EXAMPLE} {_WRITE}", EXAMPLE_SIZE, 6.0),
    "magnets-sensitivity": (f"sensitivity {MAGNETS} {_WRITE}", STAGED, 5.0),
    "hundred-futures": (
        f"solve {EXAMPLE} --under-risk --futures 100 {_WRITE}", EXAMPLE_SIZE, 12.0,
    ),
    "command-desk": (f"solve {{book}} {_WRITE}", DESK, 1.5),
    "command-lanes": (f"solve {{book}} {_WRITE}", LANES, 12.0),
    "command-facilities": (f"solve {{book}} {_WRITE}", FACILITIES, 60.0),
}  # fmt: skip
"""By job: what follows ``planner``, the case, and the seconds wanted at most."""
STUDIES = {
    "embargo": (f"stress {EXAMPLE} --pairs {_WRITE}", 2.0),
    "command-sweep": (f"sweep {EXAMPLE} --from 0.89 --to 0.4 --step 0.01 {_WRITE}", 1.8),
    "command-compare": (f"compare {EXAMPLE} {_WRITE}", 2.0),
    "command-risk": (f"risk {EXAMPLE} --draws 1000 {_WRITE}", 10.0),
    "command-scorecard": (f"scorecard {EXAMPLE} {_WRITE}", 2.3),
    "command-bills": (f"bills {EXAMPLE} {_WRITE}", 2.0),
    "command-exit": (f"exit {EXAMPLE} --country China {_WRITE}", 4.0),
    "command-ranges": (f"ranges {EXAMPLE} {_WRITE}", 30.0),
    "command-support": (f"support {EXAMPLE} {_WRITE}", 3.0),
    "command-security": (
        f"sweep {EXAMPLE} --over security --from 0.9 --to 0 --step 0.1 {_WRITE}", 12.0,
    ),
    "command-under-risk": (f"solve {EXAMPLE} --under-risk --futures 10 {_WRITE}", 40.0),
}  # fmt: skip
"""By job, on the example: what follows ``planner``, and the solves of it wanted at most."""
PLANNER = ("-P", "-m", "planner")

JOBS = (
    Job(ONE, "this planner, one process", SOLVE, _rival("planner"), _ALL, ours=True),
    Job(CORES, "this planner, all cores", SOLVE, _rival("planner_cores"), _ALL, ours=True),
    Job(
        FLOWS,
        "this planner, one process, and its table of flows",
        SOLVE,
        _rival("planner_flows"),
        _STOCKS,
        ours=True,
    ),
    Job(LINOPY, "linopy + HiGHS", SOLVE, _rival("linopy_highs"), _STOCKS, needs=("linopy",)),
    Job(PULP, "PuLP + HiGHS", SOLVE, _rival("pulp_highs"), _STOCKS, needs=("pulp",)),
    Job(PYOMO, "plain Pyomo + appsi_highs", SOLVE, _rival("plain_pyomo"), _STOCKS),
    Job(ARRAYS, "arrays, one program", SOLVE, _rival("arrays"), _STOCKS),
    Job(BLOCKS, "arrays, blocks on all cores", SOLVE, _rival("blocks"), _ALL),
    Job(BARE, "arrays, handed over, not solved", SOLVE, _rival("bare"), _STOCKS),
    Job(SESSION, "this planner, one process", SWEEP, _rival("sweep_planner"), ("M",), ours=True),
    Job(STUDY, "this planner, all cores", SWEEP, _rival("sweep_cores"), ("M",), ours=True),
    Job("sweep-arrays", "arrays, one program, warm", SWEEP, _rival("sweep_arrays"), ("M",)),
    Job("sweep-pyomo", "Pyomo, persistent appsi_highs", SWEEP, _rival("sweep_pyomo"), ("M",)),
    Job(
        "book",
        "`planner solve`",
        BOOK,
        ("-P", "-m", "planner", "solve", "{book}", "--json", "--output", "{folder}/plan.xlsx"),
        ("S", "M"),
        ours=True,
    ),
    Job(
        "book-linopy",
        "pandas (calamine), linopy, pandas (XlsxWriter)",
        BOOK,
        _rival("book_linopy", *_BOOK),
        ("S", "M"),
        needs=("linopy", "python_calamine"),
    ),
    Job(
        "book-pypsa",
        "pandas (calamine), PyPSA, pandas (XlsxWriter)",
        BOOK,
        _rival("book_pypsa", *_BOOK),
        ("S", "M"),
        needs=("pypsa", "python_calamine"),
    ),
    Job(
        "book-plain",
        "pandas (openpyxl), plain Pyomo, pandas (openpyxl)",
        BOOK,
        _rival("book_plain", *_BOOK),
        ("S", "M"),
    ),
    *(
        Job(
            name,
            f"`planner {words.replace('{book}', size)}`",
            COMMAND,
            (*PLANNER, *words.split()),
            (size,),
            ours=True,
        )
        for name, words, size in (
            *((name, words, size) for name, (words, size, _) in COMMANDS.items()),
            *((name, words, EXAMPLE_SIZE) for name, (words, _) in STUDIES.items()),
        )
    ),
    Job(
        "example-scipy",
        "openpyxl, dicts of columns and rows, scipy's linprog; writes nothing",
        PLAIN,
        _rival("example_scipy", EXAMPLE),
        (EXAMPLE_SIZE,),
        needs=("scipy",),
    ),
    Job(
        "help", "`planner --help`", START, ("-P", "-m", "planner", "--help"), ("start",), ours=True
    ),
)
JOB = {job.name: job for job in JOBS}


@dataclass(frozen=True)
class Target:
    """What is wanted of a job: at most so much of a measure, or of its ratio to another's.

    ``over`` is (job, size) of the divisor; without one the measure itself counts. ``measure`` is
    "wall" [s], "memory" [MB], or a stage [s]. ``why`` is what the time goes into, where it is
    missed.
    """

    words: str
    most: float
    job: str
    size: str
    measure: str = "wall"
    over: tuple[str, str] | None = None

    @property
    def why(self) -> str:
        return WHY.get((self.job, self.size), "")


WHY = {
    ("command-solve", EXAMPLE_SIZE): (
        "Python and its libraries take a third to start, and the tables of a plan are pandas's."
    ),
    ("embargo", EXAMPLE_SIZE): (
        "A third of it is HiGHS. Two plans are agreed, one after the other, before the first loss"
        " can be planned."
    ),
    ("command-sweep", EXAMPLE_SIZE): (
        "Both workers plan the base case first, and each point is proven apart from the solver."
    ),
    ("command-compare", EXAMPLE_SIZE): (
        "Both workers plan the base case first. Tables of every plan are made to find the rows that"
        " differ; most of that time is why members are short."
    ),
    ("command-risk", EXAMPLE_SIZE): "Two thirds of it are HiGHS: each draw is solved twice.",
    ("command-sensitivity", EXAMPLE_SIZE): (
        "Half of it is HiGHS: some 1,000 changed numbers are planned again, each with its proof."
    ),
    ("command-support", EXAMPLE_SIZE): "Each of 47 idle plants is planned with its payment.",
    ("planner", "L"): "One process builds, solves and proves 480 blocks one after the other.",
    ("planner", "XL"): (
        "The case itself has ten times the rows; L takes little more than Python and its libraries."
    ),
    **dict.fromkeys(
        ((SESSION, "M"), (STUDY, "M")),
        "Each point is proven apart from the solver, and has a Plan of its own.",
    ),
    ("book", "S"): "It starts Python and pandas as the others do, and writes thirty sheets.",
    ("book", "M"): "It plans twice, with limits and without, proves both and writes all sheets.",
    ("command-desk", DESK): "As for M: two plans, two proofs, and all sheets.",
    ("command-verify", EXAMPLE_SIZE): "It reads two workbooks and lays the program out again.",
}
"""By job and size, where the time goes: printed for what is missed."""


def _both(words: str, most: float, over: str, size: str, measure: str = "wall") -> list[Target]:
    return [
        Target(f"{words}, {how}", most, job, size, measure, (over, size))
        for job, how in ((ONE, "one process"), (CORES, "all cores"))
    ]


TARGETS = (
    *_both("L, time / linopy + HiGHS", 0.15, LINOPY, "L"),
    *_both("L, time / arrays, one program", 0.2, ARRAYS, "L"),
    *_both("L, time / plain Pyomo", 0.12, PYOMO, "L"),
    *_both("L, time / arrays, blocks on all cores", 4.0, BLOCKS, "L"),
    *_both("L, peak memory / arrays, one program", 1.0, ARRAYS, "L", "memory"),
    Target("M, build and pass to HiGHS / bare arrays", 20.0, ONE, "M", "build", (BARE, "M")),
    Target("L, build and pass to HiGHS / bare arrays", 32.0, ONE, "L", "build", (BARE, "L")),
    *(
        Target(f"XL / L, {what}, {how}", most, job, "XL", measure, (job, "L"))
        for job, how in ((ONE, "one process"), (CORES, "all cores"))
        for what, measure, most in (("time", "wall", 11.0), ("peak memory", "memory", 2.0))
    ),
    Target("S, workbook to workbook", 1.0, "book", "S"),
    Target("S, workbook to workbook / linopy", 1.0, "book", "S", "wall", ("book-linopy", "S")),
    Target("S, workbook to workbook / the plain way", 1.0, "book", "S", "wall",
           ("book-plain", "S")),
    Target("M, workbook to workbook / the plain way", 0.4, "book", "M", "wall",
           ("book-plain", "M")),
    *(
        Target(f"M, 50 caps / {what}, {how}", most, job, "M", "wall", (over, "M"))
        for what, most, over in (
            ("arrays, warm", 0.8, "sweep-arrays"), ("Pyomo, persistent", 0.15, "sweep-pyomo"),
        )
        for job, how in ((SESSION, "one process"), (STUDY, "all cores"))
    ),
    Target(f"`planner solve {EXAMPLE}` / a plain program", 0.8, "command-solve", EXAMPLE_SIZE,
           over=("example-scipy", EXAMPLE_SIZE)),
    *(
        Target(f"{JOB[name].label.partition(' --json')[0]}`", most, name, size)
        for name, (_, size, most) in COMMANDS.items()
    ),
    *(
        Target(f"{JOB[name].label.partition(' --json')[0]}` / solve", most, name, EXAMPLE_SIZE,
               over=("command-solve", EXAMPLE_SIZE))
        for name, (_, most) in STUDIES.items()
    ),
)  # fmt: skip
