#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The workers example: answers are those of cksum(1), even for many clients at once, and the answer
# to a client that has gone does not reach the next client in its slot.
set -eu

program=./examples/workers
dir=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill -KILL "$server" || :; fi; rm -rf "$dir"' EXIT
patience=60

fail() {
    echo "FAIL: $*" >&2
    cat "$dir/err" >&2 || :
    exit 1
}

start() {
    exec {out}< <(exec "$program" "$@" 2>"$dir/err")
    server=$!
    next
    [[ $line =~ ^listening\ on\ port\ ([0-9]+)$ ]] || fail "$line"
    port=${BASH_REMATCH[1]}
}

next() {
    read -r -t $patience -u "$out" line || fail "nothing more is printed"
}

printed() {
    next
    [ "$line" = "$1" ] || fail "'$line', expected '$1'"
}

# End the server. Sets $rest to the rest of its output.
stop() {
    local status=0
    kill -TERM "$server"
    rest=
    while read -r -t $patience -u "$out" line || { status=$?; false; }; do
        rest+=$line$'\n'
    done
    [ $status -le 128 ] || fail "the server does not end"
    status=0
    wait "$server" || status=$?
    server=
    exec {out}<&-
    [ $status -eq 0 ] || fail "status $status"
    [[ $rest == *"ended by "* ]] || fail "$rest"
}

open() { # a connection, in the variable named $1
    eval "exec {$1}<>/dev/tcp/127.0.0.1/$port"
}

close() {
    eval "exec {$1}<&-"
}

hear() { # on fd $1, the line $2
    local answer
    read -r -t $patience -u "$1" answer || fail "no answer"
    [ "$answer" = "$2" ] || fail "'$answer', expected '$2'"
}

test_answers() {
    local a file
    start --threads 2
    open a
    printf '%s\n' "$dir/empty" "$dir/three" "$dir/none" "$dir/large" >&"$a"
    hear "$a" "$(cksum "$dir/empty")"
    hear "$a" "$(cksum "$dir/three")"
    hear "$a" "$dir/none: No such file or directory"
    hear "$a" "$(cksum "$dir/large")"
    printf '%s' "$dir/thr" >&"$a"
    printf 'ee\n' >&"$a"
    hear "$a" "$(cksum "$dir/three")"
    # A line that is too long ends the connection.
    printf '%01024d' 0 >&"$a"
    ! read -r -t $patience -u "$a" file || fail "an answer: $file"
    close a
    stop
}

# This job ends when the test wants it to, because it reads a FIFO.
test_gone() {
    local a b gate
    mkfifo "$dir/gate"
    start --threads 2 --max 1
    open a
    printed "slot 2: connected"
    echo "$dir/gate" >&"$a"
    exec {gate}>"$dir/gate" # opens once a thread has it open
    close a
    printed "slot 2: closed, while its job runs"

    # The next owner of the slot has a job of its own, and gets its own answer.
    open b
    printed "slot 2: connected"
    echo "$dir/three" >&"$b"
    hear "$b" "$(cksum "$dir/three")"

    # The late answer comes while the new owner has no job.
    echo 'late' >&"$gate"
    exec {gate}>&-
    printed "slot 2: a late answer was dropped"
    echo "$dir/empty" >&"$b"
    hear "$b" "$(cksum "$dir/empty")"
    close b
    printed "slot 2: closed"
    stop
    rm "$dir/gate"
}

# The late answer comes while the new owner waits for its own.
test_gone_both_wait() {
    local a b gate_a gate_b
    mkfifo "$dir/gate_a" "$dir/gate_b"
    start --threads 2 --max 1
    open a
    printed "slot 2: connected"
    echo "$dir/gate_a" >&"$a"
    exec {gate_a}>"$dir/gate_a"
    close a
    printed "slot 2: closed, while its job runs"
    open b
    printed "slot 2: connected"
    echo "$dir/gate_b" >&"$b"
    exec {gate_b}>"$dir/gate_b"
    exec {gate_a}>&-
    printed "slot 2: a late answer was dropped"
    printf abc >&"$gate_b"
    exec {gate_b}>&-
    hear "$b" "$(cksum <"$dir/three") $dir/gate_b"
    close b
    stop
    rm "$dir/gate_a" "$dir/gate_b"
}

client() { # many requests without waiting for answers
    local c i
    open c
    for i in {1..50}; do
        echo "$dir/three"
    done >&"$c"
    for i in {1..50}; do
        hear "$c" "$three"
    done
}

test_many() {
    local i clients=() three
    three=$(cksum "$dir/three")
    start --threads 3 --max 8
    for i in {1..12}; do # more than it serves at once
        client &
        clients+=($!)
    done
    # The output has to be read meanwhile.
    for i in {1..24}; do
        next
    done
    for i in "${clients[@]}"; do
        wait "$i" || fail "a client failed"
    done
    stop
}

test_usage() {
    local status arguments
    for arguments in --port=65536 --max=0 --threads=0 --threads=x --nonsense surplus; do
        status=0
        "$program" $arguments >"$dir/out" 2>"$dir/err" || status=$?
        [ $status -eq 2 ] && [ -s "$dir/err" ] && [ ! -s "$dir/out" ] || fail "$arguments: $status"
    done
    "$program" --help | grep -q '^Usage: workers' || fail "no help"
}

: >"$dir/empty"
printf abc >"$dir/three"
seq 200000 >"$dir/large"
test_usage
test_answers
test_gone
test_gone_both_wait
test_many
