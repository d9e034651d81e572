# Two commands: `make run` executes every notebook, `make test` checks everything. `make` alone prints this list.
PYTHON ?= python3
NOTEBOOK ?=
FAST ?=
JOBS ?=
SYSTEM ?=
ONLY ?=
TIMES ?=
PACED ?=
QUICK ?=
SLUG ?=
LAB ?=
PY := .venv/bin/python
# KERAS_BACKEND=jax make bench
EXTRA := $(if $(filter jax torch,$(KERAS_BACKEND)),backends)
.DEFAULT_GOAL := help
.PHONY: help setup scale run test test-backends test-latest test-oldest audit lab publish results site gallery profile reference bench repository lock clean

help:  ## print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

setup:  ## set up .venv if it is missing or requirements.lock changed (every target does)
	@$(PYTHON) tools/setup_venv.py

scale: setup  ## add JAX and Ray to .venv, which notebook 15 needs and no other
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-build-isolation --constraint requirements.lock --editable ".[scale]"

run: setup  ## execute all notebooks and render them to build/html; NOTEBOOK=01 for one, FAST=1 for the short budget, JOBS=2 for two at a time
	@$(PY) -m tools.execute $(if $(NOTEBOOK),--notebook $(NOTEBOOK)) $(if $(FAST),--fast) $(if $(JOBS),--jobs $(JOBS))

test: setup  ## run every check, the notebooks in the short budget included
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m pytest --fast --nbval-lax --nbval-current-env -n 2 --dist loadfile

test-backends:  ## train the models of 01 to 09 on JAX and PyTorch, in an environment of its own, .venv-backends
	@$(PYTHON) tools/setup_venv.py backends && .venv-backends/bin/python -m pytest tests/test_backends.py

# An environment of its own with what uv resolves: $(1) is how, $(2) where.
define test_with
$(PY) -m uv venv --quiet --clear --python $(PY) $(2) && $(PY) -m uv pip install --quiet --python $(2)/bin/python --resolution $(1) --editable ".[probability,lab,site,dev]" && $(2)/bin/python -m tools.execute --fast
endef

test-latest: setup  ## execute the notebooks in the short budget with the newest versions there are, in .venv-latest
	@$(call test_with,highest,.venv-latest)

test-oldest: setup  ## the same with the oldest versions that pyproject.toml allows, in .venv-oldest
	@$(call test_with,lowest-direct,.venv-oldest)

audit: setup  ## look for known holes in the pinned packages, and for secrets in all files; needs the network
	@$(PY) -m uv tool run --quiet pip-audit==2.10.1 --strict --disable-pip --no-deps --requirement requirements.lock
	@git ls-files -z | xargs -0 $(PY) -m uv tool run --quiet --from detect-secrets==1.5.0 detect-secrets-hook --disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString

lab: setup  ## open JupyterLab on the first notebook; LAB="--no-browser" passes options on
	@$(PY) -m jupyterlab $(LAB) notebooks/00_start_here.ipynb

publish: setup  ## execute in full and store the outputs in the notebooks, then rebuild the tables; NOTEBOOK=01 for one
	@$(PY) -m tools.execute --publish $(if $(NOTEBOOK),--notebook $(NOTEBOOK)) && $(PY) -m tools.results

results: setup  ## rebuild results.json and the README's tables from the stored outputs
	@$(PY) -m tools.results

site: setup  ## build build/site from the stored notebooks, without running them
	@$(PY) -m tools.site

gallery: setup  ## write the key figures, the film and its strip as files into build/gallery
	@$(PY) -m tools.gallery

profile: setup  ## measure where the lessons' time goes, for CONTRIBUTING.md's tables; NOTEBOOK=01, FAST=1 as above
	@$(PY) -m tools.profile $(if $(NOTEBOOK),--notebook $(NOTEBOOK)) $(if $(FAST),--fast)

reference: setup  ## run one published recipe in full and store its figures: SYSTEM=R1
	@$(PY) -m benchmarks.reference $(SYSTEM)

bench:  ## race the published recipes against ours, hours in full: ONLY=R1,R3 for some, PACED=3 for a few epochs of each recipe, QUICK=1 for one of each
	@$(PYTHON) tools/setup_venv.py $(EXTRA) && .venv$(EXTRA:%=-%)/bin/python -m benchmarks.bench $(if $(ONLY),--only $(ONLY)) $(if $(TIMES),--times $(TIMES)) $(if $(PACED),--paced $(PACED)) $(if $(QUICK),--quick)

repository: setup  ## point every Colab link and install line to a fork: SLUG=owner/name
	@$(PY) -m tools.repository $(SLUG)

lock: setup  ## pin the newest versions that pyproject.toml allows in requirements.lock and environment.yml
	@$(PY) -m tools.lock

clean:  ## remove what was built; notebooks, results and the environments stay
	@rm -rf build .pytest_cache .ruff_cache *.egg-info
