# SPDX-License-Identifier: ISC
#
# `make foreign` puts programs that are not ours under load while fdslots answers their poll(2);
# foreign="haproxy each" runs one of them by one entry point. `make check` builds what it needs of
# ours, and no more.

EXTRA_DIST += tests/foreign/run.sh
if LINUX
check_LTLIBRARIES = tests/foreign/interpose.la
check_PROGRAMS += tests/foreign/load
endif

tests_foreign_interpose_la_SOURCES = \
	tests/foreign/buffers.c \
	tests/foreign/buffers.h \
	tests/foreign/compare.c \
	tests/foreign/compare.h \
	tests/foreign/counts.c \
	tests/foreign/counts.h \
	tests/foreign/interpose.c \
	tests/support/entry.c \
	tests/support/entry.h
tests_foreign_interpose_la_CPPFLAGS = $(support_cppflags)
tests_foreign_interpose_la_LDFLAGS = -module -avoid-version -rpath /nowhere \
	-export-symbols-regex '^(poll|__poll_chk|close|dup2)$$'
tests_foreign_interpose_la_LIBADD = libfdslots.la -ldl

foreign = all
foreign: tests/foreign/interpose.la tests/foreign/load
	bash $(srcdir)/tests/foreign/run.sh $(foreign)

clean-local: foreign-clean
foreign-clean:
	rm -rf tests/foreign/nginx

.PHONY: foreign foreign-clean
