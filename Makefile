# `make demo` and `make test` do their own set-up; a second call costs nothing.
VENV    := .venv
PYTHON  := $(VENV)/bin/python
AORTA   := $(VENV)/bin/aorta
DEMO    := demo

# What Debian 12 provides (docs/dependencies.md says why each is needed)
SYSTEM  := python3-dolfinx libopenblas0-pthread python3-venv python3-dev gcc g++ pkg-config \
           libegl1 libgl1 libgl1-mesa-dri libglu1-mesa libxrender1 libxcursor1 libxft2 libxinerama1 libxfixes3 \
           libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core
# Only the tests need these: an independent solver, a browser, a reader of PDF
TESTING := calculix-ccx chromium poppler-utils

.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo test verify bench docs lint clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# $(call need,packages): install what is missing as root or through sudo, else say what to install
define need
	@missing=""; for p in $(1); do \
	  dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	ask() { echo "Please have these Debian packages installed, then run make again:" >&2; \
	  echo "  apt-get install --no-install-recommends$$missing" >&2; exit 8; }; \
	if [ -n "$$missing" ]; then \
	  if ! command -v apt-get >/dev/null; then \
	    echo "This machine has no apt-get. Install the equivalents of:$$missing" >&2; exit 8; fi; \
	  if [ "$$(id -u)" = 0 ]; then run=""; elif command -v sudo >/dev/null; then run="sudo"; else ask; fi; \
	  echo "Installing Debian packages:$$missing"; \
	  $$run apt-get update -qq && \
	  $$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null || ask; fi
endef

$(VENV)/.ready: pyproject.toml
	@echo "Installing Python packages into $(VENV)/"
	/usr/bin/python3 -m venv --system-site-packages $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

.PHONY: system system-test
system:
	$(call need,$(SYSTEM))
system-test:
	$(call need,$(SYSTEM) $(TESTING))

setup: system ## install what `aorta` needs: Debian packages and .venv/
	@$(MAKE) --silent --no-print-directory $(VENV)/.ready

setup-test: system-test ## the same, with what only the tests need
	@$(MAKE) --silent --no-print-directory $(VENV)/.ready

demo: setup ## make a phantom CT (DICOM), plan it, say where the report is
	@test -f $(DEMO)/case.yaml || $(AORTA) phantom $(DEMO)
	@$(AORTA) plan $(DEMO)/case.yaml --output $(DEMO)/out

test: setup-test ## all tests, on up to four cores
	OMP_NUM_THREADS=1 $(PYTHON) -m pytest -n auto --maxprocesses 4 --dist loadgroup

verify: setup ## verification problems: error and bound of each
	$(AORTA) verify

bench: setup-test ## time and memory of each stage; our solver beside others on one mesh (see tests/bench)
	$(PYTHON) -m tests.bench

lint: setup-test ## style and forbidden imports
	$(PYTHON) -m ruff check aorta tests meshes cases docs
	$(PYTHON) -m ruff format --check aorta tests meshes cases docs

clean: ## remove the demo's output (not the installation)
	rm -rf $(DEMO)
