#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The echo example with each of its ways to wait: its self-test, and a server that is used from
# outside, runs out of connections and of fds, and is ended by a signal.
set -eu

echo_program=./examples/echo
dir=$(mktemp -d)
err=$dir/err # what a server says on stderr
server=
trap 'if [ -n "$server" ]; then kill -KILL "$server" || :; fi; rm -rf "$dir"' EXIT

# Even on a loaded machine, an answer takes no longer. A server that hangs fails the test.
patience=60

fail() {
    echo "FAIL: $with: $*" >&2
    [ ! -f "$dir/err" ] || cat "$dir/err" >&2
    exit 1
}

# Start a server with options $@. Sets $server to its pid, $out to the fd of its output, and $port
# to its port.
start() {
    exec {out}< <(exec "$echo_program" --with="$with" "$@" 2>"$err")
    server=$!
    local line
    read -r -t $patience -u "$out" line || fail "the server does not start"
    [[ $line =~ ^listening\ on\ port\ ([0-9]+)\ \((.*)\),\ waiting\ with\ $with(\ in\ .*)?$ ]] || fail "$line"
    port=${BASH_REMATCH[1]}
    families=${BASH_REMATCH[2]}
}

# End the server by signal $1. Sets $printed to everything that it printed.
stop() {
    kill -s "$1" "$server"
    printed=
    local line status=0
    while read -r -t $patience -u "$out" line || { status=$?; false; }; do
        printed+=$line$'\n'
    done
    [ $status -le 128 ] || fail "the server does not end" # above 128: patience ran out
    status=0
    wait "$server" || status=$?
    server=
    exec {out}<&-
    [ $status -eq 0 ] || fail "status $status after SIG$1"
    [[ $printed == "ended by "* ]] || fail "printed: $printed"
}

# Send $2 on fd $1, and expect it back.
say() {
    printf '%s\n' "$2" >&"$1"
}

hear() {
    local line
    read -r -t $patience -u "$1" line || fail "no answer on a connection"
    [ "$line" = "$2" ] || fail "'$line' came back for '$2'"
}

# Two connections are served. The third one is served once one of them has gone.
third_waits() {
    local a b c
    exec {a}<>"/dev/tcp/127.0.0.1/$port"
    say "$a" first
    hear "$a" first
    exec {b}<>"/dev/tcp/127.0.0.1/$port"
    say "$b" second
    hear "$b" second
    exec {c}<>"/dev/tcp/127.0.0.1/$port"
    say "$c" third
    say "$b" 'second again'
    hear "$b" 'second again'
    exec {a}<&-
    hear "$c" third
    exec {b}<&- {c}<&-
}

test_talk() { # $1: the signal that ends it; $2...: more options
    local four line bytes=16
    start --port 0 "${@:2}"
    exec {four}<>"/dev/tcp/127.0.0.1/$port"
    say "$four" 'hello over IPv4'
    hear "$four" 'hello over IPv4'
    if [[ $families == *IPv6* ]]; then
        local six
        exec {six}<>"/dev/tcp/::1/$port"
        say "$six" 'hello over IPv6'
        hear "$six" 'hello over IPv6'
        bytes=32
        exec {six}<&-
    fi
    stop "$1"
    # The connection that was still open must have been closed.
    local status=0
    read -r -t $patience -u "$four" line || status=$?
    [ $status -eq 1 ] || fail "a connection outlived the server: status $status, '$line'"
    exec {four}<&-
    [[ $printed == *", $bytes bytes sent back"* ]] || fail "printed: $printed"
}

test_max() {
    start --max 2
    third_waits
    stop TERM
    [[ $printed == *"3 connections, at most 2 at once"* ]] || fail "printed: $printed"
}

# Leave the server only $1 fds that it can still open.
leave_fds() {
    local limit=3 free=0
    while [ -e "/proc/$server/fd/$limit" ] || [ $((free += 1)) -le "$1" ]; do
        limit=$((limit + 1))
    done
    prlimit --pid "$server" --nofile=$limit:
}

# Make a connection that is answered, often enough that fdslots_wait() has tried its epoll set. By
# then, the server has opened everything it needs apart from connections.
first_connection() {
    local i
    exec {first}<>"/dev/tcp/127.0.0.1/$port"
    for ((i = 0; i < 50; i++)); do
        say "$first" ready
        hear "$first" ready
    done
}

