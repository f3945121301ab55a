# SwitchLab. `make help` lists the targets and their variables.

MVN  ?= mvn
PYTHON ?= /usr/bin/python3
JAVA ?= $(if $(JAVA_HOME),$(JAVA_HOME)/bin/java,java)

.DEFAULT_GOAL := help

# Linux: let glibc keep freed memory and use huge pages. A training step allocates and frees the same megabytes again
# and again; this makes a step about 15 % faster and changes no result. On other systems the variable has no effect.
export GLIBC_TUNABLES ?= glibc.malloc.hugetlb=1:glibc.malloc.trim_threshold=1073741824:$\
  glibc.malloc.mmap_threshold=1073741824:glibc.malloc.top_pad=67108864

# The variables that each target takes on the command line, as in `make train EXPERIMENT=smoke SEED=2`. `make help`
# prints this table, and every call is checked against it.
ENGINE   := DEVICE THREADS
TRAINING := $(ENGINE) KERNELS RANKS RANK_LIMIT
SWEEPING := JOBS RETRY FAIL_FAST NEW DRY_RUN
takes.train     := EXPERIMENT SET CORPUS INIT SEED SEEDS $(TRAINING) LAUNCHER $(SWEEPING)
takes.sweep     := EXPERIMENT GRID SWEEP SET CORPUS INIT SEED SEEDS $(ENGINE) KERNELS LAUNCHER $(SWEEPING)
takes.paper     := QUESTION QUICK SET CORPUS $(ENGINE) KERNELS $(SWEEPING)
takes.resume    := RUN $(TRAINING)
takes.reproduce := RUN $(TRAINING)
takes.evaluate  := RUN CORPUS STRIDE $(ENGINE)
takes.sample    := RUN PROMPT LENGTH TEMPERATURE TOP_K SEED $(ENGINE)
takes.compare   := RUNS BASELINE
takes.report    := RUN RUNS BASELINE PROMPT $(ENGINE)
takes.flush     := RUN
takes.merge     := FROM
takes.corpus    := NAME
takes.golden    := GOLDEN REPORT $(ENGINE)
takes.bench     := EXPERIMENT SET QUICK REFERENCE RANKS RANK_LIMIT KERNELS $(ENGINE)
takes.bench-jmh := THREADS
takes.jshell    := CORPUS $(ENGINE)
takes.notebook  := NB UPDATE $(ENGINE)
takes.notebooks := UPDATE $(ENGINE)
# Any target may be given these. Those of the tools may also come from the environment.
EVERYWHERE := DEBUG CUDA
TOOLS := MVN JAVA JAVA_HOME JAVA_OPTS JSHELL PYTHON PYTHONPATH MPIRUN SHELL SWITCHLAB_CACHE GLIBC_TUNABLES \
  GOMP_SPINCOUNT OMP_% CUBLAS_WORKSPACE_CONFIG MLFLOW_%

# Only a variable of the command line counts: NEW=1 in a user's shell must not start a sweep anew. SwitchLab reads it
# from the environment, under a prefix, so that spaces, quotes and dollar signs in a PROMPT need no escaping.
GIVEN   := $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v))
GOALS   := $(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))
TAKEN   := $(foreach goal,$(GOALS),$(takes.$(goal)))
UNKNOWN := $(filter-out $(TAKEN) $(EVERYWHERE) $(TOOLS),$(GIVEN))
$(foreach v,$(filter $(TAKEN) $(EVERYWHERE),$(GIVEN)),$(eval export SWITCHLAB_$v := $$(value $v)))

