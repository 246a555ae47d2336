#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
#
# Breaks the library in one place after another, and checks that the tests fail: what no test
# notices is not promised. The places are in mutants.txt, each with the test that must fail.
#
#   mutants.sh SOURCE [WORD...]   SOURCE: a tree as `make distdir` makes it; only the mutants whose
#                                 descriptions contain one of the words
#   mutants.sh --stale SOURCE     only check that all those places still exist
#
# Works in copies of SOURCE in the current directory, one for each processor. With EVERY=N, only
# every Nth mutant is tried.
set -euo pipefail

stale=false
if [ "$1" = --stale ]; then
    stale=true
    shift
fi
source=$(cd "$1" && pwd -P)
shift
list=$source/tests/mutants.txt
jobs=$(nproc)
every=${EVERY:-1}

# Print the mutants as records of five fields, separated by tabs: what, file, old line, new line, test.
records() {
    awk -v OFS='\t' '
        /^#/ || /^$/ { next }
        { mark = substr($0, 1, 1); text = substr($0, 3); field[mark] = text }
        mark == "!" { print field["="], field["@"], field["-"], field["+"], field["!"] }
    ' "$list"
}

is_wanted() { # WHAT WORD...
    local what=$1 word
    shift
    [ $# -eq 0 ] && return
    for word; do
        [[ $what != *"$word"* ]] || return 0
    done
    return 1
}

# Print file $1 with the one line that equals $2, apart from its indentation, replaced by $3.
break_line() {
    OLD=$2 NEW=$3 awk '
        { text = $0; sub(/^[ \t]+/, "", text) }
        text == ENVIRON["OLD"] { count++; print ENVIRON["NEW"]; next }
        { print }
        END { exit count != 1 }
    ' "$1"
}

# Print the mutants whose places do not exist. Fails if there are any.
look_for_stale() {
    local status=0 what file old new test
    while IFS=$'\t' read -r what file old new test; do
        if ! break_line "$source/$file" "$old" "$new" >/dev/null; then
            echo "STALE $what: $file does not have this line once: $old"
            status=1
        fi
    done < <(records)
    return "$status"
}

# Build the program of test $1 in the current directory, run it, and print the outcome. A test
# that hangs has noticed the mutant, too.
outcome() {
    local test=$1 suite=${1#suite } program=tests/check_fdslots
    if [ "$suite" = "$test" ]; then
        program=${test%% *}
    else
        test=$program
        export CK_RUN_SUITE=$suite
    fi
    # shellcheck disable=SC2086 # a program and its arguments
    if ! make -s "$program" >build.log 2>&1; then
        cat build.log
        echo UNBUILT
    elif CK_DEFAULT_TIMEOUT=3 timeout 30 $test >/dev/null 2>&1; then
        echo SURVIVED
    else
        echo noticed
    fi
}

try() { # WHAT FILE OLD NEW TEST, in the root of a built copy
    mv "$2" "$2.whole"
    break_line "$2.whole" "$3" "$4" >"$2"
    echo "$(outcome "$5") $1  ($5)"
    mv "$2.whole" "$2"
    touch "$2"
}

# Every $jobs-th mutant, beginning with number $1.
worker() {
    local number=0 what file old new test
    cd "$work/$1"
    while IFS=$'\t' read -r what file old new test; do
        is_wanted "$what" "${words[@]}" || continue
        number=$((number + 1))
        if [ $((number % every)) -eq 0 ] && [ $((number / every % jobs)) -eq "$1" ]; then
            try "$what" "$file" "$old" "$new" "$test"
        fi
    done < <(records)
}

look_for_stale || exit 1
[ "$stale" = false ] || exit 0
work=$(mktemp -d "$PWD/mutants.XXXXXX")
trap 'rm -rf "$work"' EXIT
words=("$@")
cp -R "$source" "$work/0"
(
    cd "$work/0"
    ./configure --quiet --disable-shared CFLAGS='-O1 -g'
    make -s -j "$jobs" tests/check_fdslots tests/differential
) >"$work/setup.log" 2>&1 || {
    cat "$work/setup.log"
    exit 1
}
for n in $(seq 1 $((jobs - 1))); do
    cp -Rp "$work/0" "$work/$n"
done
for n in $(seq 0 $((jobs - 1))); do
    worker "$n" >"$work/$n.out" 2>&1 &
done
wait
cat "$work"/*.out
noticed=$(cat "$work"/*.out | grep -c '^noticed' || :)
missed=$(cat "$work"/*.out | grep -cE '^(SURVIVED|UNBUILT)' || :)
echo "$noticed passed, $missed failed, 0 skipped"
[ "$noticed" -gt 0 ] && [ "$missed" -eq 0 ]
