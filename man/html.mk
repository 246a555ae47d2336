# SPDX-License-Identifier: ISC
#
# make html: the manual pages in html/, to be read from html/index.html.
html_pages = $(dist_man_MANS)

html-local: html/index.html
html/index.html: man/html.sh man/html.css $(html_pages)
	$(AM_V_GEN)cd $(srcdir) && $(SHELL) man/html.sh man/html.css '$(abs_builddir)/html' $(html_pages)

clean-local: clean-html
clean-html:
	rm -rf html
.PHONY: clean-html

TESTS += man/test-html.sh
EXTRA_DIST += man/html.css man/html.sh man/test-html.sh
