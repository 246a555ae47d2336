# SPDX-License-Identifier: ISC
#
# Back ends for the event loops of other programs, compiled here with stand-ins for their types.

EXTRA_DIST += contrib/ae_fdslots.c contrib/test-page.sh
check_PROGRAMS += contrib/test_ae
contrib_test_ae_SOURCES = contrib/test_ae.c
contrib_test_ae_LDADD = libfdslots.la
contrib/test_ae.$(OBJEXT): contrib/ae_fdslots.c
TESTS += contrib/test_ae contrib/test-page.sh
