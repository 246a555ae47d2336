# SPDX-License-Identifier: ISC
#
# Random programs, compared with poll(2). fuzz/ uses the model, too.

check_PROGRAMS += tests/differential
TESTS += tests/differential
model_sources = \
	tests/model/model.c \
	tests/model/model.h \
	tests/model/model_calls.c \
	tests/model/model_children.c \
	tests/model/model_compare.c \
	tests/model/model_files.c \
	tests/model/model_limit.c \
	tests/model/model_once.c \
	tests/model/model_oracle.c \
	tests/model/model_program.c \
	tests/model/model_slots.c \
	tests/model/model_world.h \
	tests/model/namespaces.c \
	tests/model/namespaces.h \
	tests/model/object_kinds.h \
	tests/model/objects.c \
	tests/model/objects.h \
	tests/model/objects_file.c \
	tests/model/objects_made.c \
	tests/model/objects_net.c \
	tests/model/objects_pipe.c \
	tests/model/objects_proc.c \
	tests/model/objects_socket.c \
	tests/model/objects_terminal.c \
	tests/model/pokes.c \
	tests/model/sleeper.c \
	tests/model/sleeper.h \
	tests/support/asleep.c \
	tests/support/asleep.h \
	tests/support/entry.c \
	tests/support/entry.h \
	tests/support/env.c \
	tests/support/env.h
model_cppflags = $(support_cppflags) -I$(top_srcdir)/tests/model
tests_differential_SOURCES = tests/model/differential.c $(model_sources)
tests_differential_CPPFLAGS = $(model_cppflags)
tests_differential_LDFLAGS = -static
tests_differential_LDADD = libfdslots.la
