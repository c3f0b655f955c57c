# What to do with this checkout. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Maven, Error Prone and the services need a JDK 25 or newer: JAVA_HOME if it is one, the PATH's, or one that stands
# where distributions keep JDKs.
JAVA_HOME := $(shell sandbox/bin/jdk)
export JAVA_HOME
MVN := mvn -B -ntp
JAVA := "$(JAVA_HOME)/bin/java"

SOURCES := $(shell find . -name target -prune -o -name .sandbox -prune -o \( -name pom.xml -o -name asyncapi.yaml -o -path '*/src/main/*' \) -type f -print)
BUILT := sandbox/target/built
CLASSPATH = sandbox/target/classes:sandbox/target/lib/*
SANDBOX = $(JAVA) -Xmx1g -XX:+UseSerialGC -Xshare:auto --enable-native-access=ALL-UNNAMED \
	--sun-misc-unsafe-memory-access=allow -cp '$(CLASSPATH)' io.virtualimage.sandbox.SandboxMain

DISK := converter/disk

# make fuzz MINUTES=5 FUZZ_PLAN=qcow2=20,vmdk=20,vhdx=20 gives three of them more time; TARGET=vhdx REPEAT=… tries one
# input, and writes the image that it stands for beside it. Corpora and findings are kept in .fuzz.
SECONDS = 12
SEED = 1
IMAGES = 200
export MINUTES TARGET FUZZ_PLAN REPEAT

# make up FETCHERS=3 … starts so many processes of that service; STORE=minio takes MinIO's server for staging.
export WATCHERS FETCHERS CONVERTERS PUBLISHERS STATUS_WRITERS STORE FROM

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## two images from 'kubectl apply' to Ready, on real parts, and everything stopped again
	@LOG_FORMAT=file LOG_FILE=.sandbox/demo.log $(SANDBOX) demo

.PHONY: up
up: build ## the same parts in the background; FETCHERS=3 and the like start processes of their own
	@$(SANDBOX) up

.PHONY: down
down: build ## stop what 'make up' started
	@$(SANDBOX) down

.PHONY: status
status: build ## what runs, and whether it is ready
	@$(SANDBOX) status

.PHONY: tap
tap: build ## what is on the topics, live, a line per event; FROM=start shows what was there before
	@$(SANDBOX) tap

.PHONY: schemas
schemas: build ## JSON Schemas of all that is on the topics, in topics/target/schemas: for check-jsonschema and others
	@$(JAVA) -cp '$(CLASSPATH)' io.virtualimage.sandbox.Schemas topics/target/schemas

.PHONY: bench
bench: bench-pipeline bench-disk ## both of these, one after the other

.PHONY: bench-pipeline
bench-pipeline: build ## our speed beside curl's, and what a kill costs, as ratios of one run
	@LOG_FORMAT=file LOG_FILE=.sandbox/bench.log $(JAVA) -Xmx1g -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
		-cp '$(CLASSPATH)' io.virtualimage.sandbox.Bench

# make bench-disk BENCH_DIR=/dev/shm MIB=2048 … takes that folder and size.
.PHONY: bench-disk
bench-disk: build ## vdisk's speed beside qemu-img's, as ratios of one run
	@$(JAVA) -cp converter/disk/target/classes io.virtualimage.disk.cli.Bench $(or $(MIB),4096) $(BENCH_DIR)

.PHONY: diff-test
diff-test: jdk ## the disk readers and writers beside qemu-img, on IMAGES=200 images of each format; SEED=1 makes them
	$(MVN) -q -pl $(DISK) test -Dtest=DifferentialCheck -Ddiff.seed=$(SEED) -Ddiff.images=$(IMAGES)

.PHONY: fuzz
fuzz: jdk ## coverage-guided fuzzing of the disk readers: MINUTES=5 or SECONDS=12 of processor time each, TARGET=qcow2,…
	@$(MVN) -q -pl $(DISK) -Pfuzz test-compile dependency:build-classpath -Dmdep.outputFile=target/fuzz.classpath
	@SECONDS_EACH=$(SECONDS) $(JAVA) -Xmx256m -XX:+UseSerialGC \
		-cp "$(DISK)/target/test-classes:$(DISK)/target/classes:$$(<$(DISK)/target/fuzz.classpath)" \
		io.virtualimage.disk.fuzz.FuzzRun .fuzz

.PHONY: test
test: tools ## every test: units, contracts, the protocol simulator, and end to end on real components
	$(MVN) verify

.PHONY: unit
unit: jdk ## the tests that need nothing but a JVM (and qemu-img, vhdiinfo, openssl, curl)
	$(MVN) test

.PHONY: format
format: jdk ## put the sources into the project's format
	$(MVN) -q spotless:apply

.PHONY: build
build: $(BUILT) ## compile, without tests

$(BUILT): $(SOURCES) | jdk
	@echo "Building (a minute or two; later builds only when sources changed) …"
	@$(MVN) -q package -DskipTests -Dspotless.check.skip -Dmdep.analyze.skip
	@rm -rf sandbox/target/lib
	@$(MVN) -q -pl sandbox -am package dependency:copy-dependencies -DskipTests -Dspotless.check.skip \
		-Dmdep.analyze.skip -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/sandbox/target/lib
	@converter/disk/bin/startup-cache
	@touch $@

.PHONY: components
components: ## build the real components that tests and sandbox run, if they are not in the cache
	@for name in etcd kube-apiserver kube-controller-manager registry minio; do sandbox/bin/component $$name >/dev/null || exit; done

.PHONY: tools
tools: jdk components
	@sandbox/bin/tools

.PHONY: jdk
jdk:
	@test -n "$(JAVA_HOME)" || { echo "No JDK 25 was found: install one (Temurin 25, say) or set JAVA_HOME." >&2; exit 1; }
	@command -v mvn >/dev/null || { echo "No 'mvn' on the PATH: install Maven 3.8.7 or newer." >&2; exit 1; }

.PHONY: clean
clean: jdk ## remove what was built; data and the cache of components stay
	$(MVN) -q clean
