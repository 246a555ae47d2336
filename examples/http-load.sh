#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Load the http example with wrk, and nginx with the same file for comparison. One core runs the
# server under load, another runs wrk, and the servers take turns in one run. Prints the medians and
# their ratio. Run it where the examples were built (Debian: apt-get install wrk nginx-light).
#
#   ROUNDS   rounds (default 7)
#   SECONDS_EACH, CONNECTIONS   of each round for each server (defaults 3, 64)
#   SIZE     bytes of the file (default 612)
set -eu

rounds=${ROUNDS:-7}
seconds=${SECONDS_EACH:-3}
connections=${CONNECTIONS:-64}
size=${SIZE:-612}
program=./examples/http

for tool in wrk nginx taskset; do
    if ! command -v "$tool" >/dev/null; then
        echo "$0: $tool is not installed" >&2
        exit 77
    fi
done
if [ ! -x "$program" ]; then
    echo "$0: $program does not exist; run this where the examples were built" >&2
    exit 2
fi
if [ "$(nproc)" -lt 2 ]; then
    echo "$0: two cores are needed" >&2
    exit 77
fi
mapfile -t cores < <(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' |
    awk -F- '{ for (i = $1; i <= $NF; i++) print i }')
server_core=${cores[0]}
client_core=${cores[1]}

dir=$(mktemp -d)
chmod 755 "$dir" # nginx may read as another user
pids=()
cleanup() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" || :
    rm -rf "$dir"
}
trap cleanup EXIT

mkdir "$dir/root"
head -c "$size" /dev/zero | tr '\0' x >"$dir/root/file.txt"

start_http() {
    local line out
    exec {out}< <(exec taskset -c "$server_core" "$program" --timeout 60000 "$dir/root")
    pids+=($!)
    read -r line <&"$out"
    http_port=${line##* }
}

answers() { # whether port $1 answers
    curl -q -sf --noproxy '*' -o /dev/null "http://127.0.0.1:$1/file.txt"
}

# nginx cannot choose a free port. Without sendfile and tcp_nopush, it makes the same six system
# calls for a request as the example.
start_nginx() {
    for _ in {1..20}; do
        nginx_port=$((20000 + RANDOM % 10000))
        cat >"$dir/nginx.conf" <<END
worker_processes 1;
daemon off;
pid $dir/nginx.pid;
error_log $dir/nginx.log;
events { worker_connections 1024; use epoll; }
http {
    types { text/plain txt; }
    access_log off;
    sendfile off;
    tcp_nopush off;
    keepalive_requests 1000000000;
    server { listen 127.0.0.1:$nginx_port backlog=4096; root $dir/root; }
}
END
        taskset -c "$server_core" nginx -c "$dir/nginx.conf" 2>/dev/null &
        nginx_pid=$!
        until answers "$nginx_port"; do
            kill -0 "$nginx_pid" 2>/dev/null || continue 2
        done
        # If another program has the port, nginx tries for a while and then ends. Else the port is
        # ours.
        if [ -s "$dir/nginx.pid" ] && [ "$(cat "$dir/nginx.pid")" = "$nginx_pid" ]; then
            pids+=("$nginx_pid")
            return
        fi
        kill "$nginx_pid" || :
    done
    echo "$0: nginx did not start: $(cat "$dir/nginx.log")" >&2
    exit 1
}

load() { # port $1: requests per second
    taskset -c "$client_core" wrk -t 1 -c "$connections" -d "${seconds}s" \
        "http://127.0.0.1:$1/file.txt" >"$dir/wrk"
    if grep -E 'Socket errors|Non-2xx' "$dir/wrk" >&2; then
        exit 1
    fi
    awk '/^Requests\/sec:/ { print int($2) }' "$dir/wrk"
}

median() {
    sort -n "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'
}

start_http
start_nginx
answers "$http_port"
for round in $(seq "$rounds"); do
    # The order changes, so that neither server always comes second.
    order="http nginx"
    [ $((round % 2)) -eq 0 ] || order="nginx http"
    for name in $order; do
        port=${name}_port
        rate=$(load "${!port}")
        echo "$rate" >>"$dir/$name"
        echo "round $round: $name $rate requests/s"
    done
done
echo "median of $rounds: http $(median "$dir/http"), nginx $(median "$dir/nginx") requests/s"
awk -v a="$(median "$dir/http")" -v b="$(median "$dir/nginx")" -v size="$size" -v c="$connections" \
    'BEGIN { printf "ratio http/nginx %.2f (%d bytes, %d connections, one core each)\n", a / b, size, c }'
