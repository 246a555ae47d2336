# SPDX-License-Identifier: ISC
#
# The ABI as libabigail reads it from the built library (abigail-tools): what programs linked with
# this soname rely on. Of x86-64 with glibc; elsewhere types have other sizes.
EXTRA_DIST += abi/libfdslots.1.abi
.PHONY: abi-check abi-renew
abi_dump = $(top_srcdir)/abi/libfdslots.1.abi

# What has changed since, if anything, additions too.
abi-check: libfdslots.la
	abidiff --headers-dir2 $(top_srcdir)/include --drop-private-types \
		$(abi_dump) .libs/libfdslots.so

# After a change that is meant, with FDSLOTS_ABI in configure.ac changed as it says there.
abi-renew: libfdslots.la
	abidw --headers-dir $(top_srcdir)/include --drop-private-types \
		--exported-interfaces-only --no-corpus-path \
		--no-comp-dir-path --no-show-locs --out-file $(abi_dump) .libs/libfdslots.so
