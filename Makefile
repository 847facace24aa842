# Two commands do everything on a fresh machine with python3, make and a package index:
#   make demo    the main job on the built-in corpus
#   make test    lint, types, floors, tests, doctests, notebooks, on the built wheel
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
SOURCES := $(shell find sfvq_analysis -type f -not -name '*.pyc') pyproject.toml README.md
OUT ?= figures_output
MUTANTS ?= 20000
SEED ?= 0
# One more than the cores of a small machine: tests wait for browsers and processes that start.
WORKERS ?= 3
TESTS := --doctest-modules tests --pyargs sfvq_analysis
# What scripts/compile_loops.py imports, besides torch: it begins before all else is installed.
FOR_LOOPS := numba pandas scikit-learn threadpoolctl tqdm
VOICE := sfvq_analysis/data/demo_models/voice.safetensors

PIP_INSTALL := $(PIP) install -c constraints.txt
# Of torch and of what tests need, a third of the files is ever imported, and compiled then. The rest
# is compiled by pip: panphon warns while it is, which in tests is an error.
PIP_INSTALL_LARGE := $(PIP_INSTALL) --no-compile
export PYTHONDONTWRITEBYTECODE :=

# Threads that spin on few busy cores make small jobs many times slower.
export OMP_NUM_THREADS := 1
export MPLBACKEND := Agg

.PHONY: demo test figures docs fuzz bench clean

demo: $(VENV)/.installed
	$(BIN)/sfvq demo --out demo_output --overwrite

# Of the built-in corpus without CORPUS. ANALYZE holds more options of `sfvq analyze`; INTO=figures
# replaces the README's pictures, which are of real speech: those of another corpus are refused.
figures: $(VENV)/.picturable
	@test "$(abspath $(OUT))" != "$(abspath figures)" || { echo "that would replace figures/README.md: leave OUT, say INTO=figures"; exit 2; }
	$(BIN)/sfvq $(if $(CORPUS),analyze "$(CORPUS)" $(ANALYZE),demo) --out "$(OUT)" --overwrite
	$(BIN)/python scripts/pictures.py "$(OUT)" $(if $(INTO),--into "$(INTO)")

# Types take half a minute of one core, beside the tests; what they said is shown behind those, and
# either fails. Files are handed out as tests/conftest.py orders them, longest first.
test: $(VENV)/.testable
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	@$(BIN)/mypy > $(VENV)/types.txt 2>&1 & types=$$!; \
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS); tested=$$?; \
	wait $$types; typed=$$?; cat $(VENV)/types.txt; exit $$((tested + typed))

docs: $(VENV)/.documentable
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Hypothesis draws other examples every time, and tests that are marked as thorough run, too.
fuzz: $(VENV)/.testable
	for round in 1 2 3 4 5; do HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest -q -n 2 tests || exit 1; done
	cd tests; for kind in audio labels textgrid latents; do \
	  ../$(BIN)/python fuzz_$$kind.py --mutants $(MUTANTS) --seed $(SEED) || exit 1; done

bench: $(VENV)/.benchable
	@test -n "$(CORPUS)" || { echo "usage: make bench CORPUS=/path/to/speech"; exit 2; }
	env -u OMP_NUM_THREADS $(BIN)/python benchmarks/projection.py
	env -u OMP_NUM_THREADS $(BIN)/python benchmarks/fitting.py "$(CORPUS)"
	$(BIN)/python benchmarks/end_to_end.py "$(CORPUS)"
	$(BIN)/python benchmarks/killed_index.py --kills 100
	$(BIN)/python benchmarks/killed_workers.py
	$(BIN)/python benchmarks/scanning.py
	$(BIN)/python benchmarks/scale.py rates "$(CORPUS)"
	$(BIN)/python benchmarks/scale.py stages "$(CORPUS)"
	$(BIN)/python benchmarks/scale.py hours 1000
	$(BIN)/python benchmarks/scale.py reductions
	$(BIN)/python benchmarks/order.py "$(CORPUS)"
	$(BIN)/python benchmarks/claims.py "$(CORPUS)"
	$(BIN)/python benchmarks/measures.py
	$(BIN)/python benchmarks/page.py
	$(BIN)/python benchmarks/calibration.py
	$(BIN)/python benchmarks/encoders.py "$(CORPUS)" --model $(VOICE)
	$(BIN)/python benchmarks/conversion.py "$(CORPUS)" --model $(VOICE)

$(VENV)/.base: constraints.txt
	@echo "creating $(VENV) and installing torch (once; a minute or two)"
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) 'setuptools>=77' wheel
	$(PIP_INSTALL_LARGE) torch
	$(PIP_INSTALL) $(FOR_LOOPS)
	@touch $@

$(VENV)/.wheel: $(VENV)/.base $(SOURCES)
	@echo "building and installing the wheel"
	@rm -rf build dist
	$(PIP) wheel --no-deps --no-build-isolation -w dist .
	$(PIP) install --force-reinstall --no-deps dist/*.whl
	@touch $@

$(VENV)/.installed: $(VENV)/.wheel
	$(PIP_INSTALL) dist/*.whl
	@touch $@

# Loops are compiled beside the rest, and modules by a first look at all tests: at their start every
# process would, at once. That look runs no loop, so that no two processes compile one.
$(VENV)/.testable: $(VENV)/.wheel
	@$(BIN)/python scripts/compile_loops.py & compiled=$$!; \
	$(PIP_INSTALL) dist/*.whl && touch $(VENV)/.installed && \
	$(PIP_INSTALL_LARGE) "$$(echo dist/*.whl)[test]" && \
	(NUMBA_DISABLE_JIT=1 $(BIN)/pytest --collect-only -q $(TESTS) > /dev/null || true) && \
	wait $$compiled
	@touch $@

# Screenshots are left out where there is no playwright.
$(VENV)/.picturable: $(VENV)/.installed
	-$(PIP_INSTALL) playwright
	@touch $@

$(VENV)/.documentable: $(VENV)/.installed
	$(PIP_INSTALL) "$$(echo dist/*.whl)[docs]"
	@touch $@

$(VENV)/.benchable: $(VENV)/.installed
	$(PIP_INSTALL) "$$(echo dist/*.whl)[bench]"
	@touch $@

clean:
	rm -rf $(VENV) build dist demo_output figures_output *.egg-info
