# SPDX-License-Identifier: ISC
#
# make installcheck, after make install: programs find the installed library.
consumers = tests/consumers
EXTRA_DIST += \
	$(consumers)/CMakeLists.txt \
	$(consumers)/main.c \
	$(consumers)/meson.build \
	$(consumers)/meson_options.txt \
	$(consumers)/test.sh

installcheck-local:
	@CC='$(CC)' PKG_CONFIG_SYSROOT_DIR='$(DESTDIR)' \
	  $(SHELL) $(srcdir)/$(consumers)/test.sh '$(DESTDIR)$(libdir)' '$(VERSION)'; \
	status=$$?; test $$status -eq 77 || exit $$status
.PHONY: installcheck-local
