# Everything a user or developer runs. Needs make and Python 3.11 or newer with venv; the rest is
# installed into $(VENV). `make help` lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
READY_DEV = $(VENV)/.ready-dev
PAGES = callcenter/api/static/.stamp
PAGES_SOURCES = $(shell find web/src web/public web/index.html web/vite.config.ts web/package-lock.json -type f)
SHELL = /bin/sh
.DEFAULT_GOAL = help

# ARGS: more arguments for pytest, the demo or a benchmark. PBX: asterisk or simulated.
ARGS ?=
PBX ?=
BENCHES = machine journal ami routing
SUITE ?=

.PHONY: help demo test check bench soak fmt

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

demo: $(READY) $(PAGES) ## run a small sample center; PBX=asterisk: with a real Asterisk and real SIP calls
	@if [ "$(PBX)" = asterisk ]; then sh scripts/parts.sh install asterisk; fi
	$(BIN)/callcenter demo $(if $(PBX),--pbx $(PBX)) $(ARGS)

# With ARGS (a file, -k a_name) only that, without judging coverage.
test: $(READY_DEV) $(if $(filter 1,$(CALLCENTER_SKIP_WEB)),,$(PAGES)) ## run all tests; ARGS="tests/unit -k name" selects; INSTALL=0 installs no programs
	@sh scripts/parts.sh install
ifeq ($(strip $(ARGS)),)
	$(BIN)/python scripts/whole_test.py
else
	$(BIN)/python -m pytest $(ARGS)
endif

check: $(READY_DEV) ## formatting, lint, types, import rules: all are run, then it fails if one failed
	@failed=; \
	run() { echo "== $$*"; "$$@" || failed="$$failed $$(basename $$1)"; }; \
	run $(BIN)/ruff format --check . ; \
	run $(BIN)/ruff check . ; \
	run $(BIN)/mypy ; \
	run $(BIN)/lint-imports ; \
	run scripts/web.sh check $(BIN)/python ; \
	for script in .ci/run $$(find scripts -name '*.sh'); do run bash -n $$script; done; \
	if [ -n "$$failed" ]; then echo "check FAILED:$$failed" >&2; exit 1; fi; \
	echo "check: all well"

bench: $(READY_DEV) ## run the benchmarks one after the other; BENCHES=machine chooses
	@for bench in $(BENCHES); do echo "== $$bench"; $(BIN)/callcenter bench $$bench $(ARGS) || exit 1; done

soak: $(READY_DEV) ## a long run of one folder of tests: SUITE=properties, simulation, fuzz or integration
	@if [ ! -d "tests/$(SUITE)" ] || [ -z "$(SUITE)" ]; then \
		echo "make soak: say which, SUITE=one of:" $$(find tests -path '*/*/test_*.py' | cut -d/ -f2 | grep -v py$$ | sort -u) >&2; exit 2; fi
	@sh scripts/parts.sh install
	$(BIN)/python -m pytest "tests/$(SUITE)" -m "" --hypothesis-profile=soak $(ARGS)

fmt: $(READY_DEV) ## format the code and mend what ruff can mend by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The environment is made anew only when what it is made from has changed. A demo needs less.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: $(PYTHON) is missing or older than 3.11; name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "make: no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check -U 'pip>=25.1'
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $@

# The pages are built by the install (hatch_build.py), and again when their sources have changed.
$(PAGES): $(PAGES_SOURCES) | $(READY)
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@test ! -f $@ || touch $@

$(READY_DEV): $(READY)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt --group dev
	@touch $@
