#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The http example: responses to curl, to bad requests, to slow clients, to clients that send many
# requests at once, and to clients that try to leave the directory.
set -eu

program=./examples/http
if ! command -v curl >/dev/null; then
    echo "skipped: curl is not installed"
    exit 77
fi
dir=$(mktemp -d)
root=$dir/root
server=
trap 'if [ -n "$server" ]; then kill -KILL "$server" || :; fi; rm -rf "$dir"' EXIT
patience=60

fail() {
    echo "FAIL: $*" >&2
    cat "$dir/err" >&2 || :
    exit 1
}

start() {
    local line
    exec {out}< <(exec "$program" "$@" "$root" 2>"$dir/err")
    server=$!
    read -r -t $patience -u "$out" line || fail "the server does not start"
    [[ $line =~ ^listening\ on\ port\ ([0-9]+)$ ]] || fail "$line"
    port=${BASH_REMATCH[1]}
    url=http://127.0.0.1:$port
}

# End the server. Sets $printed to what it prints.
stop() {
    local status=0
    kill -TERM "$server"
    read -r -d '' -t $patience -u "$out" printed || status=$?
    [ $status -eq 1 ] || fail "the server does not end"
    status=0
    wait "$server" || status=$?
    server=
    exec {out}<&-
    [ $status -eq 0 ] || fail "status $status"
    [[ $printed == "ended by Terminated"* ]] || fail "$printed"
}

get() { # curl's arguments; the body is in $dir/body, the head in $dir/head, the status in $status
    status=$(curl -q -sS --noproxy '*' --max-time $patience -o "$dir/body" -D "$dir/head" \
        -w '%{http_code}' "$@") || fail "curl $*: $?"
    tr -d '\r' <"$dir/head" >"$dir/head.lines"
}

expect_status() { # $1: of the curl call with the other arguments
    get "${@:2}"
    [ "$status" = "$1" ] || fail "$status for ${*:2}, expected $1"
}

expect_header() {
    grep -qix "$1" "$dir/head.lines" || fail "no '$1' in $(cat "$dir/head.lines")"
}

# Send $1, a format of printf, on a connection that the server closes, and store everything that
# comes back.
raw() {
    local connection status=0
    exec {connection}<>"/dev/tcp/127.0.0.1/$port"
    # shellcheck disable=SC2059
    printf "$1" >&"$connection"
    timeout $patience cat <&"$connection" >"$dir/raw" || status=$?
    exec {connection}<&-
    [ $status -eq 0 ] || fail "status $status of the answer to $1"
}

expect_raw() { # $1: status; $2: the request
    raw "$2"
    grep -q "^HTTP/1.1 $1 " "$dir/raw" || fail "expected $1 for $2: $(cat "$dir/raw")"
    [ "$(grep -c '^HTTP/1.1 ' "$dir/raw")" -eq 1 ] || fail "more than one answer: $(cat "$dir/raw")"
}

test_files() {
    expect_status 200 "$url/hello.txt"
    cmp "$dir/body" "$root/hello.txt"
    expect_header 'Content-Type: text/plain; charset=utf-8'
    expect_header 'Content-Length: 6'
    expect_header 'Connection: keep-alive'
    expect_header "Last-Modified: $(date -u -r "$root/hello.txt" '+%a, %d %b %Y %H:%M:%S GMT')"
    grep -Eqx 'Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT' \
        "$dir/head.lines" || fail "no date"
    expect_status 200 "$url/large"
    cmp "$dir/body" "$root/large"
    expect_status 200 "$url/empty"
    [ ! -s "$dir/body" ] || fail "the empty file is not empty"
    expect_status 200 "$url/"
    cmp "$dir/body" "$root/index.html"
    expect_header 'Content-Type: text/html; charset=utf-8'
    expect_status 200 "$url//sub/.//page%20one.html?query=/../x"
    cmp "$dir/body" "$root/sub/page one.html"
    expect_status 200 --http1.0 "$url/hello.txt"
    cmp "$dir/body" "$root/hello.txt"
    expect_header 'Connection: close'
    expect_status 200 -H 'Connection: close' "$url/hello.txt"
    expect_header 'Connection: close'
}

