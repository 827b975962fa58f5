# make demo and make test are all a newcomer needs; make help lists the rest.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60

# The compiler's flags that let our kernels use this processor; one build serves program and tests.
ifeq ($(shell uname -m),x86_64)
NATIVE := -Xcc -march=native
else
NATIVE := -Xcc -mcpu=native
endif
LIBTORCH_LIB = $(shell cat .build/libtorch/path 2>/dev/null)/lib
BUILD_FLAGS = -c release $(NATIVE) -Xswiftc -enable-testing -Xlinker -rpath -Xlinker $(LIBTORCH_LIB)
export PKG_CONFIG_PATH := $(CURDIR)/.build/libtorch$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))

# What lint reads and format writes.
SWIFT_SOURCES := Sources Tests Examples Package.swift

.PHONY: help demo test bench build setup manual install install-test uninstall wheel wheel-test clean check lint format test-scripts test-package \
  flags docs fuzz sanitize

help: ## What can be made.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: build ## The whole way on a built-in data set, in minutes; ends at a report.
	@.build/release/ads demo --out ads-demo

# Much of a build is one module after the other, beside which the scripts find a core.
test: setup ## All tests, in the build that 'make build' makes too.
	@log="$$(mktemp)"; trap 'rm -f "$$log"' EXIT; \
	$(MAKE) --no-print-directory test-scripts >"$$log" 2>&1 & scripts=$$!; \
	swift build --build-tests $(BUILD_FLAGS) || { kill $$scripts 2>/dev/null || true; exit 1; }; \
	wait $$scripts || { cat "$$log" >&2; exit 1; }; cat "$$log"
	@swift test --skip-build $(BUILD_FLAGS)

test-scripts: # What is not Swift.
	@printf '%s\n' Tests/Scripts/* | xargs -P 2 -n 1 bash -c '"$$0" </dev/null || { echo "$$0 failed" >&2; exit 255; }'

build: setup ## .build/release/ads
	@swift build --product ads $(BUILD_FLAGS)

setup: check ## Finds libtorch, or installs it once into a cache under your home.
	@scripts/libtorch >/dev/null

check: # Every prerequisite; installs what is missing where it may, else prints the command.
	@scripts/check-prerequisites

bench: build ## Ours beside PyTorch, OpenVINO and ONNX Runtime where they are installed.
	@Benchmarks/bench

lint: ## Style, and that every public declaration is documented.
	@swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)
	@scripts/wrap-comments --check $(SWIFT_SOURCES)
	@scripts/undocumented

format: ## Writes the sources as lint wants them.
	@swift format format --in-place --recursive --parallel $(SWIFT_SOURCES)
	@scripts/wrap-comments $(SWIFT_SOURCES)

# The libraries a user imports, in one set of pages.
DOCUMENTED := ConnectivitySearch Evaluation Strategies Studies Training Runs ImageData NetworkExport NetworkImport ImageDecoding DenseNetModel DenseNetRuntime ImageResizing DenseNetArchitecture DenseKernels Randomness Torch

docs: setup ## The libraries' documentation as pages, in .build-docs.
	@ADS_DOCS=1 swift package $(BUILD_FLAGS) --allow-writing-to-directory .build-docs \
	  generate-documentation --enable-experimental-combined-documentation $(addprefix --target ,$(DOCUMENTED)) \
	  --output-path .build-docs --transform-for-static-hosting
	@echo "to read them: python3 -m http.server -d .build-docs, then http://localhost:8000/documentation"

test-package: setup # A package of its own that depends on ours, built and run; builds everything once more.
	@scripts/test-package

flags: # What swift build is called with, for scripts.
	@echo $(BUILD_FLAGS)

fuzz: setup ## libFuzzer on every reader of files, FUZZ_SECONDS (60) each, FUZZ_JOBS (1) side by side.
	@FUZZ_SECONDS="$(FUZZ_SECONDS)" scripts/fuzz

sanitize: setup ## The tests under the address, undefined-behaviour and thread sanitizers; long.
	@scripts/sanitize

# The manual's pages, by swift-argument-parser's plugin.
manual: build
	@pages=.build/manual; \
	if [ $$pages/ads.1 -nt .build/release/ads ] && [ $$pages/ads.1 -nt scripts/man-pages ]; then exit 0; fi; \
	rm -rf .build/plugins/GenerateManual/outputs; \
	swift package $(BUILD_FLAGS) generate-manual --multi-page --date "$$(git log -1 --format=%cs 2>/dev/null || date +%F)" \
	  >$$pages.log 2>&1 || { cat $$pages.log >&2; exit 1; }; \
	scripts/man-pages .build/plugins/GenerateManual/outputs/ads $$pages

# Where what is installed lies; DESTDIR is for those who make packages of it.
PLACE = $(DESTDIR)$(PREFIX)
SHARE = $(PLACE)/share
COMPLETIONS = "$(SHARE)/bash-completion/completions/ads" "$(SHARE)/zsh/site-functions/_ads" "$(SHARE)/fish/vendor_completions.d/ads.fish"

install: manual ## ads, its manual pages, and completions of bash, zsh and fish into $(PREFIX).
	@install -d "$(PLACE)/bin" "$(SHARE)/man/man1"
	@install -m 755 .build/release/ads "$(PLACE)/bin/ads"
	@install -m 644 .build/manual/*.1 "$(SHARE)/man/man1"
	@files=($(COMPLETIONS)); shells=(bash zsh fish); for i in 0 1 2; do \
	  .build/release/ads --generate-completion-script "$${shells[i]}" >.build/completion; \
	  install -d "$$(dirname "$${files[i]}")"; install -m 644 .build/completion "$${files[i]}"; done
	@echo "installed $(PLACE)/bin/ads; it needs the libtorch in $(LIBTORCH_LIB)"

uninstall: ## Removes what install put into $(PREFIX).
	@rm -f "$(PLACE)/bin/ads" $(COMPLETIONS)
	@for page in "$(SHARE)/man/man1/ads"*.1; do if grep -qsxF '.\" densenet-ads' "$$page"; then rm -f "$$page"; fi; done

wheel: setup ## A wheel for pip in dist, for any x86-64 processor with AVX2; builds ads twice, minutes.
	@scripts/wheel

install-test: build ## What make install installs, from elsewhere; its manual is built for it.
	@scripts/test-install

wheel-test: wheel ## The wheel in environments of its own: a training, nothing else of this machine.
	@scripts/test-wheel

clean: ## Removes the build; caches and runs stay.
	@rm -rf .build .build-wheel
