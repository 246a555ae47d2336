#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# The curl-multi example fetches 1,000 files from the http example without a wrong byte, and reports
# which transfers fail.
set -eu

dir=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill -KILL "$server" || :; fi; rm -rf "$dir"' EXIT
patience=60

fail() {
    echo "FAIL: $*" >&2
    cat "$dir/err" >&2 || :
    exit 1
}

mkdir "$dir/root" "$dir/got"
head -c 1 /dev/urandom >"$dir/root/small"
head -c 50000 /dev/urandom >"$dir/root/middle"
head -c 1000000 /dev/urandom >"$dir/root/large"
: >"$dir/root/empty"
exec {out}< <(exec ./examples/http "$dir/root" 2>"$dir/err")
server=$!
read -r -t $patience -u "$out" line || { status=0; wait "$server" || status=$?; exit $((status == 3 ? 77 : 1)); }
url=http://127.0.0.1:${line##* }

names=(small middle large empty small middle small small middle small)
for ((i = 0; i < 1000; i++)); do
    echo "$url/${names[i % 10]}"
done >"$dir/urls"

# More transfers run at once than there are slots at first.
fetch() { # OPTION...
    no_proxy='*' timeout $patience ./examples/curl-multi "$@" "$dir/got" 2>>"$dir/err"
}
printed=$(fetch --max 200 <"$dir/urls") || fail "status $?: $printed"
[ "$printed" = "1000 transfers, 0 failed" ] || fail "$printed"
sums() { # DIRECTORY: of the files that are named on standard input
    (cd "$1" && xargs sha256sum) | cut -d ' ' -f 1
}
seq 0 999 | sums "$dir/got" >"$dir/sums"
sed 's:.*/::' "$dir/urls" | sums "$dir/root" | cmp - "$dir/sums" || fail "the fetched files differ"

status=0
printed=$(printf '%s\n' "$url/small" "$url/missing" "$url/large" | fetch) || status=$?
[ "$status, $printed" = "1, 3 transfers, 1 failed" ] || fail "$status, $printed"
cmp "$dir/root/large" "$dir/got/2" || fail "the transfer after one that failed"
grep -q "curl-multi: $url/missing: " "$dir/err" || fail "the failed transfer is not reported"

printed=$(fetch --max 1 </dev/null) && [ "$printed" = "0 transfers, 0 failed" ] || fail "$printed"
kill -TERM "$server"
wait "$server" || fail "the server: $?"
server=
