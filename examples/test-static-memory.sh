#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The static-memory example: lines of several inputs are printed whole, no allocator is linked in,
# and if valgrind is available, no allocator of the C library is called.
set -eu

program=./examples/static-memory
dir=$(mktemp -d)
reader=
trap 'if [ -n "$reader" ]; then kill "$reader" || :; fi; rm -rf "$dir"' EXIT
patience=60

fail() {
    echo "FAIL: $*" >&2
    exit 1
}

next() { # $1: the line expected
    local line
    IFS= read -r -t $patience -u "$out" line || fail "no '$1'"
    [ "$line" = "$1" ] || fail "'$line', expected '$1'"
}

# Print the names that the program takes from elsewhere.
undefined() {
    "${NM:-nm}" -u "$program" | sed 's/^ *[Uw] //; s/@.*//'
}

allocators='malloc|calloc|realloc|reallocarray|free|aligned_alloc|memalign|posix_memalign|valloc'
allocators+='|strdup|strndup|asprintf|fopen|fdopen|printf|fprintf|puts|brk|sbrk|mmap'

test_symbols() {
    undefined >"$dir/undefined"
    if [ ! -s "$dir/undefined" ]; then
        echo "not tested here: all of the C library is linked in, with its allocators"
        return
    fi
    grep -qx 'write' "$dir/undefined" || fail "the symbols cannot be seen"
    if grep -qE '^__(asan|tsan|msan|gcov)' "$dir/undefined"; then
        echo "not tested here: a sanitizer has allocators of its own"
    elif grep -xE "$allocators" "$dir/undefined"; then
        fail "an allocator is linked in"
    fi
}

# Two FIFOs send lines in pieces, a last line without a newline, and one that is too long.
test_lines() {
    local a b
    mkfifo "$dir/a" "$dir/b"
    # Opened for reading and writing, a FIFO opens at once, and lines wait in it for the program.
    exec {a}<>"$dir/a" {b}<>"$dir/b"
    exec {out}< <(exec {a}<&- {b}<&- && exec "$@" "$dir/a" "$dir/b" 2>"$dir/err")
    reader=$!
    echo 'first of a' >&"$a"
    next "$dir/a: first of a"
    printf 'half ' >&"$a"
    echo 'first of b' >&"$b"
    next "$dir/b: first of b"
    printf 'and half\n\nlast' >&"$a"
    next "$dir/a: half and half"
    next "$dir/a: "
    # The program has them open. When these are closed, it sees the end.
    exec {a}<&-
    next "$dir/a: last"
    printf '%0200d\n' 7 >&"$b"
    next "$dir/b: $(printf '%0128d' 0)"
    next "$dir/b: $(printf '%072d' 7)"
    exec {b}<&-
    local status=0
    wait "$reader" || status=$?
    reader=
    exec {out}<&-
    [ $status -eq 0 ] || fail "status $status: $(cat "$dir/err")"
    rm "$dir/a" "$dir/b"
}

test_file() { # which epoll refuses, and poll does not
    printf 'one\ntwo' >"$dir/file"
    [ "$("$program" "$dir/file" /dev/null)" = "$dir/file: one"$'\n'"$dir/file: two" ] || fail "file"
}

test_errors() {
    local status=0
    "$program" "$dir/none" 2>"$dir/err" || status=$?
    [ $status -eq 1 ] && grep -qx "static-memory: $dir/none: error 002" "$dir/err" || fail "no file"
    status=0
    "$program" 2>/dev/null || status=$?
    [ $status -eq 2 ] || fail "no input: status $status"
    # shellcheck disable=SC2046 # as many words as numbers
    "$program" $(seq 33) 2>/dev/null && fail "too many inputs" || [ $? -eq 2 ] || fail "33 inputs"
    "$program" --help | grep -q '^Usage: static-memory' || fail "no help"
    if [ -c /dev/full ]; then
        status=0
        "$program" "$dir/file" >/dev/full 2>/dev/null || status=$?
        [ $status -eq 1 ] || fail "unwritable output: status $status"
    fi
}

test_calls() {
    test_lines valgrind --log-file="$dir/valgrind" "$program"
    grep -q 'total heap usage: 0 allocs, 0 frees, 0 bytes' "$dir/valgrind" ||
        fail "$(cat "$dir/valgrind")"
}

test_symbols
test_lines "$program"
test_file
test_errors
if grep -qE '^__(asan|tsan|msan|gcov)' "$dir/undefined"; then
    :
elif command -v valgrind >/dev/null && valgrind --quiet "$program" --help >/dev/null 2>&1; then
    test_calls
else
    echo "allocations at run time were not counted, which needs a valgrind that can run the program"
fi
