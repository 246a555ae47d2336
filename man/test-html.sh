#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Every link between the HTML pages leads to a page, and to a place in it; every page is reached
# from the index, and has a name for each function that it documents.
set -eu

srcdir=${srcdir:-.}
if ! command -v mandoc >/dev/null 2>&1; then
    echo "mandoc is not installed"
    [ "${CI:-}" != true ] || exit 1
    exit 77
fi
html=$(mktemp -d)
trap 'rm -rf "$html"' EXIT
trap 'exit 99' HUP INT TERM
sh "$srcdir/man/html.sh" "$srcdir/man/html.css" "$html" "$srcdir"/man/*.[37]
sed -n 's/^\.Nm \(fdslots[a-z_-]*\).*/\1/p' "$srcdir"/man/*.[37] | sort -u >"$html/names"

cd "$html"
status=0
fail()
{
    echo "FAIL: $*"
    status=1
}

for page in *.html; do
    grep -o 'href="[^"]*"' "$page" | sed -e 's/^href="//' -e 's/"$//' >links
    while read -r link; do
        target=${link%%#*}
        target=${target:-$page}
        case $link in https://*) continue ;; esac
        [ -e "$target" ] || fail "$page: $link: there is no such page"
        case $link in
        *'#'*) grep -qF "id=\"${link#*#}\"" "$target" || fail "$page: $link: no such place" ;;
        esac
    done <links
done
for page in *.[37].html; do
    grep -q "href=\"$page" index.html || fail "$page is not in the index"
done
while read -r name; do
    grep -q ">$name<" index.html || fail "$name is not in the index"
done <names
links=$(cat ./*.html | grep -c 'href="fdslots_')
[ "$links" -gt 50 ] || fail "only $links links between pages"
echo "$links lines with links"
exit $status
