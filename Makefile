# make demo       the whole method on real data; DATA=simulated for 47 simulated tissues
# make test       tests of both languages that are quick
# make test-newest    the quick tests on the newest releases and the newest Python found
# make test-oldest    the quick tests on the oldest releases that pyproject.toml allows
# make test-debian13  R's tests on Debian 13 (edgeR 4), by debootstrap; needs root
# make test-all   all tests
# make coverage   the share of R's lines that its tests run
# make benchmarks  the quick benchmarks, compared with the committed results
# make lint       ruff, mypy, lintr, and the wording (inst/scripts/prose.txt)
# make docs       the R help pages and NAMESPACE, from the comments; docs/_build/html, from
#                 the docstrings and docs/
# make pkgdown    the R package's site, into build/pkgdown/ (needs the R package pkgdown, on Debian
#                 r-cran-pkgdown; no network)
# make vignettes  the vignettes, run and built, into build/vignettes/ (some minutes)
# make build      the wheel and the R source package with its vignettes, into dist/
# make lock       update the locks (UPGRADE=--upgrade for newer versions)
# make setup      what each of these does first: see inst/scripts/setup.sh
# make clean      remove what was built; .venv and .Rlib stay

.PHONY: demo test test-newest test-oldest test-debian13 test-all coverage benchmarks lint docs pkgdown vignettes build lock setup clean
SHELL := /bin/bash

DATA ?= pbmc68k
OUT ?= demo
UPGRADE ?=
BIN := .venv/bin

# R sees .Rlib first; an R that starts Python takes the one of .venv.
export R_LIBS := $(CURDIR)/.Rlib$(if $(R_LIBS),:$(R_LIBS))
export RETICULATE_PYTHON := $(CURDIR)/$(BIN)/python

demo: setup
	$(BIN)/tissueshap demo --data $(DATA) --out $(OUT) --overwrite

# R first, so that the last line is pytest's, with its count.
test: setup
	Rscript inst/scripts/test.R
	$(BIN)/python -m pytest -m "not slow"

test-newest test-oldest: export RETICULATE_PYTHON = $(CURDIR)/.venv-$(@:test-%=%)/bin/python
test-newest test-oldest: test-%:
	@inst/scripts/setup.sh --$*
	Rscript inst/scripts/test.R
	.venv-$*/bin/python -m pytest -m "not slow"

test-debian13:
	@inst/scripts/debian13.sh

test-all: setup
	TISSUESHAP_SLOW=1 Rscript inst/scripts/test.R
	$(BIN)/python -m pytest

coverage: setup
	TISSUESHAP_SLOW=1 Rscript inst/scripts/coverage.R

benchmarks: setup
	mkdir -p build/benchmarks
	Rscript tests/benchmarks/bench_de.R --quick --out build/benchmarks/bench_de_quick.json
	$(BIN)/python tests/benchmarks/bench_shap.py --quick --out build/benchmarks/bench_shap_quick.json
	$(BIN)/python tests/benchmarks/compare.py build/benchmarks/*.json

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	Rscript inst/scripts/lint.R
	$(BIN)/python inst/scripts/prose.py

docs: setup
	Rscript -e 'roxygen2::roxygenise(load_code = "installed")'
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build/html

pkgdown: setup
	rm -rf build/pkgdown
	Rscript -e 'options(pkgdown.internet = FALSE)' -e 'pkgdown::init_site()' \
		-e 'pkgdown::build_home(preview = FALSE)' -e 'pkgdown::build_news(preview = FALSE)' \
		-e 'pkgdown::build_reference(examples = FALSE, devel = FALSE, lazy = FALSE)'

vignettes: setup
	Rscript inst/scripts/vignettes.R

# From the files that git knows, since R CMD build copies all there is, .venv too.
build: setup
	rm -rf build/tissueshap
	mkdir -p build/tissueshap dist
	git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C build/tissueshap
	$(BIN)/python -m build --wheel --no-isolation --outdir dist build/tissueshap
	cd dist && R CMD build ../build/tissueshap

# rpy2 is left out: which one fits depends on R (inst/scripts/setup/python.sh).
COMPILE = $(BIN)/uv pip compile --universal --extra test --extra zarr --extra cluster --no-annotate \
	--no-emit-package rpy2 --no-emit-package rpy2-rinterface --no-emit-package rpy2-robjects \
	--custom-compile-command "make lock" $(UPGRADE) pyproject.toml

# The oldest releases, with what they need as it was on the day by which all of them were there:
# later releases of those warn of how they are used. rpy2 depends on R, as above.
OLDEST = --resolution lowest-direct --exclude-newer 2025-08-01 \
	$(patsubst %,--exclude-newer-package %=false,rpy2 rpy2-rinterface rpy2-robjects)

lock: setup
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --python-version 3.11 --extra docs --output-file requirements.lock
	$(COMPILE) --python-version 3.12 --output-file requirements-newest.lock
	$(COMPILE) --python-version 3.11 $(OLDEST) --output-file requirements-oldest.lock

setup:
	@inst/scripts/setup.sh

clean:
	rm -rf build dist inst/python *.Rcheck *.tar.gz src/*.o src/*.so .pytest_cache .ruff_cache .mypy_cache
	find python tests -type d -name __pycache__ -prune -exec rm -rf {} +
