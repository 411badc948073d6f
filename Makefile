# The words of the house. Everything runs from the root, in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes
UV = $(BIN)/uv pip install --quiet --python $(BIN)/python
export NO_PROXY := 127.0.0.1,localhost,$(NO_PROXY)
export no_proxy := $(NO_PROXY)
# Every program of ours would compile all it imports, again at every start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo up test test-stack test-record test-pure test-long check check-types check-style check-tests fast fuzz chaos bench lock clean

install: .venv/installed

# uv installs in a tenth of the time that pip takes; pip knows of mirrors that uv is not told of.
.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tahsil needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock | $(PIP) -r /dev/stdin
	$(UV) --system-certs --require-hashes -r requirements.lock || $(PIP) -r requirements.lock
	$(UV) --offline --no-deps --no-build-isolation --editable .
	touch $@

demo: install
	$(BIN)/tahsil demo $(ARGS)

up: install
	$(BIN)/tahsil up $(ARGS)

# What needs the whole stack takes longest, because it waits a lot: the others, which need PostgreSQL
# alone or nothing, take what it leaves of the machine.
test: install
	$(MAKE) --no-print-directory --jobs 3 test-stack test-record test-pure

test-stack: install
	$(BIN)/pytest --quiet -m "(stack or browser) and not record and not long" $(ARGS)

test-record: install
	nice $(BIN)/pytest --quiet -m record $(ARGS)

test-pure: install
	nice $(BIN)/pytest --quiet -m "not stack and not browser and not record and not long" $(ARGS)

# A disaster and a restore, each with stacks of its own: too long to run with every change.
test-long: install
	$(BIN)/pytest --quiet -m long $(ARGS)

fast: install
	$(BIN)/pytest --quiet -m "not stack and not browser" tests/domain tests/compliance tests/engine tests/journeys tests/simulation

# Random months of many people against the gate; the auditor checks every send. SENDS=100000 is quick.
SENDS ?= 1000000
fuzz: install
	$(BIN)/python -m tests.fuzz $(SENDS) $(ARGS)

# Weeks of work while everything is killed in turn; all books are compared afterwards: docs/chaos.md.
SEED ?= 1
ACCOUNTS ?= 200
DAYS ?= 30
chaos: install
	$(BIN)/python -m tests.chaos --seed $(SEED) --accounts $(ACCOUNTS) --days $(DAYS)

bench: install
	for each in history_events gate reservations accounts replay growth backtest; do \
		echo "== $$each"; $(BIN)/python -m benchmarks.$$each || exit 1; \
	done

check: install
	$(MAKE) --no-print-directory --jobs 2 check-types check-style check-tests

check-types: install
	$(BIN)/mypy .

check-style: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

# Every test can be collected. Beside mypy, so that after it no process of `make test` compiles them.
check-tests: install
	@told=$$($(BIN)/pytest --collect-only -qq) || { echo "$$told"; exit 1; }

lock:
	$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url --universal --python-version 3.11 --quiet -o requirements.lock

clean:
	rm -rf .venv .tahsil .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