test_head() {
    expect_status 200 -I "$url/large"
    expect_header "Content-Length: $(wc -c <"$root/large")"
    expect_status 404 -I "$url/none"
    # No body may come, because it would be taken for the start of the next response.
    raw 'HEAD /hello.txt HTTP/1.1\r\nHost: x\r\n\r\nHEAD /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
    [ "$(tr -d '\r' <"$dir/raw" | grep -cE '^(HTTP/1.1 [24]|$)')" -eq 4 ] || fail "$(cat "$dir/raw")"
    ! grep -q hello "$dir/raw" || fail "a body for HEAD"
}

test_refused() {
    expect_status 404 "$url/none"
    expect_status 404 "$url/hello.txt/"
    expect_status 404 "$url/hello.txt/x"
    expect_status 404 "$url/$(printf '%0300d' 0)"
    expect_status 404 "$url/sub/" # it has no index
    expect_status 405 -X DELETE "$url/hello.txt"
    expect_header 'Allow: GET, HEAD'
    expect_status 405 -d 'GET /hello.txt' "$url/hello.txt"
    expect_status 301 "$url/sub"
    expect_header 'Location: /sub/'
    expect_status 301 "$url//%22d%22%0d%0aX:y" # another host, or another header, must not come out
    expect_header 'Location: /%22d%22%0D%0AX%3Ay/'
    expect_status 403 "$url/fifo"
}

test_outside() {
    local path
    for path in /../secret /sub/../../secret /sub/../hello.txt /%2e%2e/secret /..%2fsecret \
        /%2e./secret /.. /sub/.. /link /linked/secret; do
        get --path-as-is "$url$path"
        [[ $status == 40[34] ]] || fail "$status for $path"
        ! grep -q 'not for you' "$dir/body" || fail "$path leads out"
    done
    expect_raw 400 'GET ../secret HTTP/1.1\r\nHost: x\r\n\r\n'
    expect_raw 403 'GET http://x/../secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
}

test_keep_alive() {
    local connects
    connects=$(curl -q -sS --noproxy '*' --max-time $patience -o "$dir/1" -o "$dir/2" -o "$dir/3" \
        -w '%{num_connects}' "$url/hello.txt" "$url/none" "$url/large")
    [ "$connects" = 100 ] || fail "connections for three requests: $connects"
    cmp "$dir/1" "$root/hello.txt"
    cmp "$dir/3" "$root/large"
}

