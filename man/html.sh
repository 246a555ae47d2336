#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Render manual pages as HTML by mandoc, with an index:
#
#   html.sh STYLESHEET OUTDIR PAGE...
#
# A page that documents several functions is linked to under the name of each. Other manuals than
# these are linked to where Linux's are read online.
set -eu

elsewhere=https://man7.org/linux/man-pages
stylesheet=$1
out=$2
shift 2

mkdir -p "$out"
cp "$stylesheet" "$out/fdslots.css"

head_of() { # TITLE
    cat <<END
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="fdslots.css">
<title>$1</title>
</head>
<body>
<nav>
<a href="index.html">All pages</a>
<a href="fdslots.7.html">Concepts</a>
<a href="fdslots-howto.7.html">How to</a>
<a href="fdslots-migration.7.html">Migration</a>
</nav>
END
}

# The names in NAME, one a line; the first is that of the page.
names_of() { # PAGE
    sed -n '/^\.Sh SYNOPSIS/q; /^\.Sh LIBRARY/q; s/^\.Nm \([a-z_-]*\).*/\1/p' "$1"
}

# What the page is about.
summary_of() { # PAGE
    sed -n 's/^\.Nd //p' "$1"
}

# Where NAME is documented in the rendered PAGE: at its anchor, if it has one.
place_of() { # NAME FILE
    if grep -q "id=\"$1\"" "$out/$2"; then
        echo "$2#$1"
    else
        echo "$2"
    fi
}

render() { # PAGE
    file=${1##*/}
    head_of "${file%.*}(${file##*.})"
    echo "<p class=\"title\">${file%.*}<small>(${file##*.})</small></p>"
    mandoc -Thtml -O 'fragment,man=%N.%S.html' "$1"
    echo '</body></html>'
}

# "NAME.SECTION.html PLACE" for each name that one of the pages documents.
places() { # PAGE...
    for page; do
        file=${page##*/}
        echo "$file.html $file.html"
        for name in $(names_of "$page" | sed 1d); do
            echo "$name.${file##*.}.html $(place_of "$name" "$file.html")"
        done
    done
}

# Lead the links of an HTML page to those places, and the remaining ones elsewhere. A function that is
# named in passing becomes a link as well; mandoc makes one only of a reference.
lead() { # FILE PLACES
    awk -v elsewhere="$elsewhere" -v file="${1##*/}" -v places="$2" '
    BEGIN { while ((getline <places) > 0) place[$1] = $2 }
    function target(link,    part) {
        if (link in place)
            return place[link]
        if (link ~ /^#fdslots_/ && elsewhere_is(substr(link, 2) ".3.html"))
            return place[substr(link, 2) ".3.html"]
        if (link !~ /^[A-Za-z0-9_-]+\.[1-9]\.html$/)
            return link
        split(link, part, ".")
        return elsewhere "/man" part[2] "/" link
    }
    function elsewhere_is(link) { return link in place && index(place[link], file) != 1 }
    function linked(code, before,    name) {
        name = code
        gsub(/<[^>]*>/, "", name)
        if (before ~ /(<a |href=)[^>]*>$/ || !elsewhere_is(name ".3.html"))
            return code
        return "<a href=\"" name ".3.html\">" code "</a>"
    }
    function with_functions(s,    line) {
        line = ""
        while (match(s, /<code class="Fn"[^>]*>fdslots_[a-z_]*<\/code>/)) {
            line = line substr(s, 1, RSTART - 1)
            line = line linked(substr(s, RSTART, RLENGTH), line)
            s = substr(s, RSTART + RLENGTH)
        }
        return line s
    }
    function with_places(s,    line) {
        line = ""
        while (match(s, /href="[^"]*"/)) {
            line = line substr(s, 1, RSTART + 5) target(substr(s, RSTART + 6, RLENGTH - 7)) "\""
            s = substr(s, RSTART + RLENGTH)
        }
        return line s
    }
    { print with_places(with_functions($0)) }' "$1"
}

entry() { # PAGE
    file=${1##*/}
    echo '<li>'
    for name in $(names_of "$1"); do
        echo "<a href=\"$(place_of "$name" "$file.html")\"><code>$name</code></a>"
    done
    echo "<span class=\"what\">$(summary_of "$1")</span></li>"
}

index() { # PAGE...
    head_of 'fdslots: manual pages'
    echo '<p class="title">fdslots</p>'
    for section in '7 Concepts' '3 Calls'; do
        echo "<h2>${section#* }</h2><ul class=\"pages\">"
        for page; do
            [ "${page##*.}" != "${section% *}" ] || entry "$page"
        done
        echo '</ul>'
    done
    echo '</body></html>'
}

for page; do
    render "$page" >"$out/${page##*/}.html"
done
places "$@" >"$out/places"
for page; do
    file=$out/${page##*/}.html
    lead "$file" "$out/places" >"$file.new"
    mv "$file.new" "$file"
done
rm "$out/places"
index "$@" >"$out/index.html"
