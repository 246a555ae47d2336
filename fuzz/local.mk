# SPDX-License-Identifier: ISC
#
# `make fuzz FUZZ_TIME=60` runs the fuzzer for this many seconds if the compiler has libFuzzer
# (../configure CC=clang). It starts from the corpus in the tree, and writes its findings to fuzz/
# in the build directory. `make check` replays the corpus with any compiler.

EXTRA_DIST += fuzz/README.md fuzz/corpus fuzz/replay.test
TESTS += fuzz/replay.test

FUZZ_TIME = 60
FUZZ_FLAGS = -timeout=60 -rss_limit_mb=0 -max_len=2048 -len_control=0
FUZZ_SANITIZERS = address,undefined

# The library is compiled again from its sources, because the fuzzer is guided by the code that it
# reaches. Tracing comparisons would take most of the time without a gain, because any bytes are
# valid operations.
EXTRA_PROGRAMS += fuzz/fuzz
fuzz_fuzz_SOURCES = fuzz/fuzz.c fuzz/mutate.c $(model_sources) $(libfdslots_la_SOURCES)
fuzz_fuzz_CPPFLAGS = $(model_cppflags)
fuzz_fuzz_CFLAGS = $(AM_CFLAGS) -fno-omit-frame-pointer \
	-fsanitize=fuzzer,$(FUZZ_SANITIZERS) -fno-sanitize-recover=all \
	-fno-sanitize-coverage=trace-cmp
fuzz_fuzz_LDADD = $(THREAD_LIBS)

if FUZZER
fuzz: fuzz/fuzz
	mkdir -p fuzz/found
	fuzz/fuzz $(FUZZ_FLAGS) -max_total_time=$(FUZZ_TIME) -artifact_prefix=fuzz/ \
	    fuzz/found $(srcdir)/fuzz/corpus

# Make a new corpus: the smallest files that together reach every edge of the control flow that the
# old corpus and the findings since then reach.
fuzz-corpus: fuzz/fuzz
	rm -rf fuzz/smallest
	mkdir -p fuzz/found fuzz/smallest
	fuzz/fuzz $(FUZZ_FLAGS) -merge=1 -use_counters=0 fuzz/smallest $(srcdir)/fuzz/corpus fuzz/found
	rm -rf $(srcdir)/fuzz/corpus
	cp -R fuzz/smallest $(srcdir)/fuzz/corpus
else
fuzz fuzz-corpus:
	@echo "This compiler has no libFuzzer: configure with CC=clang, and install libclang-rt-dev."
	@false
endif

clean-local: fuzz-clean
fuzz-clean:
	rm -rf fuzz/found fuzz/smallest

.PHONY: fuzz fuzz-clean fuzz-corpus