test_pipelined() {
    local request='GET /hello.txt HTTP/1.1\r\nHost: x\r\n\r\n' requests="" i
    for i in {1..500}; do # more than the server's buffer holds
        requests+=$request
    done
    raw "${requests}GET /sub HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n$request"
    [ "$(grep -c '^HTTP/1.1 200 OK' "$dir/raw")" -eq 500 ] || fail "lost requests"
    [ "$(grep -c '^hello' "$dir/raw")" -eq 500 ] || fail "lost answers"
    [ "$(grep -c '^HTTP/1.1 301 ' "$dir/raw")" -eq 1 ] || fail "the last is missing"
    # Send a request byte by byte, with old line ends, and with empty lines before it.
    local connection line
    exec {connection}<>"/dev/tcp/127.0.0.1/$port"
    request=$'\r\n\nGET http://x/hello.txt HTTP/1.1\nhost:x\nConnection: x , CLOSE\n\n'
    for ((i = 0; i < ${#request}; i++)); do
        printf '%s' "${request:i:1}" >&"$connection"
    done
    while read -r -t $patience -u "$connection" line; do :; done
    [ "$line" = '' ] || fail "$line"
    exec {connection}<&-
}

test_bad() {
    local get='GET / HTTP/1.1\r\n' host='Host: x\r\n' end='\r\n'
    expect_raw 400 "$get$end" # no Host
    expect_raw 400 "$get$host$host$end"
    expect_raw 400 "GET /\r\n$end"
    expect_raw 400 "GET  / HTTP/1.1\r\n$host$end"
    expect_raw 400 "GET / HTTP/1.1 \r\n$host$end"
    expect_raw 400 "GET / http/1.1\r\n$host$end"
    expect_raw 400 " GET / HTTP/1.1\r\n$host$end"
    expect_raw 400 "G(T / HTTP/1.1\r\n$host$end"
    expect_raw 400 "GET x HTTP/1.1\r\n$host$end"
    expect_raw 400 "GET /\\x01 HTTP/1.1\r\n$host$end"
    expect_raw 400 "GET /%%00 HTTP/1.1\r\n$host$end"
    expect_raw 400 "GET /%%0 HTTP/1.1\r\n$host$end"
    expect_raw 400 "GET /%%zz HTTP/1.1\r\n$host$end"
    expect_raw 505 "GET / HTTP/2.0\r\n$host$end"
    expect_raw 405 "get / HTTP/1.1\r\n$host$end"
    expect_raw 405 "OPTIONS * HTTP/1.1\r\n$host$end"
    expect_raw 400 "$get${host}Name : x\r\n$end"
    expect_raw 400 "$get${host}Name\r\n$end"
    expect_raw 400 "$get${host}: x\r\n$end"
    expect_raw 400 "$get${host}Name: x\r\n folded\r\n$end"
    expect_raw 400 "$get${host}Name: a\\000b\r\n$end"
    expect_raw 400 "$get${host}Name: a\rb\r\n$end"
    expect_raw 400 "$get${host}Content-Length: -1\r\n$end"
    expect_raw 400 "$get${host}Content-Length: 1, 1\r\n$end"
    expect_raw 400 "$get${host}Content-Length: 0\r\nContent-Length: 0\r\n$end"
    expect_raw 400 "$get${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n$end"
    # A body is never taken for a request, whatever it says, and the response still arrives.
    expect_raw 200 "$get${host}Content-Length: 40\r\n${end}GET /hello.txt HTTP/1.1\r\n$host$end"
    expect_raw 200 "$get${host}Transfer-Encoding: chunked\r\n${end}GET / HTTP/1.1\r\n$host$end"
    expect_raw 405 "POST / HTTP/1.1\r\n${host}Content-Length: 40\r\n$end$get$host$end"
    expect_raw 414 "GET /$(printf '%09000d' 0) HTTP/1.1\r\n$host$end"
    expect_raw 431 "$get${host}Name: $(printf '%09000d' 0)\r\n$end"
    raw "GET / HTTP/1.0\r\n\r\n" # which needs no Host, and closes
    grep -q '^HTTP/1.1 200 ' "$dir/raw" || fail "$(cat "$dir/raw")"
}

# Clients that ask for more than fits into their sockets and take none of it cost the others
# nothing. They get all of it in the end.
test_slow() {
    local clients=() client i
    for i in {1..5}; do
        exec {client}<>"/dev/tcp/127.0.0.1/$port"
        printf 'GET /large HTTP/1.1\r\nHost: x\r\n\r\n%.0s' 1 2 >&"$client"
        printf 'GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&"$client"
        clients+=("$client")
    done
    expect_status 200 "$url/hello.txt"
    for client in "${clients[@]}"; do
        timeout $patience cat <&"$client" >"$dir/raw"
        exec {client}<&-
        [ "$(grep -ac '^HTTP/1.1 200 ' "$dir/raw")" -eq 3 ] || fail "answers"
        # The lines of the file have at least two characters, and those of the head are known.
    [ "$(grep -avE '^(HTTP|[A-Z][A-Za-z-]+: |.$)' "$dir/raw" | cksum)" = \
            "$(cat "$root/large" "$root/large" "$root/large" | cksum)" ] || fail "bytes are not the same"
    done
}

# Print how many sockets the server has open.
sockets() {
    find "/proc/$server/fd" -lname 'socket:*' | wc -l
}

# A connection on which nothing is sent ends without a response.
wait_idle() {
    local idle
    exec {idle}<>"/dev/tcp/127.0.0.1/$port"
    timeout $patience cat <&"$idle" >"$dir/raw"
    exec {idle}<&-
    [ ! -s "$dir/raw" ] || fail "idle: $(cat "$dir/raw")"
}

test_timeout() {
    local stuck partial before after line rounds=0
    start --timeout 1000
    before=${EPOCHREALTIME/[.,]/}
    exec {stuck}<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /huge HTTP/1.1\r\nHost: x\r\n\r\n' >&"$stuck"
    read -r -t $patience -u "$stuck" line # the answer begins, and fills the sockets
    exec {partial}<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET / HTTP/1.1\r\nHost' >&"$partial"
    timeout $patience cat <&"$partial" >"$dir/raw"
    exec {partial}<&-
    after=${EPOCHREALTIME/[.,]/}
    grep -q '^HTTP/1.1 408 ' "$dir/raw" || fail "part of a request: $(cat "$dir/raw")"
    [ $((after - before)) -ge 1000000 ] || fail "timeout after $((after - before)) us"
    wait_idle
    # The server also drops the client that takes nothing. Then only the listener is left.
    if [ -d "/proc/$server/fd" ]; then
        while [ "$(sockets)" -ne 1 ]; do
            [ $((rounds += 1)) -le 50 ] || fail "the server keeps a client that takes nothing"
            wait_idle
        done
        timeout $patience cat <&"$stuck" >"$dir/raw" 2>/dev/null || :
        [ "$(wc -c <"$dir/raw")" -lt "$(wc -c <"$root/huge")" ] || fail "the answer came whole"
    fi
    exec {stuck}<&-
    expect_status 200 "$url/hello.txt"
    stop
}

test_max() { # the second is served once the first has gone
    local first second line
    start --max 1
    exec {first}<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&"$first"
    read -r -t $patience -u "$first" line
    [[ $line == "HTTP/1.1 200 OK"* ]] || fail "$line"
    exec {second}<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&"$second"
    printf 'HEAD /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&"$first"
    timeout $patience cat <&"$first" >"$dir/raw"
    grep -q '^HTTP/1.1 404 ' "$dir/raw" || fail "$(cat "$dir/raw")"
    exec {first}<&-
    read -r -t $patience -u "$second" line
    [[ $line == "HTTP/1.1 200 OK"* ]] || fail "$line"
    exec {second}<&-
    stop
    [[ $printed == *"3 requests, 1 of them errors, "* ]] || fail "$printed"
}

test_usage() {
    local arguments
    for arguments in '' "--port=65536 $dir" "--max=0 $dir" "--timeout=0 $dir" "$dir $dir" \
        "--nonsense $dir"; do
        status=0
        # shellcheck disable=SC2086 # to be split
        "$program" $arguments >"$dir/out" 2>"$dir/err" || status=$?
        [ $status -eq 2 ] && [ -s "$dir/err" ] && [ ! -s "$dir/out" ] || fail "$arguments: $status"
    done
    status=0
    "$program" "$dir/none" 2>"$dir/err" || status=$?
    [ $status -eq 1 ] || fail "no directory: $status"
    "$program" --help | grep -q '^Usage: http' || fail "no help"
}

make_root() {
    mkdir -p "$root/sub" "$root/"$'"d"\r\nX:y'
    echo hello >"$root/hello.txt"
    echo '<p>index' >"$root/index.html"
    echo '<p>one' >"$root/sub/page one.html"
    : >"$root/empty"
    seq 10 1000000 >"$root/large"
    truncate -s 1G "$root/huge" # more than any socket takes; takes no room itself
    mkfifo "$root/fifo"
    echo 'not for you' >"$dir/secret"
    ln -s ../secret "$root/link"
    ln -s "$dir" "$root/linked"
}

make_root
test_usage
start
test_files
test_head
test_refused
test_outside
test_keep_alive
test_pipelined
test_bad
test_slow
stop
test_timeout
test_max
