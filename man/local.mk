# SPDX-License-Identifier: ISC

man_pages_3 = \
	man/fdslots_create.3 \
	man/fdslots_dump.3 \
	man/fdslots_epoll_wait.3 \
	man/fdslots_poll.3 \
	man/fdslots_ready.3 \
	man/fdslots_set_index.3 \
	man/fdslots_get_stats.3 \
	man/fdslots_version.3 \
	man/fdslots_wait.3 \
	man/fdslots_waker_open.3
dist_man_MANS += man/fdslots.7 man/fdslots-howto.7 man/fdslots-migration.7 $(man_pages_3)

# A page lists its functions with .Nm in NAME. Under the name of each but the first, after which
# the page itself is named, a file with a single .so line leads to the page.
man_other_names = sed -n '/^\.Sh LIBRARY/q; s/^\.Nm \([a-z_]*\).*/\1/p' $(srcdir)/$$page | sed 1d

install-data-hook: install-man-links
install-man-links:
	@for page in $(man_pages_3); do \
	  file=`basename $$page`; \
	  for name in `$(man_other_names)`; do \
	    link=$(DESTDIR)$(man3dir)/$$name.3; \
	    echo " link $$link"; \
	    echo ".so man3/$$file" >$$link && chmod 644 $$link || exit 1; \
	  done; \
	done

uninstall-hook: uninstall-man-links
uninstall-man-links:
	@for page in $(man_pages_3); do \
	  for name in `$(man_other_names)`; do \
	    rm -f $(DESTDIR)$(man3dir)/$$name.3; \
	  done; \
	done
.PHONY: install-man-links uninstall-man-links

# The code in EXAMPLES, and all of fdslots-howto(7), is compiled as it stands in the pages, and run.
man/program.c: man/examples.awk man/fdslots.7
	$(AM_V_GEN)$(MKDIR_P) man && \
	  $(AWK) -f $(srcdir)/man/examples.awk $(srcdir)/man/fdslots.7 >$@
man/snippets.h: man/examples.awk $(man_pages_3)
	$(AM_V_GEN)$(MKDIR_P) man && \
	  $(AWK) -f $(srcdir)/man/examples.awk $(srcdir)/man/fdslots_*.3 >$@
man/howto.h: man/examples.awk man/fdslots-howto.7
	$(AM_V_GEN)$(MKDIR_P) man && \
	  $(AWK) -v everywhere=1 -f $(srcdir)/man/examples.awk $(srcdir)/man/fdslots-howto.7 >$@
man/test_snippets.$(OBJEXT): man/snippets.h
man/test_howto-test_howto.$(OBJEXT): man/howto.h
CLEANFILES = man/program.c man/snippets.h man/howto.h

check_PROGRAMS += man/program man/test_snippets man/test_howto
nodist_man_program_SOURCES = man/program.c
man_program_LDADD = libfdslots.la
man_test_snippets_SOURCES = man/test_snippets.c
man_test_snippets_LDADD = libfdslots.la
man_test_howto_SOURCES = man/test_howto.c tests/support/env.c $(deadlines_sources)
man_test_howto_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/examples -I$(srcdir)/tests/support
man_test_howto_LDADD = libfdslots.la -lpthread

TESTS += man/program man/test_snippets man/test_howto man/test-lint.sh man/test-names.sh
EXTRA_DIST += man/examples.awk man/test-lint.sh man/test-names.sh
