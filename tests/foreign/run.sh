#!/bin/bash
# SPDX-License-Identifier: ISC
#
#   run.sh PROGRAM|all [ENTRY-POINT...]
#
# nginx, haproxy and memcached, each waiting by poll(2), which interpose.c answers by one entry point
# after another; "each" is another one at each call, "checked" the same under FDSLOTS_CHECK. Clients
# come and go meanwhile (load.c). A row each tells what was counted, and fails where
#
#   - a client was let down, the program logged an error or ended in one, or a call of the library failed;
#   - it has more fds than before, once the clients are gone: a leak;
#   - poll(2), asked before and after a wait, said the same twice, and the wait something else;
#   - a wait with nothing to say ended early, or there are more of them than with poll(2) itself while
#     clients hang on half a request and nothing happens: idle spinning.
#
# Run it in a build directory. As root on Debian it installs the programs that are missing; Debian's
# nginx does not know poll(2), so it is built from its source package, in tests/foreign/nginx there.
set -euo pipefail
build=$PWD/tests/foreign
entries=(poll ppoll epoll_wait epoll_pwait wait until each checked)
first_clients=100
clients=2000
declare -A end_by=([nginx]=TERM [haproxy]=USR1 [memcached]=TERM)
idle_clients=20
idle_s=1

work=$(mktemp -d)
chmod 755 "$work"
mkdir "$work/www"
pid=
cleanup() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

fail() {
    echo "$*" >&2
    exit 1
}

# ---- the programs: where they come from, how they start and end, what clients ask of them ----

install_missing() { # COMMAND PACKAGE
    command -v "$1" >/dev/null && return
    [ "$(id -u)" -eq 0 ] || fail "$1 is missing (Debian's package $2)"
    apt-get install -y --no-install-recommends "$2" >"$work/log" 2>&1 ||
        { apt-get update && apt-get install -y --no-install-recommends "$2"; } >"$work/log" 2>&1 ||
        { cat "$work/log" && fail "$2 cannot be installed"; }
}

apt_source() { # COMMAND...; by lists of its own, since a machine need not have those of the sources
    apt-get -q -o Dir::Etc::SourceList="$PWD/sources" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$PWD/lists" -o APT::Sandbox::User=root \
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@"
}

build_nginx() {
    [ ! -x "$build/nginx/nginx" ] || return 0
    rm -rf "$build/nginx"
    mkdir -p "$build/nginx/lists/partial"
    cd "$build/nginx"
    (. /etc/os-release && echo "deb-src http://deb.debian.org/debian $VERSION_CODENAME main") >sources
    apt_source update
    apt_source source nginx
    cd nginx-*/
    ./configure --with-poll_module --without-http_rewrite_module --without-http_gzip_module
    make -j2
    mv objs/nginx ..
}

get_nginx() {
    (build_nginx) >"$work/log" 2>&1 || { tail -n 20 "$work/log" && fail 'nginx cannot be built'; }
}

get_haproxy() {
    install_missing haproxy haproxy
}

get_memcached() {
    install_missing memcached memcached
}

# The end is what the clients look for; memcached adds it by itself.
make_pages() {
    large=$(head -c 100000 /dev/zero | tr '\0' x)
    printf 'small\r\nEND\r\n' >"$work/www/small"
    printf '%s\r\nEND\r\n' "$large" >"$work/www/large"
}

http_requests() { # PATH...
    local path
    prefix='HTTP/1.1 200'
    requests=()
    for path; do
        requests+=("GET $path HTTP/1.1"$'\r\nHost: here\r\n\r\n')
    done
}

