#!/bin/sh
# SPDX-License-Identifier: ISC
# The header, the symbol map and the manual pages name the same functions; the pages give them the
# header's prototypes, and refer only to functions and constants that the header has.

srcdir=${srcdir:-.}
header=$srcdir/include/fdslots.h
map=$srcdir/src/fdslots.map
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
LC_ALL=C
export LC_ALL
status=0

# same A B WHAT: the sorted lists A and B are equal, and not empty.
same()
{
    [ -s "$tmp/$1" ] && diff -u "$tmp/$1" "$tmp/$2" && return
    echo "FAIL: $3"
    status=1
}

# known A B WHAT: every line of the sorted list A is in B.
known()
{
    unknown=$(comm -23 "$tmp/$1" "$tmp/$2")
    [ -z "$unknown" ] && return
    echo "FAIL: $3:"
    echo "$unknown"
    status=1
}

# The header without comments and preprocessor lines, one declaration a line.
tr '\n' '\001' <"$header" | sed 's:/\*[^*]*\**\([^/*][^*]*\*\**\)*/: :g' | tr '\001' '\n' |
    sed -e 's://.*::' -e '/^#/d' | tr -s '[:space:]' ' ' | tr ';' '\n' >"$tmp/declarations"
sed -n 's/^ *\(.*[ *]fdslots_[a-z_]*(.*)\) *$/\1/p' "$tmp/declarations" |
    sed -e 's/^extern "C" { *//' -e 's/^} *//' -e 's/( */(/g' -e 's/ *)/)/g' |
    sort >"$tmp/header.prototypes"
sed 's/^[^(]*[ *]\(fdslots_[a-z_]*\)(.*/\1/' "$tmp/header.prototypes" | sort >"$tmp/header.names"

sed -n 's/^ *\(fdslots_[a-z_]*\);.*/\1/p' "$map" | sort >"$tmp/map.names"
same header.names map.names "the symbol map and the header differ"

# Ft, then Fn, or Fo with an Fa for each parameter and Fc: one prototype.
awk '
    /^\.Sh / { section = $2 }
    section != "SYNOPSIS" { next }
    function unquoted(s) { gsub(/"/, "", s); return s }
    function emit() { print type (type ~ /\*$/ ? "" : " ") name "(" params ")" }
    function parameter(p) { params = params (params == "" ? "" : ", ") p }
    /^\.Ft / { type = unquoted(substr($0, 5)) }
    /^\.Fn / {
        line = substr($0, 5)
        name = line; sub(/ .*/, "", name)
        line = substr(line, length(name) + 2)
        params = ""
        while (line != "") {
            if (line ~ /^"/) { split(line, part, "\""); p = part[2]; used = length(p) + 2 }
            else { split(line, part, " "); p = part[1]; used = length(p) }
            parameter(p)
            line = substr(line, used + 1)
            sub(/^ +/, "", line)
        }
        emit()
    }
    /^\.Fo / { name = $2; params = "" }
    /^\.Fa / { parameter(unquoted(substr($0, 5))) }
    /^\.Fc/ { emit() }
' "$srcdir"/man/*.3 | sort >"$tmp/man.prototypes"
same header.prototypes man.prototypes "the prototypes in SYNOPSIS and in the header differ"

# Each page names in NAME what it declares in SYNOPSIS, beginning with its own name.
sed -n 's/^\.Nm \(fdslots_[a-z_]*\).*/\1/p' "$srcdir"/man/*.3 | sort >"$tmp/man.names"
same header.names man.names "the names in NAME and in the header differ"
for page in "$srcdir"/man/*.3; do
    sed -n '1,/^\.Sh LIBRARY/s/^\.Nm \([a-z_]*\).*/\1/p' "$page" | sort >"$tmp/page.names"
    sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/s/^\.F[no] \(fdslots_[a-z_]*\).*/\1/p' "$page" |
        sort >"$tmp/page.functions"
    same page.names page.functions "$page: NAME and SYNOPSIS differ"
    first=$(sed -n 's/^\.Nm \([a-z_]*\).*/\1/p' "$page" | head -n 1)
    [ "$first.3" = "${page##*/}" ] && continue
    echo "FAIL: $page is not named after its first function"
    status=1
done

# What the pages speak of exists, and no constant of the header goes unmentioned.
{ cat "$tmp/header.names"; echo fdslots; echo fdslots_stats; } |
    sort -u >"$tmp/words.known"
cat "$srcdir"/man/*.[37] | tr -c 'a-z_' '\n' | grep -x 'fdslots\(_[a-z_]*\)*' |
    sort -u >"$tmp/words.used"
known words.used words.known "the pages speak of names that the header lacks"
tr -c 'A-Z0-9_' '\n' <"$tmp/declarations" | grep -x 'FDSLOTS_HAS_[A-Z0-9_]*' >"$tmp/constants"
sed -n 's/^#define \(FDSLOTS_[A-Z0-9_]*\) .*/\1/p' "$header" >>"$tmp/constants"
sort -u "$tmp/constants" >"$tmp/header.constants"
sed '/^\.Dt/d' "$srcdir"/man/*.[37] | tr -c 'A-Z0-9_' '\n' | grep -x 'FDSLOTS_[A-Z0-9_]*' |
    sort -u >"$tmp/man.constants"
same header.constants man.constants "the constants in the pages and in the header differ"

exit $status
