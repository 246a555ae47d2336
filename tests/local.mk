# SPDX-License-Identifier: ISC
#
# Programs and scripts of tests/. Every folder has one kind of test: unit/ has the Check suites,
# model/ runs random programs against poll(2), faults/ makes every system call fail, calls/ counts
# what the library asks of the system, races/ has storms of threads and signals, consumers/ uses
# the installed library, and foreign/ makes other servers wait by the library. support/ has what
# several of them share. All programs link the static library, so that valgrind and gdb can run them
# directly, and so that they can use the internals of src/.

TEST_EXTENSIONS = .test
TEST_LOG_COMPILER = $(SHELL)
# The tests count what the library does without FDSLOTS_CHECK, whatever the environment asks for.
AM_TESTS_ENVIRONMENT = unset FDSLOTS_CHECK; \
	CC='$(CC)'; CFLAGS='$(CFLAGS)'; LDFLAGS='$(LDFLAGS)'; CXX='$(CXX)'; CXXFLAGS='$(CXXFLAGS)'; \
	NM='$(NM)'; export CC CFLAGS LDFLAGS CXX CXXFLAGS NM;

dist_check_SCRIPTS = tests/header.test tests/symbols.test tests/testing.test \
	tests/two_copies.test
TESTS += $(dist_check_SCRIPTS)
EXTRA_DIST += tests/uncovered.txt

include $(top_srcdir)/tests/support/local.mk
include $(top_srcdir)/tests/calls/local.mk
include $(top_srcdir)/tests/unit/local.mk
include $(top_srcdir)/tests/model/local.mk
include $(top_srcdir)/tests/races/local.mk
include $(top_srcdir)/tests/faults/local.mk
include $(top_srcdir)/tests/consumers/local.mk
include $(top_srcdir)/tests/foreign/local.mk

# ---- the tests, tested ----
EXTRA_DIST += tests/mutants.sh tests/mutants.txt
# mutants=WORD tries only those with the word in their descriptions.
mutants:
	rm -rf mutants.src
	$(MAKE) distdir distdir=mutants.src >/dev/null
	bash $(srcdir)/tests/mutants.sh mutants.src $(mutants); \
	    status=$$?; chmod -R u+w mutants.src && rm -rf mutants.src; exit $$status
.PHONY: mutants
