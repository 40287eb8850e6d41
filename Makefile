# Every target builds in release mode unless its name says otherwise. `make help` lists them.

SWIFT ?= swift
RELEASE := -c release
# Narrows `make test`: make test FILTER=EnvsTests
FILTER ?=
SEED ?= 1

folders := $(wildcard Sources Tests Examples Benchmarks Fuzz) Package.swift
test_flags := $(if $(FILTER),--filter $(FILTER))

.DEFAULT_GOAL := help
.PHONY: help demo test setup model fetch-model build bench format lint docs test-long test-sanitize test-traitless fuzz clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## set up, build, train PPO on CartPole-v1 and evaluate it over 100 fresh episodes
	@Scripts/demo.sh "$(SEED)"

# `swift test` builds with flags of its own; built by `swift build`, the demo, lint and the tests share one build.
test: setup ## set up and run every test (FILTER=EnvsTests runs some)
	$(SWIFT) build $(RELEASE) --build-tests
	@$(MAKE) --no-print-directory fetch-model
	$(SWIFT) test $(RELEASE) --skip-build $(test_flags)

model: build ## fetch the language model SmolLM2-135M into .swirl/models
	$(SWIFT) run $(RELEASE) --skip-build swirl model fetch smollm2-135m

# Tests that need the model skip where it cannot be fetched.
fetch-model:
	@$(SWIFT) run $(RELEASE) --skip-build swirl model fetch smollm2-135m >/dev/null || \
	  echo "the tests that need SmolLM2-135M are skipped" >&2

setup: ## install or name the system packages that are missing, and fetch MuJoCo
	@Scripts/setup.sh
	@Scripts/setup-mujoco.sh

build: setup ## build everything
	$(SWIFT) build $(RELEASE)

bench: setup ## build and run the benchmarks of Benchmarks/
	$(SWIFT) run $(RELEASE) swirl speed engine
	$(SWIFT) build $(RELEASE) --package-path Benchmarks
	@for program in environment training viewer runs learning; do \
	  $(SWIFT) run $(RELEASE) --package-path Benchmarks --skip-build $$program-benchmark || exit 1; \
	done

format: ## format every Swift file in place
	$(SWIFT) format --in-place --parallel --recursive $(folders)

lint: setup ## check the formatting, and that the build gives no warnings
	$(SWIFT) format lint --strict --parallel --recursive $(folders)
	@Scripts/build-without-warnings.sh $(SWIFT) build $(RELEASE) --build-tests

docs: setup ## write the documentation of the public modules to .build/docs
	@Scripts/docs.sh

test-long: setup ## run the tests that take minutes as well
	$(SWIFT) build $(RELEASE) --build-tests
	@$(MAKE) --no-print-directory fetch-model
	SWIRL_LONG_TESTS=1 $(SWIFT) test $(RELEASE) --skip-build $(test_flags)

# Each with a build folder of its own, so that the release build stays warm; optimised, since a debug build under a
# sanitizer takes an hour. Leak detection is off: the Swift runtime keeps metadata for ever, which it would report.
test-sanitize: setup ## run the tests under the address and the thread sanitizer
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test $(RELEASE) --sanitize=address --scratch-path .build/asan $(test_flags)
	$(SWIFT) test $(RELEASE) --sanitize=thread --scratch-path .build/tsan $(test_flags)

test-traitless: ## build and run the tests without the package's traits, in a build folder of its own
	$(SWIFT) build $(RELEASE) --build-tests --disable-default-traits --scratch-path .build/traitless
	$(SWIFT) test $(RELEASE) --skip-build --disable-default-traits --scratch-path .build/traitless $(test_flags)

fuzz: build ## fuzz the loaders of language models with libFuzzer, SECONDS each (60)
	@Scripts/fuzz.sh "$(or $(SECONDS),60)" $(LOADERS)

clean: ## remove what was built
	$(SWIFT) package clean