# Two workers with one listener between them; what is under /far/ they ask of themselves.
start_nginx() {
    cat >"$work/nginx.conf" <<CONF
daemon off;
worker_processes 2;
pid $work/nginx.pid;
error_log $work/errors error;
events { use poll; worker_connections 1000; }
http {
    access_log off;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    server {
        listen 127.0.0.1:$port;
        root $work/www;
        location /far/ { proxy_pass http://127.0.0.1:$port/; }
    }
}
CONF
    http_requests /small /small /far/small /large /far/small /small /far/large
    interposed "$build/nginx/nginx" -e "$work/errors" -p "$work" -c "$work/nginx.conf"
}

# A master and a worker of two threads, in front of themselves.
start_haproxy() {
    cat >"$work/haproxy.conf" <<CONF
global
    noepoll
    nbthread 2
    tune.bufsize 150000
defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s
frontend near
    bind 127.0.0.1:$port
    default_backend far
backend far
    server itself 127.0.0.1:$((port + 1)) pool-purge-delay 100ms
frontend itself
    bind 127.0.0.1:$((port + 1))
    http-request return status 200 content-type text/plain file $work/www/large if { path /large }
    http-request return status 200 content-type text/plain file $work/www/small
CONF
    http_requests /small /small /small /large
    interposed haproxy -W -f "$work/haproxy.conf"
}

start_memcached() {
    prefix='VALUE '
    requests=($'get small\r\n' $'get small\r\n' $'get small\r\n' $'get large\r\n')
    EVENT_NOEPOLL=1 interposed memcached -u nobody -l 127.0.0.1 -p "$port" -U 0 -t 3
    await_answer
    exec {there}<>"/dev/tcp/127.0.0.1/$port"
    printf 'set %s 0 0 %d\r\n%s\r\n' small 5 small large ${#large} "$large" >&"$there"
    read -r -u "$there" && read -r -u "$there" && [[ $REPLY = STORED* ]] || fail 'memcached keeps nothing'
    exec {there}>&-
}

# ---- one program by one entry point ----

interposed() { # COMMAND...
    local by=$entry check=0
    [ "$entry" != checked ] || by=each check=1
    env LD_PRELOAD="$build/.libs/interpose.so" INTERPOSE_BY="$by" INTERPOSE_COMPARE=2 \
        INTERPOSE_COUNTS="$work/counts" FDSLOTS_CHECK="$check" "$@" >"$work/log" 2>&1 </dev/null &
    pid=$!
}

answers() { # PORT
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

choose_port() {
    port=$((10000 + RANDOM % 20000))
    while answers "$port" || answers $((port + 1)); do
        port=$((port + 2))
    done
}

await_answer() {
    local tries=400
    until answers "$port"; do
        kill -0 "$pid" 2>/dev/null && [ $((tries -= 1)) -gt 0 ] ||
            { cat "$work/log" && fail "$program does not answer"; }
        sleep 0.05
    done
}

# Those of all its processes; each thread may have one set of the library.
count_fds() {
    local process
    for process in "$pid" $(cat "/proc/$pid/task/$pid/children"); do
        find "/proc/$process/fd" -type l -printf '%l\n'
        find "/proc/$process/task" -mindepth 1 -maxdepth 1 -printf 'thread\n'
    done | awk '
        /^thread$/ { threads++; next }
        /eventpoll/ { sets++; next }
        { fds++ }
        END { print fds + (sets > threads ? sets - threads : 0) }'
}

# Look at its fds until there are no more than LIMIT, or their number stays for half a second.
settle() { # LIMIT
    local now same=0
    fds=$(count_fds)
    while [ "$fds" -gt "$1" ] && [ "$same" -lt 10 ]; do
        sleep 0.05
        now=$(count_fds)
        [ "$now" = "$fds" ] && same=$((same + 1)) || same=0
        fds=$now
    done
}

# In the order of counts.h.
read_counts() {
    read -r calls waits compared late differences errors early lost woken by_poll by_epoll \
        < <(od -An -v -t u8 -w88 "$work/counts")
}

# How often it waits while clients hang on half a request; the first while is for taking them in.
count_idle() {
    local fd hanging=() before
    while [ ${#hanging[@]} -lt "$idle_clients" ]; do
        exec {fd}<>"/dev/tcp/127.0.0.1/$port"
        printf %s "${requests[0]:0:3}" >&"$fd"
        hanging+=("$fd")
    done
    sleep "$idle_s"
    read_counts
    before=$waits
    sleep "$idle_s"
    read_counts
    idle=$((waits - before))
    for fd in "${hanging[@]}"; do
        exec {fd}>&-
    done
}

load() { # CLIENTS
    read -r replies left let_down \
        < <("$build/load" "$port" "$1" "$prefix" "${requests[@]}" || true) ||
        replies=0 left=0 let_down=$1
    kill -0 "$pid" 2>/dev/null && return
    tail -n 20 "$work/log"
    fail "FAILED: $program by $entry has ended by itself, and $let_down clients were let down"
}

stop() {
    ended=0
    kill -"${end_by[$program]}" "$pid" || true
    wait "$pid" || ended=$?
    pid=
}

run() { # runs $program by $entry
    local fds_before
    rm -f "$work/counts" "$work/log" "$work/errors"
    choose_port
    "start_$program"
    await_answer
    load "$first_clients"
    settle 0
    fds_before=$fds
    load "$clients"
    settle "$fds_before"
    leaked=$((fds - fds_before))
    count_idle
    stop
    read_counts
    logged=$(cat "$work/errors" "$work/log" 2>/dev/null | grep -ciE 'error|alert|crit|emerg|interpose' || true)
    [ "$entry" != none ] || idle_of_poll=$idle
}

# ---- rows ----

is_good() {
    [ "$let_down$logged$errors$differences$early$lost$ended" = 0000000 ] && [ "$leaked" -le 0 ] &&
        [ "$idle" -le $((2 * idle_of_poll + 10)) ]
}

row() {
    printf '| %-9s | %-11s | %7s | %4s | %7s | %7s | %6s | %6s | %8s | %4s | %6s | %5s | %6s | %6s | %4s |\n' "$@"
}

run_all() { # runs $program
    for entry in none "${entries[@]}"; do
        run
        row "$program" "$entry" "$replies" "$left" "$calls" "$by_poll" "$by_epoll" "$woken" "$compared" \
            "$late" "$differences" "$((errors + early + lost))" "$((let_down + logged))" "$leaked" "$idle"
        is_good && continue
        status=1
        echo "FAILED: let down $let_down, logged $logged, errors $errors, differences $differences," \
            "early $early, lost $lost, leaked $leaked, idle $idle ($idle_of_poll), ended by $ended"
        tail -n 20 "$work/log" "$work/errors" 2>/dev/null || true
    done
}

[ -e "$build/.libs/interpose.so" ] || fail "there is no $build/.libs/interpose.so: make foreign builds it"
programs=("${1:-all}")
[ "${programs[0]}" != all ] || programs=(nginx haproxy memcached)
[ $# -lt 2 ] || entries=("${@:2}")
make_pages
status=0
for program in "${programs[@]}"; do
    "get_$program"
done
row program 'entry point' replies left calls 'by poll' 'by set' woken compared late differ wrong failed leaked idle
row --- --- --- --- --- --- --- --- --- --- --- --- --- --- ---
for program in "${programs[@]}"; do
    run_all
done
[ "$status" -eq 0 ]
