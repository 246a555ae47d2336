#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The signals example: commands that fail are started again, many children that end at once are all
# noticed, the status is reported meanwhile, and signals end everything.
set -eu

# A command that was started in the background may ignore SIGINT, and so would all that it starts.
[ -z "$(trap -p INT)" ] || exec env --default-signal=INT "$BASH" "$0"

signals_program=./examples/signals
dir=$(mktemp -d)
supervisor=
trap 'if [ -n "$supervisor" ]; then kill -TERM "$supervisor" || :; fi; rm -rf "$dir"' EXIT

# Even on a loaded machine, an answer takes no longer. A supervisor that hangs fails the test.
patience=60

fail() {
    echo "FAIL: $*" >&2
    cat "$dir"/err* >&2 || :
    exit 1
}

# Start with arguments $@. Sets $supervisor to the pid, $out to the fd of the output, and $port to
# the port.
start() {
    exec {out}< <(exec "$signals_program" "$@" 2>"$dir/err")
    supervisor=$!
    next
    [[ $line =~ ^listening\ on\ port\ ([0-9]+)$ ]] || fail "$line"
    port=${BASH_REMATCH[1]}
}

next() {
    read -r -t $patience -u "$out" line || fail "nothing more is printed"
}

# Read lines until one matches $1.
until_line() {
    next
    until [[ $line =~ $1 ]]; do
        next
    done
}

status() {
    local connection
    exec {connection}<>"/dev/tcp/127.0.0.1/$port"
    read -r -d '' -t $patience -u "$connection" answer || [ $? -eq 1 ] || fail "no status"
    exec {connection}<&-
}

# Read the rest of the output into $printed. The supervisor must have ended with status $1.
finish() {
    local status=0
    printed=
    while read -r -t $patience -u "$out" line || { status=$?; false; }; do
        printed+=$line$'\n'
    done
    [ $status -le 128 ] || fail "the supervisor does not end"
    status=0
    wait "$supervisor" || status=$?
    supervisor=
    exec {out}<&-
    [ $status -eq "$1" ] || fail "exit status $status"
}

test_again() { # what fails twice is started three times, and not before its time
    start --delay 50 "echo >>'$dir/runs'; [ \$(wc -l <'$dir/runs') -eq 3 ]"
    local before=${EPOCHREALTIME/[.,]/}
    finish 0
    local after=${EPOCHREALTIME/[.,]/}
    [ "$(wc -l <"$dir/runs")" -eq 3 ] || fail "$(wc -l <"$dir/runs") runs"
    [ "$(grep -c 'ended with status 1$' <<<"$printed")" -eq 2 ] || fail "$printed"
    # The first run may have begun before the line that was read, but the delays have not.
    [ $((after - before)) -ge 50000 ] || fail "started again after $((after - before)) us"
}

test_many() { # one SIGCHLD may stand for many
    local i commands=()
    for i in {1..30}; do
        commands+=("exec tail -f /dev/null # $i")
    done
    start "${commands[@]}"
    for i in {1..30}; do
        until_line 'runs as'
    done
    kill -TERM "$supervisor"
    finish 0
    [[ $printed == *"ended by Terminated"* ]] || fail "$printed"
    [ "$(grep -c "was ended: Terminated" <<<"$printed")" -eq 30 ] || fail "$printed"
}

test_status() { # a child that is killed shows, and is started again
    local pid
    start --delay 0 'exec tail -f /dev/null' 'exit 0'
    until_line "^'exit 0' ended"
    status
    [[ $answer =~ ([0-9]+)\ runs,\ started\ 1\ times:\ exec\ tail ]] || fail "$answer"
    [[ $answer == *"0 is done, started 1 times: exit 0"* ]] || fail "$answer"
    pid=${BASH_REMATCH[1]}
    kill -KILL "$pid"
    until_line "was ended: Killed"
    until_line "runs as"
    status
    [[ $answer =~ ([0-9]+)\ runs,\ started\ 2\ times:\ exec\ tail ]] || fail "$answer"
    [ "${BASH_REMATCH[1]}" -ne "$pid" ] || fail "$answer"
    kill -INT "$supervisor"
    finish 0
    [[ $printed == *"was ended: Terminated"*"ended by Interrupt"* ]] || fail "$printed"
}

test_busy() { # a signal is seen although the status socket is ready all the time
    local clients=()
    start --delay 0 'exec tail -f /dev/null'
    until_line 'runs as'
    for _ in 1 2 3; do
        (while : <>"/dev/tcp/127.0.0.1/$port"; do :; done) 2>/dev/null &
        clients+=($!)
    done
    status
    kill -TERM "$supervisor"
    finish 0
    wait "${clients[@]}" || : # they end where nobody listens any more
    [[ $printed == *"ended by Terminated"* ]] || fail "$printed"
}

test_stubborn() { # what ignores SIGTERM is killed, with all it has started
    start --grace 20 "trap '' TERM; echo >>'$dir/ready'; tail -f /dev/null; :"
    until_line 'runs as'
    # The command itself reports that it ignores the signal.
    until [ -s "$dir/ready" ]; do
        status
    done
    kill -TERM "$supervisor"
    finish 0
    [[ $printed == *"was ended: Killed"* ]] || fail "$printed"
}

test_child_mask() { # a child has the signals as they were, not as the supervisor uses them
    # Only signals 1 to 28 are compared, because posix_spawn(3) of glibc ignores some of its own
    # above them.
    local show="sed -n 's/^\\(Sig[BI].*:\\).*\\(.......\\)\$/\\1\\2/p' /proc/self/status"
    start "$show >'$dir/child'"
    finish 0
    eval "$show" >"$dir/here"
    [ -s "$dir/here" ] && cmp "$dir/here" "$dir/child" || fail "$(cat "$dir/child")"
}

test_usage() {
    local status arguments
    for arguments in '' '--port=65536 x' '--port= x' '--delay=-1 x' '--grace=x x' '--nonsense x'; do
        status=0
        # shellcheck disable=SC2086 # to be split
        "$signals_program" $arguments >"$dir/out" 2>"$dir/err" || status=$?
        [ $status -eq 2 ] || fail "status $status for '$arguments'"
        [ -s "$dir/err" ] && [ ! -s "$dir/out" ] || fail "did not refuse '$arguments'"
    done
    "$signals_program" --help | grep -q '^Usage: signals' || fail "no help"
}

test_usage
status=0
"$signals_program" true >/dev/null 2>"$dir/err" || status=$?
if [ $status -eq 3 ]; then
    echo "skipped: no wait takes a signal mask in this build"
    exit 77
fi
[ $status -eq 0 ] || fail "status $status"
test_again
test_many
test_status
test_busy
test_stubborn
[ ! -r /proc/self/status ] || test_child_mask
