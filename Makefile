# What a developer needs. `make demo` and `make test` are all the set-up on a fresh machine with Python 3.11 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Where bytecode is not kept, each of the processes that are started compiles the whole program anew.
unexport PYTHONDONTWRITEBYTECODE

# The tests of pages: a run of them reads no others.
IN_BROWSER := $(wildcard tests/*/test_*_in_browser.py)

.PHONY: setup demo test pictures soak check fix docs bench lock clean

# The whole environment, with what tests, linters and documentation need.
setup: $(VENV)/.complete

# What a running Tertulia needs.
$(VENV)/.running: requirements/runtime.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements/runtime.lock
	$(PIP) --no-index --no-build-isolation --no-deps -e .
	touch $@

$(VENV)/.complete: requirements/dev.lock $(VENV)/.running
	$(PIP) --require-hashes -r requirements/dev.lock
	touch $@

demo: $(VENV)/.running
	$(BIN)/tertulia demo $(DEMO)

# On two cores: a story waits as long as it works.
test: setup
	$(BIN)/pytest -n 3 --dist loadscope --no-loadscope-reorder -m "not soak and not browser"
	$(BIN)/pytest -n 2 --dist loadscope -m "browser and not soak and not pictures" $(IN_BROWSER)

# Screenshots of the pages at both widths, light, dark and mirrored, into ./screenshots, for people to look at.
pictures: setup
	$(BIN)/pytest -n 2 --dist loadscope -m pictures $(IN_BROWSER)

soak: setup
	$(BIN)/pytest -n 2 --dist load -m soak

check: setup
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: setup
	$(BIN)/ruff check --fix src tests
	$(BIN)/ruff format src tests

# Writes what the program knows better than a person into the pages: settings, commands, codes.
docs: setup
	$(BIN)/python docs/generate.py

bench: setup
	$(BIN)/tertulia bench all

# Pins every dependency with its hashes; no address is recorded.
lock:
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install --quiet pip-tools
	cd requirements && for name in runtime dev; do \
		../$(VENV)-lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
			--no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
			--output-file $$name.lock $$name.in; done
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