TARGETS = $(shell sed -n 's/^\([a-z-]*\):.*## .*/\1/p' Makefile)
escaped = '$(subst ','\'',$(value $1))'
refusal = $(shell awk -v target='$(GOALS)' -v name=$1 -v value=$(escaped) -v takes='$(strip $(TAKEN))' \
  -v elsewhere='$(strip $(foreach t,$(TARGETS),$(if $(filter $1,$(takes.$t)),$t)))' \
  -f src/main/make/refusal.awk experiments/*.yaml)
ifneq ($(UNKNOWN),)
ifeq ($(filter-out $(TARGETS),$(GOALS)),) # make itself refuses an unknown target
$(error $(call refusal,$(firstword $(UNKNOWN))))
endif
endif

# libtorch with CUDA where an NVIDIA driver is, else for the CPU: see pom.xml. CUDA decides otherwise, and stays decided
# until the next CUDA=... or `make clean`.
DRIVER := $(if $(wildcard /proc/driver/nvidia/version),$(filter x86_64,$(shell uname -m)))
libtorch.auto  := $(if $(DRIVER),cu124,cpu)
libtorch.true  := cu124
libtorch.128   := cu128
libtorch.false := cpu
CHOICE := $(or $(if $(filter CUDA,$(GIVEN)),$(CUDA)),$(shell cat target/cuda 2>/dev/null),auto)
FLAVOR := $(or $(libtorch.$(CHOICE)),$(error CUDA is '$(CHOICE)', allowed: auto, true (CUDA 12.4), 128 or false))
$(if $(filter CUDA,$(GIVEN)),$(shell mkdir -p target && echo $(CHOICE) > target/cuda))
MAVEN  := $(MVN) $(addprefix -Dcuda=,$(filter-out auto,$(CHOICE)))

# Why Maven has something to download: there is no class path, it names a file that is gone, or the other libtorch.
BUILT  := $(shell sed -n 's/.*pytorch-native-\([a-z0-9]*\).*/\1/p' target/classpath 2>/dev/null)
GONE   := $(shell IFS=:; for file in $$(cat target/classpath 2>/dev/null); do [ -e "$$file" ] || { echo "$$file"; break; }; done)
REASON := $(if $(BUILT),$(if $(GONE),$(GONE) is gone,$(if $(filter-out $(FLAVOR),$(BUILT)),$(FLAVOR) instead of $(BUILT))),first build)
SIZE.cpu := 350 MB
SIZE   := $(or $(SIZE.$(FLAVOR)),2.9 GB with CUDA for NVIDIA GPUs; the first start unpacks 4.1 GB. Only for the CPU: make CUDA=false)
NOTICE := $(if $(REASON),$(REASON): Maven downloads what is missing of the libraries ($(SIZE)),compiling) ...

# OpenMP's threads spin while they wait; by default so long that training is 30 times slower when other programs need
# the cores (2 cores, load 5). A short spin costs nothing on a quiet machine (98 ms per step, as by default; 126 without
# spin) and little on a busy one.
export GOMP_SPINCOUNT ?= 1000

# Deterministic CUDA needs this before the process starts; without CUDA the variable has no effect.
export CUBLAS_WORKSPACE_CONFIG ?= :4096:8

# Java reads variables and names of files as the locale writes them, and in C that is ASCII.
ifneq ($(shell locale charmap 2>/dev/null),UTF-8)
export LC_ALL := C.UTF-8
endif

# JDK 24 and newer warn about native code unless it is allowed.
JAVA_VERSION = $(shell sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' \
  "$$(dirname "$$(readlink -f "$$(command -v $(JAVA))")")/../release" 2>/dev/null | grep . || \
  $(JAVA) -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.specification.version = //p')
QUIET_JAVA = $(shell [ "$(JAVA_VERSION)" -ge 24 ] 2>/dev/null && \
  echo --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow)
# Every recipe ends in exec: a signal that make passes on reaches the program, not a shell in between.
SWITCHLAB = exec $(JAVA) $(QUIET_JAVA) $(SHARED) $(START) $(JAVA_OPTS) -cp "$$(cat target/classpath):target/classes" \
  dev.switchlab.cli.Main
# Class data sharing: the build leaves an archive of the libraries' classes, and the native library of SQLite. A JVM
# without them, or other than the one that made them, only starts later.
SHORT_LIVED := -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
SILENT := -Xlog:disable -Xlog:all=error,cds*=off:stderr
SHARED := -XX:SharedArchiveFile=target/start/classes.jsa -Xshare:auto $(SILENT) -Dorg.sqlite.lib.path=target/start

.PHONY: help
help: ## List the targets and the variables that each takes
	@$(foreach t,$(TARGETS),printf '%-15s%s\n' $t "$$(sed -n 's/^$t:.*## //p' Makefile)"; \
	  $(if $(takes.$t),echo '$(takes.$t)' | fold -s -w 100 | sed 's/^/                 /';))
	@echo
	@echo 'DEBUG=true, with any target: print stack traces.'
	@echo 'CUDA=true, 128 or false, with any target: take libtorch for CUDA 12.4, 12.8 or the CPU from now on; auto: as fits.'
	@echo 'On the command line or in the environment: $(filter-out SHELL,$(subst %,*,$(TOOLS)))' | fold -s -w 110
	@echo "Example: make train EXPERIMENT=tiny-shakespeare SEED=2 SET=\"model.n_experts=8 train.steps=500\""

# Quiet; a build that fails is repeated with all messages. Downloads show how far they are. Without its list of sources,
# Maven compiles all: here against the other DJL that comes with the other libtorch, in the tests with all checks.
COMPILE := $(MAVEN) -Punchecked process-classes
SOURCES := target/maven-status/maven-compiler-plugin/compile/default-compile/inputFiles.lst
target/classpath: pom.xml $(shell find src/main -type f) $(if $(REASON),FORCE)
	@echo '$(NOTICE)' >&2
	@rm -f $(SOURCES)
	@if [ '$(REASON)' ]; then $(COMPILE); else $(COMPILE) -q -B || $(COMPILE) -B; fi
	@rm -f $(SOURCES)
	@$(if $(REASON),echo 'unpacking libtorch and preparing fast starts ...' >&2)
	@{ cat $@; $(JAVA) -version; } > target/jvm 2>&1; cmp -s target/jvm target/start/jvm || { rm -rf target/start && \
	  mkdir target/start && mv target/jvm target/start && env -u MLFLOW_TRACKING_URI -u MLFLOW_RUN_ID \
	  $(addprefix -u SWITCHLAB_,$(TAKEN)) $(JAVA) $(QUIET_JAVA) $(SHORT_LIVED) $(SILENT) \
	  -XX:ArchiveClassesAtExit=target/start/classes.jsa -cp "$$(cat $@)" src/main/make/Rehearsal.java || \
	  rm -f target/start/classes.jsa; } > target/start.log 2>&1 || true
	@touch $@
.PHONY: FORCE

.PHONY: build
build: target/classpath ## Compile

# Each of these is a command of SwitchLab.
COMMANDS := train sweep paper resume reproduce evaluate sample runs compare report ui flush merge experiments corpus golden
train: ## Train EXPERIMENT (default tiny-shakespeare) and log the run in runs/; SEEDS=1..5: once per seed
sweep: ## Train EXPERIMENT for all of GRID ("model.n_experts=1,2 train.z_loss=0,0.1") and SEEDS, or SWEEP
paper: ## Run the sweeps of experiments/paper and write experiments/results/RESULTS.md; QUICK=true: a short look
resume: ## Continue RUN, which was stopped or killed, as if it had never been interrupted
reproduce: ## Repeat RUN from its provenance and compare: IDENTICAL (exit code 0), EQUIVALENT (3), DIFFERENT (4)
evaluate: ## Score the model of RUN on the whole validation split; STRIDE=16: in overlapping windows, with more context
sample: ## Continue PROMPT with the model of RUN
runs: ## List the runs
compare: ## Compare RUNS ("a b c"; a sweep or experiment stands for its finished runs) with BASELINE
report: ## Write the report of RUN, a run or a sweep, or of RUNS compared; PROMPT: the text to route
ui: ## Print how to see the runs in MLflow's UI
flush: ## Send to MLFLOW_TRACKING_URI what the server lacks of RUN, or of all runs that were meant for it
merge: ## Copy the runs of another runs folder, FROM, into this book; twice changes nothing
experiments: ## List the experiment files
corpus: ## Get the corpus NAME (default java-sources), so that experiments can name it
golden: ## Check the model against the golden tensors in GOLDEN (default golden/)
# Short commands spend as long on optimizing compilation as on their work: without it a report or sample takes 60 % of
# the time. Commands that train keep all compilers.
START :=
LONG_LIVED := train resume reproduce golden
$(filter-out $(LONG_LIVED),$(COMMANDS)): START = $(SHORT_LIVED)

.PHONY: $(COMMANDS)
$(COMMANDS): target/classpath
	@$(SWITCHLAB) $@

.PHONY: golden-capture
golden-capture: ## Capture golden/ from the reference (needs python3-torch, and the reference on PYTHONPATH)
	@exec $(PYTHON) golden/capture.py --out golden

.PHONY: exchange
exchange: target/classpath ## Load weights into the reference and back (needs what golden-capture needs)
	@$(MAVEN) -q -B test-compile
	@PYTHON=$(PYTHON) exec golden/exchange.sh

.PHONY: bench
bench: target/classpath ## Time training, evaluation and generation; REFERENCE=<python>: the original, too
	@$(SWITCHLAB) bench

.PHONY: bench-jmh
bench-jmh: target/classpath ## Time dispatch, attention and optimizer alone, with JMH
	@$(MAVEN) -q -B test-compile
	@$(MAVEN) -q -B dependency:build-classpath -DincludeScope=test -Dmdep.outputFile=target/test-classpath
	@exec $(JAVA) $(QUIET_JAVA) -cp "target/test-classes:target/classes:$$(cat target/test-classpath)" \
	  dev.switchlab.bench.jmh.MicroBenchmarks

.PHONY: mutants
mutants: target/classpath ## Break the model in many small ways and show that the golden tensors catch each
	@$(MAVEN) -q -B test-compile
	@exec $(JAVA) $(QUIET_JAVA) -cp "target/test-classes:target/classes:$$(cat target/classpath)" dev.switchlab.golden.Mutants

# JShell runs the user's input in a second JVM (-R), offline, or DJL would probe the network at start. The lab's agent
# (LabExecution, found on the class path of jshell itself: -J) replaces jshell's, for the display of values and errors.
JSHELL ?= $(if $(JAVA_HOME),$(JAVA_HOME)/bin/jshell,jshell)
JSHELL_JVM = -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC -R-Dai.djl.offline=true \
  -R-Dai.djl.pytorch.num_interop_threads=1 -R-Dorg.slf4j.simpleLogger.defaultLogLevel=warn $(addprefix -R,$(QUIET_JAVA) $(SHARED))

# Prompt and feedback mode cannot be set in a startup file; jshell takes them from its preferences.
target/jshell/.ready: jshell/prompt.jsh
	@rm -rf target/jshell && mkdir -p target/jshell
	@$(JSHELL) "-J-Djava.util.prefs.userRoot=$(CURDIR)/target/jshell" < $< > target/jshell/.log 2>&1 || \
	  { cat target/jshell/.log; exit 1; }
	@touch $@

.PHONY: jshell
jshell: target/classpath target/jshell/.ready ## Open a prompt with the lab's verbs: runs(), load(run), route(text) ...
	@path="$$(cat target/classpath):target/classes"; [ -t 1 ] && [ "$$TERM" != dumb ] && \
	terminal=-R-Dswitchlab.terminal=$$(tput cols || echo 80); \
	exec $(JSHELL) --class-path "$$path" -R-cp "-R$$path" $$terminal -J-Djava.class.path=target/classes --execution lab \
	  $(JSHELL_JVM) "-J-Djava.util.prefs.userRoot=$(CURDIR)/target/jshell" \
	  --startup jshell/imports.jsh --startup jshell/startup.jsh

# Results are equal to the bit only for equal thread counts: notebooks run on one thread.
NOTEBOOK = export OMP_WAIT_POLICY=PASSIVE SWITCHLAB_THREADS=$${SWITCHLAB_THREADS:-1}; $(SWITCHLAB) notebook

.PHONY: notebook
notebook: target/classpath ## Run one notebook, NB=tour, and render it to target/notebooks
	@$(NOTEBOOK)

.PHONY: notebooks
notebooks: target/classpath ## Run all notebooks and compare their output with jshell/expected; UPDATE=true: expect it
	@$(NOTEBOOK) --all

.PHONY: test
test: ## Build, check and run all tests, including golden cases and notebooks
	@$(if $(REASON),echo '$(NOTICE)' >&2)
	exec $(MAVEN) -B -ntp verify

.PHONY: quick-test
quick-test: ## Build and run the tests without a tag: no browser, no other processes, no long training
	exec $(MAVEN) -B -ntp -q test -Pquick

.PHONY: site
site: ## Build the guide with Javadoc as a site: target/site/index.html
	exec $(MAVEN) -B -ntp -q site

.PHONY: format
format: ## Format the sources
	exec $(MAVEN) -q -B spotless:apply

.PHONY: clean
clean: ## Delete target/, all that the build made; runs/ stays
	exec rm -rf target
