# SPDX-License-Identifier: ISC
#
# What several programs of tests/ share; each names the files that it takes.

EXTRA_DIST += tests/support/coverage_exit.c
support_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support
