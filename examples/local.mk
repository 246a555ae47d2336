# SPDX-License-Identifier: ISC
# Programs to start from. They are built by plain make and use the library as anyone would.
noinst_PROGRAMS += examples/pipes

examples_pipes_SOURCES = examples/pipes.c
examples_pipes_LDADD = libfdslots.la

TESTS += examples/test-pipes.sh
EXTRA_DIST += examples/test-pipes.sh
