# SPDX-License-Identifier: ISC
#
# Random programs against poll(2). fuzz/ takes the model, too.

check_PROGRAMS += tests/differential
TESTS += tests/differential
model_sources = \
	tests/model/model.c \
	tests/model/model.h \
	tests/model/model_calls.c \
	tests/model/model_compare.c \
	tests/model/model_ops.c \
	tests/model/model_world.h \
	tests/model/objects.c \
	tests/model/objects.h \
	tests/model/pokes.c \
	tests/model/sleeper.c \
	tests/model/sleeper.h \
	tests/support/entry.c \
	tests/support/entry.h
model_cppflags = $(support_cppflags) -I$(top_srcdir)/tests/model
tests_differential_SOURCES = tests/model/differential.c $(model_sources)
tests_differential_CPPFLAGS = $(model_cppflags)
tests_differential_LDFLAGS = -static
tests_differential_LDADD = libfdslots.la
