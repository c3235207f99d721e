# make plan   set up and write outputs/critical-minerals-plan.xlsx
# make test   set up and run all tests
# make check  lint, types, import contracts
# make fuzz   long random runs (PLANNER_FUZZ says how many)
# make bench  measure beside other tools, write docs/benchmarks.md (some 20 minutes)
# make inputs write the example workbooks anew from inputs/data
# make docs   assemble the manual pages from the code
# make lock   resolve the lock file anew

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: plan test check fuzz bench inputs docs lock clean

plan: $(READY)
	$(BIN)/planner solve inputs/critical-minerals.xlsx

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fuzz: $(READY)
	$(BIN)/python -m pytest -n 2 -m fuzz

bench: $(READY)
	$(BIN)/uv pip install -q --python $(BIN)/python --group bench
	$(BIN)/python -m tests.bench

inputs: $(READY)
	$(BIN)/python -m inputs.build

docs: $(READY)
	$(BIN)/python -m docs.assemble

lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes \
	    --no-emit-index-url --no-header -q -o requirements.lock

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-build-isolation --no-deps -e .
	touch $(READY)

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
