# `make demo` and `make test` set everything up by themselves; nothing else needs to be installed
# but Python 3.11+ (PYTHON=python3.12 picks another one).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Apart from the other: its packages would change what types and tests see.
BENCH  := .venv-bench

LOCKING := --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
           --no-emit-index-url --upgrade -q

.PHONY: demo test lint format bench docs facts gallery lock clean

demo: $(READY)
	$(BIN)/digest demo

test: $(READY) lint
	$(BIN)/python -m tests.browsers
	$(BIN)/python -m tests.postfix
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -n 2
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BENCH)/.ready
	$(BENCH)/bin/python -m benchmarks

# The reference of commands and settings is written from the code; a test compares them.
docs: $(READY)
	$(BIN)/python -m tests.reference

# What mail clients support, for the lint. Needs npm; take a newer version to have newer tests.
facts: $(READY)
	rm -rf $(VENV)/caniemail && mkdir $(VENV)/caniemail
	cd $(VENV)/caniemail && npm pack --silent caniemail@2.0.2 && tar -xzf caniemail-*.tgz
	$(BIN)/python -m tests.client_facts $(VENV)/caniemail/package

# Pictures of every mail, for eyes to judge: docs/gallery. Tests judge what can be measured.
gallery: $(READY)
	$(BIN)/python -m tests.browsers
	$(BIN)/python -m tests.gallery

# The catalogs of the mails' words, with what is new in code and templates, and what they lack.
# A new one: make messages LANGUAGE=pt
messages: $(READY)
	@$(BIN)/python -m tests.messages $(LANGUAGE)

# The locks pin every package with its hashes, for every platform; no index address is in them.
# The second adds what only the benchmarks need, at versions that agree with the first.
lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --group dev $(LOCKING) -o requirements.lock
	$(BIN)/uv pip compile --group bench -c requirements.lock $(LOCKING) -o requirements-bench.lock

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "digest needs Python 3.11 or newer; choose one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

$(BENCH)/.ready: $(READY) requirements-bench.lock
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock -r requirements-bench.lock
	$(BENCH)/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(BENCH)/.ready

clean:
	rm -rf $(VENV) $(BENCH) .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-output
