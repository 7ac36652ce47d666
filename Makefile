# Everything that is made goes to .venv and build/. Needed beforehand: Python 3.11 or newer, and make.
# Works with GNU make 3.81, which is what macOS has.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
BIN    := .venv/bin
UV     := UV_PYTHON_DOWNLOADS=never $(BIN)/uv
STAMP  := .venv/.synced
SERVES := .venv/.serves

HOST  ?= 127.0.0.1
PORT  ?= 8765
STORE ?= sqlite:///hansard.db
ARGS  ?=

# A machine that says not to keep bytecode would have each of the many processes here compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup serve postgres test test-ui test-citus test-pgbouncer check format docs clients conformance torture rig-ha attack bench dist lock clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## Install Hansard and its tools into .venv; afterwards .venv/bin/hansard works

$(STAMP): pyproject.toml uv.lock scripts/bootstrap.py
	@test -n "$(PYTHON)" || { echo "Hansard needs Python 3.11 or newer. Install one, or name it: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing into .venv"
	@"$(PYTHON)" scripts/bootstrap.py .venv
	@$(UV) sync --frozen --all-extras --all-groups --quiet --python $(BIN)/python
	@touch $@ $(SERVES)

# What serving needs; a checkout that has everything stays as it is.
$(SERVES): pyproject.toml uv.lock scripts/bootstrap.py
	@test -n "$(PYTHON)" || { echo "Hansard needs Python 3.11 or newer. Install one, or name it: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing into .venv"
	@"$(PYTHON)" scripts/bootstrap.py .venv
	@$(UV) sync --frozen --inexact --no-default-groups --extra postgres --extra mcp --quiet --python $(BIN)/python
	@touch $@

serve: $(SERVES) ## Run the server on http://127.0.0.1:8765 with its store in ./hansard.db
	@$(BIN)/hansard serve --host $(HOST) --port $(PORT) --store $(STORE) $(ARGS)

postgres: setup ## Run a private PostgreSQL for development, until Ctrl+C, and print its URL
	@$(BIN)/python -m tests.support.postgres $(ARGS)

test: setup ## Run every test on SQLite and PostgreSQL, with the coverage gate, then the page's tests
	@HANSARD_PGBOUNCER="$$($(BIN)/python scripts/installed.py pgbouncer)" \
	HANSARD_PROMETHEUS="$$($(BIN)/python scripts/installed.py prometheus)" $(BIN)/pytest --ignore=tests/ui --numprocesses=auto --dist=loadfile --cov --cov-report=term --cov-report=html $(ARGS)
	@$(MAKE) --no-print-directory test-ui

test-ui: setup ## Run the page's tests in a browser; screenshots go to build/screens
	@if chromium=$$($(BIN)/python scripts/installed.py chromium); then HANSARD_CHROMIUM="$$chromium" $(BIN)/pytest tests/ui $(ARGS); fi

test-citus: setup ## Run the suite of the store and the services on Citus; HANSARD_TEST_CITUS is the URL of its coordinator
	@test -n "$$HANSARD_TEST_CITUS" || { printf '\n  %s\n' "NOT RUN: HANSARD_TEST_CITUS names no coordinator of Citus whose role may create databases and extensions" >&2; exit 1; }
	@HANSARD_TEST_POSTGRES="$$HANSARD_TEST_CITUS" $(BIN)/pytest tests/store tests/service tests/native tests/search -k "postgres and not partition" $(ARGS)

test-pgbouncer: setup ## Run the suite of the store and the services behind a PgBouncer in transaction mode
	@HANSARD_TEST_PGBOUNCER="$$($(BIN)/python scripts/installed.py pgbouncer)" && export HANSARD_TEST_PGBOUNCER && $(BIN)/pytest tests/store tests/service tests/native tests/search -k "postgres and not partition" $(ARGS)

check: setup ## Run every lint: ruff, mypy, the layers, the project's own rules, the generated pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --cache-dir build/import-linter
	@$(UV) lock --check --quiet
	@$(BIN)/python scripts/check.py
	@$(BIN)/python scripts/reference.py --check

format: setup ## Format the code and mend what ruff can mend by itself
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

docs: setup ## Write the generated parts of the documentation anew and build the site into build/site
	@$(BIN)/python scripts/reference.py
	@$(BIN)/zensical build --strict --clean

clients: setup ## Run the published clients and the documents' snippets against a real server
	@$(BIN)/python tests/clients/run.py $(ARGS)

conformance: setup ## Run the suites that other packages publish against a real server
	@$(BIN)/python -m tests.conformance.run $(ARGS)

torture: setup ## Kill, starve and cut off the server; nothing acknowledged may be lost
	@$(BIN)/python tests/torture/run.py $(ARGS)

rig-ha: setup ## Switch over, crash, hang and cut off the leader of a PostgreSQL with Patroni and etcd, under load
	@HANSARD_ETCD="$$($(BIN)/python scripts/installed.py etcd)" && HANSARD_PATRONI="$$($(BIN)/python scripts/installed.py patroni)" && export HANSARD_ETCD HANSARD_PATRONI && $(BIN)/python -m tests.high_availability.run $(ARGS)

attack: setup ## Attack the server as a foreign tenant and as a hostile client
	@$(BIN)/python -m tests.attack.run $(ARGS)

bench: setup ## Measure; ARGS are those of `hansard bench`
	@$(BIN)/hansard bench $(ARGS)

dist: setup ## Build the wheel, the source and their bill of materials (CycloneDX) into build/dist
	@rm -rf build/dist
	@$(UV) build --quiet --out-dir build/dist
	@$(UV) export --quiet --preview --frozen --no-default-groups --all-extras --format cyclonedx1.5 --output-file build/dist/hansard.cdx.json
	@ls build/dist

lock: setup ## Bring uv.lock up to date with pyproject.toml, then install it; UPGRADE=1 takes the newest versions
	@$(UV) lock $(if $(UPGRADE),--upgrade)
	@$(UV) sync --frozen --all-extras --all-groups --quiet --python $(BIN)/python
	@touch $(STAMP)

clean: ## Remove .venv and build/
	@rm -rf .venv build