# With two fds left, the third accept fails. It must not be repeated without a pause.
test_no_fds() {
    local first
    start
    first_connection
    leave_fds 2
    third_waits
    stop TERM
    exec {first}<&-
    grep -q 'accept .*: Too many open files' "$dir/err" || fail "accept did not fail"
    [[ $printed =~ ([0-9]+)\ waits ]] || fail "printed: $printed"
    [ "${BASH_REMATCH[1]}" -lt 1000 ] || fail "${BASH_REMATCH[1]} waits"
}

# If no connection closes, accept is tried again after a while.
test_retry() {
    local first a messages line
    mkfifo "$dir/messages"
    exec {messages}<>"$dir/messages"
    err=$dir/messages start
    first_connection
    leave_fds 0
    exec {a}<>"/dev/tcp/127.0.0.1/$port"
    say "$a" patience
    read -r -t $patience -u "$messages" line || fail "accept did not fail"
    leave_fds 1
    hear "$a" patience
    exec {a}<&-
    stop TERM
    exec {first}<&- {messages}<&-
    rm "$dir/messages"
}

test_self_test() {
    local printed
    printed=$("$echo_program" --with="$with" --self-test 100 2>"$dir/err") || fail "self-test"
    [[ $printed == "$with: 100 connections (100 at once), 1000 messages, "* ]] ||
        fail "printed: $printed"
}

# With a listener for every thread, each thread gets a share of the connections, and a signal ends
# them all.
test_threads() {
    local printed
    printed=$("$echo_program" --with="$with" --threads 3 --self-test 100 2>"$dir/err") ||
        fail "self-test with threads"
    [[ $printed == *"server: 100 connections, at most 100 at once, "* ]] || fail "$printed"
    [ "$(grep -c '^thread [012]: [1-9][0-9]* connections, ' <<<"$printed")" -eq 3 ] ||
        fail "not every thread had connections: $printed"
    test_talk TERM --threads 3
}

# With shared listeners, a thread that has room takes a connection. Here each has room for one.
test_shared() {
    local printed
    printed=$("$echo_program" --with="$with" --threads 3 --shared --self-test 100 2>"$dir/err") ||
        fail "self-test with shared listeners"
    [[ $printed == *"server: 100 connections, at most 100 at once, "* ]] || fail "$printed"
    start --threads 2 --shared --max 1
    third_waits
    stop INT
    [[ $printed == *"server: 3 connections, at most 2 at once, "* ]] || fail "printed: $printed"
}

# If the connections cannot be had, the message must say so.
test_limit() {
    local status=0
    (ulimit -n 64 && exec "$echo_program" --with="$with" --self-test 100) 2>"$dir/err" || status=$?
    [ $status -eq 1 ] || fail "status $status with too few fds"
    grep -q '100 connections need 116 file descriptors.* is 64$' "$dir/err" || fail "limit"
}

test_usage() {
    local status arguments
    for arguments in --port=65536 --port=-1 --port= --port=1x --max=0 --self-test=0 \
        --threads=0 --threads=257 --with=select --nonsense surplus '--self-test=1 --any'; do
        status=0
        # shellcheck disable=SC2086 # to be split
        "$echo_program" $arguments >"$dir/out" 2>"$dir/err" || status=$?
        [ $status -eq 2 ] || fail "status $status for $arguments"
        [ -s "$dir/err" ] || fail "no message about $arguments"
        [ ! -s "$dir/out" ] || fail "did not refuse $arguments"
    done
}

with=usage
test_usage
help=$("$echo_program" --help)
[[ $help =~ --with=([a-z_|]+) ]] || fail "no --with in --help"

for with in ${BASH_REMATCH[1]//|/ }; do
    status=0
    "$echo_program" --with="$with" --self-test 1 >/dev/null 2>"$dir/err" || status=$?
    if [ $status -eq 3 ]; then
        echo "$with: not on this system or in this build"
        continue
    fi
    [ $status -eq 0 ] || fail "status $status"
    test_self_test
    test_talk TERM
    test_talk INT
    test_max
    test_limit
    test_threads
    status=0
    "$echo_program" --with="$with" --shared --self-test 1 >/dev/null 2>"$dir/err" || status=$?
    if [ $status -eq 3 ]; then
        echo "$with: no shared listeners, which need epoll"
    else
        [ $status -eq 0 ] || fail "status $status with shared listeners"
        test_shared
    fi
    if [ -d "/proc/$$/fd" ] && command -v prlimit >/dev/null; then
        test_no_fds
        test_retry
    else
        echo "$with: running out of fds was not tested, which needs /proc and prlimit"
    fi
    echo "$with: passed"
done
