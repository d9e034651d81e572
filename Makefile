# `make run` executes the lessons, `make test` checks everything, and `make` alone lists all targets.
PYTHON ?= python3
NOTEBOOK ?=
ALL ?=
FAST ?=
JOBS ?=
SYSTEM ?=
ONLY ?=
TIMES ?=
CURVE ?=
QUICK ?=
SLUG ?=
BRANCH ?=
LAB ?=
PY := .venv/bin/python
# With KERAS_BACKEND=jax or torch, `make bench` uses .venv-backends.
EXTRA := $(if $(filter jax torch,$(KERAS_BACKEND)),backends)
.DEFAULT_GOAL := help
.PHONY: help setup scale run lab test test-slow lint test-backends test-latest test-oldest audit publish results site reference bench repository lock clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

setup:  ## create .venv, or update it if requirements.lock changed; most targets do this first
	@$(PYTHON) tools/setup_venv.py

scale: setup  ## add JAX and Ray to .venv; only notebook 15 needs them
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-build-isolation --constraint requirements.lock --editable ".[scale]"

run: setup  ## run lessons; NOTEBOOK=07 for one, ALL=1 adds solutions, FAST=1 is a quick test, JOBS=4 runs 4 at once
	@$(PY) -m tools.execute $(if $(NOTEBOOK),--notebook $(NOTEBOOK)) $(if $(ALL),--all) $(if $(FAST),--fast) $(if $(JOBS),--jobs $(JOBS))

lab: setup  ## open JupyterLab on the first notebook; LAB="--no-browser" passes it an option
	@$(PY) -m tools.lab $(LAB)

# Notebooks come first and files stay in order; otherwise, one core would be idle while the other runs the longest file.
PYTEST = $(PY) -m pytest --fast --nbval-lax --nbval-current-env -n $(or $(JOBS),2) --dist loadfile --no-loadscope-reorder

test: setup  ## check everything: code style, unit tests, stored notebooks, and each notebook in the short budget
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PYTEST) -m "not slow"

test-slow: setup  ## run the slow tests (browsers, JupyterLab, interrupts, notebook 15); ONLY="slow" selects by marker
	@$(PYTEST) -m "$(or $(ONLY),slow or scale or hypothesis)" --hypothesis-profile=thorough

lint: setup  ## check the notebooks for errors and style problems; NOTEBOOK=01 checks one
	@$(PY) -m tools.lint $(NOTEBOOK)

test-backends:  ## train the lessons' models on JAX and PyTorch in a separate environment, .venv-backends
	@$(PYTHON) tools/setup_venv.py backends && .venv-backends/bin/python -m pytest tests/slow/test_backends.py

# Run the notebooks in a separate environment: $(1) is uv's resolution strategy, $(2) is the folder.
define test_with
$(PY) -m uv venv --quiet --clear --python $(PY) $(2) && $(PY) -m uv pip install --quiet --python $(2)/bin/python --resolution $(1) --editable ".[probability,lab,site,dev]" && $(2)/bin/python -m tools.execute --fast --all
endef

test-latest: setup  ## run the notebooks in the short budget with the newest compatible packages, in .venv-latest
	@$(call test_with,highest,.venv-latest)

test-oldest: setup  ## run them with the oldest packages that pyproject.toml allows, in .venv-oldest
	@$(call test_with,lowest-direct,.venv-oldest)

# Known vulnerabilities that can't affect this project, one per line: `AUDIT_IGNORE += GHSA-...  # the reason`. To mark a
# false positive in the secret scan, end the flagged line with the comment `pragma: allowlist secret` and the reason.
AUDIT_IGNORE =

audit: setup  ## look for vulnerable packages, secrets in tracked files, and unsafe workflows; needs the network
	@$(PY) -m uv tool run --quiet pip-audit==2.10.1 --strict --disable-pip --no-deps --requirement requirements.lock $(AUDIT_IGNORE:%=--ignore-vuln %)
	@git ls-files -z | xargs -0 $(PY) -m uv tool run --quiet --from detect-secrets==1.5.0 detect-secrets-hook --disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString
	@$(PY) -m uv tool run --quiet zizmor==1.32.0 --quiet --offline .github

publish: setup  ## run the notebooks in full, store their outputs, and rebuild the tables; NOTEBOOK=01 for one lesson
	@$(PY) -m tools.execute --publish $(if $(NOTEBOOK),--notebook $(NOTEBOOK)) && $(PY) -m tools.results

results: setup  ## rebuild results.json and all tables from the stored outputs
	@$(PY) -m tools.results

site: setup  ## build build/site from the stored notebooks, without running them
	@$(PY) -m tools.site

reference: setup  ## run a published recipe in full and store its results and curve: SYSTEM=R1; CURVE=1 only its curve
	@$(PY) -m benchmarks.reference $(SYSTEM) $(if $(CURVE),--curve)

bench:  ## race the published recipes against ours; takes hours; options: ONLY=R1,R3 TIMES=3 QUICK=1
	@$(PYTHON) tools/setup_venv.py $(EXTRA) && .venv$(EXTRA:%=-%)/bin/python -m benchmarks.race $(if $(ONLY),--only $(ONLY)) $(if $(TIMES),--times $(TIMES)) $(if $(QUICK),--quick)

repository: setup  ## point every link and install line to a fork: SLUG=owner/name, and BRANCH=name unless the branch stays
	@$(PY) -m tools.repository $(SLUG) $(BRANCH)

lock: setup  ## pin the newest versions that pyproject.toml allows in requirements.lock and environment.yml
	@$(PY) -m tools.lock

clean:  ## delete build output and caches; keep notebooks, results, and environments
	@rm -rf build .pytest_cache .ruff_cache *.egg-info
