# make plan   set up and write outputs/critical-minerals-plan.xlsx
# make test   set up and run the quick tests, some five minutes
# make test-slow  run the tests with the marker slow
# make test-all  run all tests
# make times  run all tests, and say which ones the marker slow fits no longer
# make floors set up the oldest versions that pyproject.toml allows, and run the tests of FLOORS
# make check  lint (also of JavaScript), types, import contracts
# make fuzz   long random runs (PLANNER_FUZZ says how many)
# make bench  measure beside other tools, write docs/benchmarks.md (some 20 minutes)
# make inputs write the example workbooks anew from inputs/data
# make docs   assemble the manual pages from the code, run the commands that pages show
# make site   build the manual into build/site, with search; a broken link fails
# make coverage run all tests and report the lines that none of them reaches
# make charts build the part of plotly.js that reports carry, with npm
# make release  build wheel and sdist into dist, and try each command of the README from both
# make lock   resolve the lock files anew, with the newest and with the oldest versions

PYTHON ?= python3
VENV   ?= .venv
ifeq ($(OS),Windows_NT)
BIN    := $(VENV)/Scripts
else
BIN    := $(VENV)/bin
endif
READY  := $(VENV)/.ready

# The tests start the planner some hundred times: what is compiled is kept, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=
TESTS := $(BIN)/python -m pytest -n 2 --dist worksteal

FLOORS       := .venv-floors
FLOORS_READY := $(FLOORS)/.ready
# What libraries compute, read and write: numerics by hand and against golden plans, files in and out,
# the command line, a report, a cluster.
FLOORS_TESTS := tests/models/test_hand_*.py tests/models/test_golden.py tests/test_reading.py \
    tests/test_files.py tests/cli/test_command.py tests/cli/test_new.py tests/cli/test_check.py \
    tests/cli/test_solve.py tests/cli/test_scorecard_command.py tests/cli/test_audit_commands.py \
    tests/cli/orders/test_orders.py tests/report/test_report_command.py \
    tests/sheets/test_sheet_files.py \
    tests/study/test_cluster.py::test_a_cluster_gives_the_same_to_the_last_bit

.PHONY: plan test test-slow test-all times floors check fuzz bench inputs docs site coverage charts release lock clean

plan: $(READY)
	$(BIN)/planner solve inputs/critical-minerals.xlsx

test: $(READY)
	$(TESTS) -m "not slow"

test-slow: $(READY)
	$(TESTS) -m slow

test-all: test test-slow

times: $(READY)
	$(TESTS) -p tests.times

floors: $(FLOORS_READY)
	$(FLOORS)/bin/python -m pytest -q -p no:cacheprovider -m "not slow" $(FLOORS_TESTS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	if [ -x $(BIN)/biome ]; then $(BIN)/biome check --error-on-warnings; fi

fuzz: $(READY)
	$(BIN)/python -m pytest -n 2 -m fuzz

bench: $(READY)
	$(BIN)/uv pip install -q --python $(BIN)/python --group bench
	$(BIN)/python -m tests.bench

inputs: $(READY)
	$(BIN)/python -m inputs.build

docs: $(READY)
	$(BIN)/python -m docs.assemble
	$(BIN)/python -m docs.consoles

site: $(READY)
	$(BIN)/uv pip install -q --python $(BIN)/python --group site
	$(BIN)/python -m sphinx -q -W --keep-going -n -b html -d build/doctrees docs build/site

coverage: $(READY)
	$(BIN)/uv pip install -q --python $(BIN)/python --group coverage
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report term

charts:
	cd planner/report/plotly && npm install --ignore-scripts --no-audit --no-fund && node build.js && rm -rf node_modules

EXTRAS := report,brief,page,serve,mcp,watch,data
release: $(READY)
	rm -rf dist
	$(BIN)/uv build -q --python $(BIN)/python --sdist --wheel --out-dir dist
	for package in dist/*.whl dist/*.tar.gz; do \
	    $(BIN)/uv venv -q --clear --python $(BIN)/python build/release && \
	    $(BIN)/uv pip install -q --python build/release/bin/python "$$package[$(EXTRAS)]" && \
	    ls -l "$$package" && build/release/bin/python tests/try_package.py README.md || exit 1; \
	done

lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes \
	    --no-emit-index-url --no-header -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra serve --extra page --group image --universal \
	    --constraint requirements.lock --generate-hashes \
	    --no-emit-index-url --no-header -q -o requirements-serve.lock
	$(BIN)/uv pip compile pyproject.toml --extra cluster --extra report --extra serve --extra watch --group floors --universal \
	    --resolution lowest-direct --generate-hashes \
	    --no-emit-index-url --no-header -q -o requirements-floors.lock

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-build-isolation --no-deps -e .
	touch $(READY)

# The oldest versions are of the years of Python 3.11 to 3.13; uv finds one, or fetches it.
$(FLOORS_READY): requirements-floors.lock $(READY)
	$(BIN)/uv venv -q --clear --python ">=3.11,<3.14" $(FLOORS)
	$(BIN)/uv pip install -q --python $(FLOORS)/bin/python --require-hashes -r requirements-floors.lock
	touch $(FLOORS_READY)

clean:
	rm -rf $(VENV) $(FLOORS) .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
