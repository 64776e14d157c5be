# Everything needs only Python >= 3.11 with pip; PYTHON=... names another interpreter.
PYTHON ?= $(or $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null))),python3)
BIN := .venv/bin
# What `make demo` makes tasks from.
DEMO ?= pypi:h11==0.16.0 --limit 80 --seed 1
# What `make verify-exports` exports, and how many of the tasks are run.
VERIFIED ?= pypi:h11==0.16.0 --limit 40 --seed 7
SAMPLE ?= 3
# The torch that `make train-example` installs, e.g. TORCH="torch==2.13.0+cpu" where wheels for the processor alone are.
TORCH ?= torch
# How many processes run the tests.
PROCESSES ?= 2
# uv reads no pip configuration: an index that pip was told of is handed on.
INDEX = $(or $(UV_DEFAULT_INDEX),$(PIP_INDEX_URL),$(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null))
UV = UV_CONSTRAINT= $(addprefix UV_DEFAULT_INDEX=,$(INDEX)) VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv
COMPILE = $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --quiet $(UPGRADE)

.PHONY: setup demo test test-ui test-faults lint engine lock clean verify-exports train-example

setup: .venv/.installed

.venv/.uv: requirements/dev.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit(f"Python 3.11 or newer is needed; \
	$(PYTHON) is {sys.version.split()[0]}. Name another: make PYTHON=python3.12")'
	$(PYTHON) -m venv --without-pip .venv
	awk '/^[^ ]/ {mine = /^uv==/} mine' requirements/dev.lock > .venv/uv.lock
	PIP_CONSTRAINT=/dev/null $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check \
		--require-hashes --no-deps -r .venv/uv.lock
	@touch $@

.venv/.installed: .venv/.uv pyproject.toml requirements/dev.lock
	$(UV) pip sync --quiet --require-hashes requirements/dev.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# A Docker engine that answers and has a base image. An image is made by debootstrap, which takes root.
engine: setup
	scripts/start-engine
	@command -v debootstrap > /dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get > /dev/null || \
		{ apt-get update -qq && apt-get install -qq -y --no-install-recommends debootstrap; }
	$(BIN)/smith base-image --if-lacking

# Without an engine the sandbox is made of Linux namespaces.
demo: setup
	@$(MAKE) --no-print-directory engine || echo "no Docker engine here: going on without"
	$(BIN)/smith run $(DEMO) --out demo-out
	@echo "the dataset is in $(CURDIR)/demo-out/published/$$(cat demo-out/published/latest)"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Processes share all of the tests (how: tests/conftest.py); what PYTEST names is run by one.
test: setup lint
	$(BIN)/pytest --durations=15 $(or $(PYTEST),-n $(PROCESSES) --no-loadscope-reorder)

# Prefect's UI in the hands of a person: a run started from its form, in Chromium. SCREENSHOTS=FOLDER keeps pictures.
test-ui: setup
	@command -v chromium > /dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get > /dev/null || \
		{ apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium; }
	$(BIN)/pytest tests/flows/test_deployments.py -k a_person

# Kills and outages over whole runs, several workers, a lost machine; takes long and is no part of `make test`, which has
# the smaller faults. What it needs of Debian's packages is installed for root.
test-faults: engine
	@{ command -v docker-registry && ls /usr/lib/postgresql/*/bin/initdb; } > /dev/null 2>&1 || \
		[ "$$(id -u)" != 0 ] || ! command -v apt-get > /dev/null || \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
			postgresql docker-registry > /dev/null; }
	$(BIN)/pytest --durations=15 -m faults tests/faults $(PYTEST)

# Every format's export in the hands of its own client, which is installed on the way; not part of `make test`.
verify-exports: engine
	[ -f verify-out/published/latest ] || $(BIN)/smith run $(VERIFIED) --out verify-out
	scripts/verify-exports verify-out $(SAMPLE) $(BIN)/smith $(BIN)/python

# A tiny model trained on rewards that real tests give, in an environment of its own; not part of `make test`.
train-example: engine
	[ -f verify-out/published/latest ] || $(BIN)/smith run $(VERIFIED) --out verify-out
	[ -x .venv-train/bin/python ] || $(BIN)/uv venv --quiet .venv-train
	$(subst $(CURDIR)/.venv,$(CURDIR)/.venv-train,$(UV)) pip install --quiet '$(TORCH)' '.[train]'
	.venv-train/bin/python examples/train.py verify-out

# make lock UPGRADE=--upgrade takes the newest releases.
lock: .venv/.uv
	$(COMPILE) --extra serve --output-file requirements/run.lock
	$(COMPILE) --extra serve --group dev --output-file requirements/dev.lock
	@for client in datasets swebench harbor; do \
		$(subst pyproject.toml --universal --python-version 3.11,--universal --python-version 3.12,$(COMPILE)) \
			--group client-$$client --output-file requirements/$$client.lock || exit 1; done

clean:
	rm -rf .venv .venv-train .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist demo-out verify-out
