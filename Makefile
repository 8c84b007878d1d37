# Everything starts from here, on a machine that has nothing but Python with venv and pip.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help run fleet test check coverage soak fuzz docs bench build lock clean

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export LOG ?=
# Most tests wait for a daemon most of the time.
WORKERS ?= $(shell echo $$((2 * $$(nproc))))
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
PURE := $(wildcard caffewatch/log caffewatch/detect caffewatch/alert caffewatch/history \
	caffewatch/monitor.py caffewatch/snapshot.py)
PURE_TESTS := $(wildcard tests/log tests/detect tests/alert tests/history tests/test_monitor*.py \
	tests/test_snapshot.py tests/test_cuts.py)
empty :=
comma := ,
PURE_INCLUDE := $(subst $(empty) $(empty),$(comma),$(foreach p,$(PURE),$(if $(filter %.py,$(p)),$(p),$(p)/*)))

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(STAMP) ## the daemon on a bundled log until Ctrl-C; LOG=/path takes yours
	@exec $(BIN)/caffewatch demo $(if $(LOG),"$$LOG")

fleet: $(STAMP) ## three daemons, Prometheus, VictoriaMetrics and two Alertmanagers until Ctrl-C
	@exec $(BIN)/python config/fleet/run_local.py

test: $(STAMP) ## every test; the closing lines say what was left out and why
	@$(PYTEST)

check: $(STAMP) ## format, lint, types, import rules and the fast tests
	@$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -q -m "not slow"

coverage: $(STAMP) ## branch coverage of the pure packages by their tests: 95 % or more
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -m "not slow" $(PURE_TESTS)
	$(BIN)/coverage report --include='$(PURE_INCLUDE)' --fail-under=95

soak: $(STAMP) ## the long tests for SOAK_MINUTES (60): tailing, crashes, rotations, fuzzing
	@$(BIN)/python -m tests.soak

fuzz: $(STAMP) ## try mangled logs for FUZZ_SECONDS (300); keep what fails in tests/fuzz/corpus
	@$(BIN)/python -m tests.fuzz.long

docs: $(STAMP) ## write what is generated: pages of docs/, dashboards and shell completions
	@$(BIN)/python tools/rules_page.py
	$(BIN)/python tools/configuration_page.py
	$(BIN)/python tools/metrics_page.py
	$(BIN)/python tools/dashboards.py
	$(BIN)/python tools/completions.py

bench: $(STAMP) ## measure speed and memory
	@shopt -s nullglob
	found=(benchmarks/bench_*.py)
	if (( $${#found[@]} == 0 )); then
		echo "make bench: no benchmarks/bench_*.py here" >&2; exit 1
	fi
	for script in "$${found[@]}"; do echo "== $$script"; $(BIN)/python "$$script"; done

build: $(STAMP) ## wheel and sdist in dist/
	@rm -rf dist
	$(BIN)/python -m build --no-isolation

lock: ## choose the newest versions and write requirements-dev.lock
	@$(call find_python)
	"$$python" -m venv .lock-venv
	.lock-venv/bin/pip install --quiet pip-tools
	.lock-venv/bin/pip-compile --quiet --upgrade --extra dev --strip-extras --generate-hashes \
		--build-deps-for wheel --build-deps-for sdist --build-deps-for editable \
		--no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--output-file requirements-dev.lock pyproject.toml

clean: ## remove what the other targets made
	@rm -rf $(VENV) .lock-venv build dist htmlcov .coverage .coverage.* .benchmarks
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The backend is in the lock too, so nothing is installed that was not pinned.
$(STAMP): requirements-dev.lock pyproject.toml
	@$(call find_python)
	echo "Setting up $(VENV) with $$python ..."
	"$$python" -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation --editable .
	$(BIN)/python -m compileall -q caffewatch # a third of the time to start, where nobody else does
	touch $@

define find_python
	python=
	for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do
		if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
			2>/dev/null; then python=$$candidate; break; fi
	done
	if [[ -z $$python ]]; then
		echo "caffewatch needs Python 3.11 or newer with its venv and ensurepip modules; found:" \
			"$$(python3 --version 2>&1 || true)." >&2
		echo "On Debian or Ubuntu: apt-get install python3 python3-venv. Another interpreter:" \
			"make PYTHON=/path/to/python3.12 ..." >&2
		exit 1
	fi
endef
