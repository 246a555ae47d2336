#!/bin/sh
# SPDX-License-Identifier: ISC
# man/fdslots-migration.7 must show the back end that is tested, contrib/ae_fdslots.c.

srcdir=${srcdir:-.}
shown=$(mktemp) || exit 99
trap 'rm -f "$shown"' EXIT
awk '
    /^\.Sh / { in_section = /FROM AE/ }
    /^\.Ed/ { in_block = 0 }
    in_block { gsub(/\\-/, "-"); gsub(/\\&/, ""); print }
    /^\.Bd -literal/ { in_block = in_section }
' "$srcdir/man/fdslots-migration.7" >"$shown"
[ -s "$shown" ] && ! diff "$shown" "$srcdir/contrib/ae_fdslots.c" | grep '^<' &&
    echo "ok: the page shows $(grep -c . "$shown") lines of contrib/ae_fdslots.c"
