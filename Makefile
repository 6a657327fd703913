# One word per job; `make help` lists them. Everything runs from .venv, which `make setup` builds.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
PY := .venv/bin/python
UV := .bootstrap/bin/uv
WORKERS ?= 2
# More than there are cores: many tests wait for sockets, timers and other processes.
TESTERS ?= 3
STORIES ?= tests

# Without compiled files every worker of the tests compiles the whole tree anew.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV
export UV_PROJECT_ENVIRONMENT := .venv

PROJECTS := pyproject.toml $(wildcard packages/*/pyproject.toml apps/*/pyproject.toml shared/*/pyproject.toml)
READY := .venv/.ready
WITNESS := .witness/.ready

.PHONY: help setup witness compiled demo test stories test-integration contract check sim chaos bench evidence fresh lock

SEED ?= 1
N ?= 200

help: ## list the jobs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## build .venv with every member and tool (again only when a pyproject.toml changed)

$(READY): $(PROJECTS) tools/bootstrap.py
	@$(PYTHON) tools/bootstrap.py
	@$(UV) sync --python .bootstrap/bin/python --quiet
	@touch $@

witness: $(WITNESS) ## build the environments of the contract: ccxt's own, and an old websocket-client's

$(WITNESS): $(READY) tests/contract/witness/requirements.txt tests/contract/old_websocket/requirements.txt
	@$(UV) venv --quiet --clear --python .bootstrap/bin/python .witness
	@$(UV) pip install --no-config --quiet --python .witness/bin/python -r tests/contract/witness/requirements.txt
	@$(UV) venv --quiet --clear --python .bootstrap/bin/python .witness-old
	@$(UV) pip install --no-config --quiet --python .witness-old/bin/python -r tests/contract/old_websocket/requirements.txt
	@touch $@

compiled: $(READY) ## compile the kernel (gridcore, simvenue) for speed; needs a C compiler
	@$(PY) -m tools.compile_kernel

demo: $(READY) ## the whole mission, without keys: trade on a simulated exchange, record, backtest, compare
	@$(PY) -m comparator demo

test: $(READY) $(WITNESS) ## run every test but the stories, and the coverage gates
	@$(PY) -m pytest -n $(TESTERS) --dist worksteal -m "not story" --cov --cov-report=json:coverage.json -q
	@$(PY) -m tools.coverage_gate coverage.json

stories: $(READY) ## run the tests of whole processes: daemons, kills, outages
	@$(PY) -m pytest -n $(TESTERS) --dist worksteal -m story -q $(STORIES)

test-integration: $(READY) ## run only the tests of several parts together
	@$(PY) -m pytest -n $(WORKERS) -q tests/integration

contract: $(READY) $(WITNESS) ## run pybit and ccxt, unmodified, against bybit_sim
	@$(PY) -m pytest -n $(WORKERS) -q tests/contract

check: $(READY) ## lint, types, architecture, pinned versions, recorded behaviour
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m pytest -q tests/architecture
	@$(PY) -m tools.check_constraints
	@if [ -d bbu_reference ]; then $(PY) -m bbu_reference check; fi

sim: $(READY) ## play N seeded fault scenarios from SEED on: make sim SEED=1 N=200
	@$(PY) -m simvenue.campaign --seed $(SEED) --count $(N) --workers $(WORKERS)

chaos: $(READY) ## play N whole-process runs with faults and kill -9 from SEED on: make chaos SEED=1 N=5
	@$(PY) -m bench.gridbot chaos --first $(SEED) --count $(N) --again --kept out/gridbot/chaos-by-hand.jsonl

bench: compiled ## measure speed and memory; writes bench.json
	@$(PY) bench/run.py

evidence: $(READY) ## run what proves the claims; writes docs/evidence/, resumes where it stopped
	@$(PY) -m tools.evidence

fresh: ## clone HEAD into a new folder with an empty HOME; run the demo and the tests there
	@$(PYTHON) tools/fresh.py

lock: $(READY) ## resolve every version anew and pin it exactly
	@$(PY) -m tools.lock
	@$(MAKE) --no-print-directory setup
