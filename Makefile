# What a person types: `make` lists it. CONTRIBUTING.md says more.
#
# Every path here is relative, so that a clone may lie anywhere, also in a folder with a space in its name.

PYTHON ?= python3
READERS ?= 300
ONCE ?=
TESTS ?=
KILLS ?=
STOPS ?=
PROOFS ?= $(or $(strip $(if $(KILLS),tests/soak/test_kills.py) $(if $(STOPS),tests/soak/test_restarts.py)),tests/soak)
PART ?= contest
ROUNDS ?= 3
QUICK ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Only what the locks pin, by hash, and only wheels: building a source distribution would fetch what no lock names.
INSTALL := $(PIP) install --quiet --require-hashes --only-binary :all:
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--only-binary :all: --no-emit-index-url --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test soak bench bounces-score check format tools pictures lock clean

help: ## list what can be made
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 15

install: .venv/.product ## link the command mailer into /usr/local/bin (root) or ~/.local/bin
	@bin=$$([ "$$(id -u)" = 0 ] && echo /usr/local/bin || echo "$$HOME/.local/bin"); \
	mkdir -p "$$bin" && ln -sf "$$(pwd)/$(BIN)/mailer" "$$bin/mailer" && echo "mailer is in $$bin" && \
	case ":$$PATH:" in *":$$bin:"*) ;; *) echo "Add it to your PATH: export PATH=\"$$bin:\$$PATH\"" ;; esac

demo: .venv/.product ## show the whole cycle on sample data; READERS=300, ONCE=1 to end after the report
	@$(BIN)/mailer demo --readers $(READERS) $(if $(filter-out 0 no,$(ONCE)),--once)

test: .venv/.test tools ## run every test; TESTS=tests/unit for some of them
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(TESTS)

soak: .venv/.test tools ## run the proofs that take long (see tests/soak); PROOFS=… for one; KILLS=1000, STOPS=200 so many stops
	@KILLS=$(KILLS) STOPS=$(STOPS) $(BIN)/python -m pytest -o faulthandler_timeout=3600 $(PROOFS)

bench: .venv/.test tools ## measure us beside others, into docs/benchmarks.md; PART=signups, imports, returned, messages or million, ROUNDS=3, QUICK=1
	@$(BIN)/python -m benchmarks $(PART) --rounds $(ROUNDS) $(if $(filter-out 0 no,$(QUICK)),--quick)

bounces-score: .venv/.test ## measure how returned mail is read, on the samples in MAILER_SAMPLES; PART=held for every third
	@$(BIN)/python -m tests.tools.bounces_score $(if $(filter held open,$(PART)),--part $(PART))

check: .venv/.test ## look for what needs no run: style, types, which room imports which
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: .venv/.test ## put the code in the project's form
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

tools: .venv/.test ## find Chromium, PostgreSQL, smtp-sink and reformime, or unpack them into a cache folder
	@$(BIN)/python -m tests.tools.prepare

pictures: .venv/.test tools ## take the pictures of docs/pictures anew
	@$(BIN)/python -m tests.tools.pictures

lock: .venv/.test ## pin what pyproject.toml asks for; UPGRADE=1 takes the newest versions
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --group build -c requirements.lock -o requirements-build.lock
	$(COMPILE) --group test -c requirements.lock -c requirements-build.lock -o requirements-test.lock
	@$(BIN)/python -m tests.tools.node

clean: ## remove .venv and what the checks keep for speed
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# Each step leaves a stamp, so that a second run costs nothing and a changed lock is installed again.

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "This needs Python 3.11 or newer; name one, as in: make PYTHON=python3.12 demo" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv module is missing; as root: apt-get install -y python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.libraries: .venv/.made requirements.lock requirements-build.lock
	@echo "Installing the libraries of requirements.lock into .venv (about 20 seconds)" >&2
	@$(INSTALL) -r requirements.lock -r requirements-build.lock
	@touch $@

# pyproject.toml names the commands, so a change there installs the project anew; --no-index proves nothing is fetched.
.venv/.product: .venv/.libraries pyproject.toml
	@$(PIP) install --quiet --no-index --no-deps --no-build-isolation -e .
	@touch $@

.venv/.test: .venv/.product requirements-test.lock
	@echo "Installing what the tests need into .venv" >&2
	@$(INSTALL) -r requirements-test.lock
	@touch $@
