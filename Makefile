# Every command of the project, from nothing but make and Python 3.11 to 3.13.
# `make help` lists them. Another interpreter: make lab PYTHON=python3.12

PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.installed
# nbgrader starts programs of its own environment by name.
RUN = PATH="$$PWD/$(BIN):$$PATH"
# Processes that share the tests, each of which may need 3 GB: one for each of two cores, and one more where many tests wait, for a
# limit of time, a browser, a package index.
check: WORKERS ?= 2
test: WORKERS ?= 3
# Compiled tests are kept for the next run, also where the environment says otherwise: that saves a third of the time before the first test.
PYTEST = $(RUN) env -u PYTHONDONTWRITEBYTECODE python -m pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder
# What tests need of a Debian or Ubuntu system; tests/needs.py says what for. The one list of them.
SYSTEM = make python3-venv chromium fonts-dejavu-core bubblewrap postgresql dataset-fashion-mnist
ABSENT = for package in $(SYSTEM); do \
	dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || echo $$package; done

.PHONY: help lab grade-mine solutions check lint types test ready system oldest release reference kill-matrix attempts grade-demo formgrader bench products moving-picture site screenshots lock

help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{printf "  make %-16s %s\n", $$1, $$2}'

# Reinstalled only when what it is made from changes.
$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else "This course needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is %d.%d. Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" % v)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the course into $(VENV): a few minutes, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@$(BIN)/jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements 2>/dev/null
	@touch $(INSTALLED)

# Without the echo, a slider dragged fast is not pulled back by its own old values. tools/jupyter: Markdown opens rendered.
lab: $(INSTALLED)  ## open the course in JupyterLab
	$(RUN) JUPYTER_CONFIG_PATH="$$PWD/tools/jupyter" jupyter lab --LabApp.default_url=/lab/tree/course/README.md $(ARGS)

grade-mine: $(INSTALLED)  ## your points: all checks, hidden ones too, on the notebooks saved in course/
	$(RUN) python -m vaelab.progress $(ARGS)

solutions: $(INSTALLED)  ## open the solutions in JupyterLab, each notebook kept in step with its .py
	$(RUN) jupyter lab solutions $(ARGS)

check: lint types  ## before a commit: lint, types, and every test that starts no kernel, browser or sandbox
	$(PYTEST) --fast $(ARGS)

lint: $(INSTALLED)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) biome ci --error-on-warnings .
	$(RUN) check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(RUN) check-jsonschema --quiet --builtin-schema vendor.github-issue-forms $$(ls .github/ISSUE_TEMPLATE/*.yml | grep -v config)
	$(RUN) check-jsonschema --quiet --builtin-schema vendor.citation-file-format CITATION.cff

types: $(INSTALLED)
	$(RUN) mypy

test: ready $(INSTALLED)  ## run all tests (a few of them: make test ARGS="-k kl_term"; one process: WORKERS=0)
	$(PYTEST) $(ARGS)

# The lower ends of the version ranges in pyproject.toml; requirements.txt holds the upper ones.
OLDEST = .venv-oldest
oldest: $(INSTALLED)  ## test the oldest versions that the course may be installed beside
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) $(OLDEST)
	$(BIN)/uv pip install --quiet --python $(OLDEST)/bin/python --resolution lowest-direct . "pytest>=8" "pytest-timeout>=2.3" "nbgrader>=0.9.5" "jupytext>=1.17"
	$(OLDEST)/bin/python -m pytest -o cache_dir=$(OLDEST)/cache tests/test_models.py tests/test_training*.py tests/explorer \
		tests/checks/test_checks_proven.py -k "not wrong_answer or no_half" $(ARGS)

# As root on Debian and Ubuntu (a container, CI) what is absent is installed; elsewhere a person decides.
ready:
	@command -v dpkg-query >/dev/null || exit 0; absent=$$($(ABSENT)); test -n "$$absent" || exit 0; \
	if [ "$$(id -u)" = 0 ]; then $(MAKE) --no-print-directory system || true; else \
	echo "Not installed here:" $$absent. "Tests that need them are skipped, with a reason each."; \
	echo "To install them: sudo make system"; fi

system:  ## install what the tests need of a Debian or Ubuntu system (sudo make system)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		$$(for package in $(SYSTEM); do ! apt-cache show $$package >/dev/null 2>&1 || echo $$package; done) </dev/null >/dev/null

release: $(INSTALLED)  ## solutions/*.py -> executed solutions/*.ipynb -> course/*.ipynb
	$(RUN) python tools/release.py $(ARGS)

reference: $(INSTALLED)  ## train the reference weights again (about an hour)
	$(RUN) python tools/train_reference.py $(ARGS)

kill-matrix: $(INSTALLED)  ## every wrong and right answer against every check, as a table
	$(RUN) python tools/kill_matrix.py $(ARGS)

attempts: $(INSTALLED)  ## what the attempts of the trials are told, as a table
	$(RUN) python tools/attempts.py $(ARGS)

grade-demo: $(INSTALLED)  ## grade the small class that ships with the project
	$(RUN) python -m autograde demo $(ARGS)

formgrader: $(INSTALLED)  ## mark written answers in nbgrader's formgrader
	$(RUN) JUPYTER_CONFIG_PATH=autograde jupyter lab $(ARGS)

bench: $(INSTALLED)  ## measure everything that should be fast (about an hour; a part: make bench ARGS=explorer)
	$(RUN) python benchmarks $(ARGS)

products: $(INSTALLED)  ## build the explorer's WebAssembly again, after a change of products.wat
	$(RUN) uv run --quiet --script tools/build_products.py

moving-picture: $(INSTALLED)  ## make the README's moving picture again, in Chromium
	$(RUN) python tools/moving_picture.py $(ARGS)

# What builds the site is installed beside the course once; the building itself fetches and executes nothing.
$(VENV)/.site: $(INSTALLED) requirements-site.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-site.txt
	@touch $@

site: $(VENV)/.site  ## build the site in site/: the course to read, the live explorer, the evidence, the reference
	$(RUN) python tools/build_site.py $(ARGS)

screenshots: $(INSTALLED)  ## take the README's pictures again, in Chromium
	$(RUN) PYTHONPATH=tests:tests/browser python tools/screenshots.py $(ARGS)

lock: $(INSTALLED)  ## pyproject.toml -> requirements.txt (newer versions: make lock ARGS=--upgrade)
	$(RUN) uv pip compile --universal --python-version 3.11 --all-extras --no-header --no-emit-index-url --no-annotate --quiet pyproject.toml -o requirements.txt $(ARGS)
