# Serai's commands. `make help` lists them; `make run` and `make test` need no other first.

SHELL := /bin/sh
VENV := .venv
SERAI := $(VENV)/bin/serai
STAMP := $(VENV)/.installed
CODE := $(wildcard src tests benchmarks tools)
WORKERS ?= 2
export HYPOTHESIS_STORAGE_DIRECTORY := .cache/hypothesis

.DEFAULT_GOAL := help
.PHONY: help install run trade audit test check bench format lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## Prepare .venv with .venv/bin/serai; nothing to do when nothing changed

run: $(STAMP) ## Start a market on http://127.0.0.1:8000, with demo shops if it is empty
	@exec $(SERAI) up

trade: $(STAMP) ## Watch one trade from sign-up to payout, with its ledger and its audit
	@$(SERAI) trade

audit: $(STAMP) ## Check every promise of the market; exits 1 on a breach
	@$(SERAI) audit

test: check ## Run everything: the checks, the suite, and the money tests on PostgreSQL 15
	$(VENV)/bin/pytest -n $(WORKERS)
	$(VENV)/bin/python tests/postgres15.py -- $(VENV)/bin/pytest -n $(WORKERS) -m money

check: $(STAMP) ## Check style, types, the floors of the house and its caps, without running it
	$(VENV)/bin/ruff check --quiet $(CODE)
	$(VENV)/bin/ruff format --check --quiet $(CODE)
	$(VENV)/bin/mypy $(CODE)
	$(VENV)/bin/lint-imports --no-logo --cache-dir .cache/import-linter
	$(VENV)/bin/python -m tools.house

bench: $(STAMP) ## Measure everything three times, about an hour; writes benchmarks/RESULTS.md
	$(VENV)/bin/python -m benchmarks.report

format: $(STAMP) ## Rewrite the code in the house's format
	$(VENV)/bin/ruff check --quiet --fix-only $(CODE)
	$(VENV)/bin/ruff format $(CODE)

lock: $(STAMP) ## Pin what pyproject.toml asks for; UPGRADE=--upgrade takes the newest
	$(VENV)/bin/python -m pip install --quiet 'uv>=0.9,<1'
	$(PIN) --group dev --output-file requirements-dev.lock
	$(PIN) --constraints requirements-dev.lock --output-file requirements.lock

PIN := $(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-header --quiet $(UPGRADE)

clean: ## Remove .venv, caches and builds; the market's data stays
	rm -rf $(VENV) .cache dist build
	find $(CODE) -type d -name __pycache__ -prune -exec rm -rf {} +

$(STAMP): requirements-dev.lock pyproject.toml tools/install.sh
	@PYTHON='$(PYTHON)' ./tools/install.sh

# A clone that was moved has an environment that points at its old place.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif
