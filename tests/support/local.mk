# SPDX-License-Identifier: ISC
#
# Files that several programs of tests/ share. Each program lists the ones that it uses.

EXTRA_DIST += tests/support/coverage_exit.c
support_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
