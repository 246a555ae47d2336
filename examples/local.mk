# SPDX-License-Identifier: ISC
# Programs to start from. They are built by plain make and use the library as anyone would.
noinst_PROGRAMS += examples/pipes examples/echo

examples_pipes_SOURCES = examples/pipes.c
examples_pipes_LDADD = libfdslots.la

examples_echo_SOURCES = \
	examples/echo.c \
	examples/echo.h \
	examples/echo_client.c \
	examples/echo_net.c \
	examples/echo_selftest.c \
	examples/echo_server.c \
	examples/echo_signals.c \
	examples/echo_wait.c
examples_echo_LDADD = libfdslots.la

TESTS += examples/test-pipes.sh examples/test-echo.sh
EXTRA_DIST += examples/test-pipes.sh examples/test-echo.sh
