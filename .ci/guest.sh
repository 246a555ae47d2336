# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# What the checks share that boot another kernel. The guest runs suites of static programs out of
# its first file system, and says at its end how many have ended: without that line it has failed.

# DIRECTORY/initrd, the first file system of a guest.
make_initrd() { # DIRECTORY BUSYBOX CHECK_FDSLOTS SUITE...
    local root=$1/root
    mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp}
    cp "$2" "$root/bin/busybox"
    ln -s busybox "$root/bin/sh"
    cp "$3" .ci/guest-suites "$root/bin"
    cp .ci/guest-init "$root/init"
    printf '%s\n' "${@:4}" >"$root/suites"
    (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$1/initrd"
}

# The kernel that a package unpacked.
kernel_in() { # ROOT
    echo "$1"/boot/vmlinu[xz]-*
}

# NAME:LOOP of each test that failed in a log of Check's.
failed_tests() { # LOG
    awk -F: '$3 ~ /^[FE]$/ { print $5 ":" $6 }' "$1" | sort -u
}

# "N passed, 0 failed, N skipped" of a log; the skipped are those that failed.
count_checks() { # LOG
    awk '/^[0-9]+%: Checks/ { gsub(",", ""); checks += $3; bad += $5 + $7 }
        END { if (checks > 0) printf "%d passed, 0 failed, %d skipped\n", checks - bad, bad
            else exit 1 }' "$1"
}

# Run the command, a guest that is to run so many suites, in which only tests of the list may fail.
# Its log is DIRECTORY/log, and DIRECTORY/count what it counted.
run_guest() { # DIRECTORY SUITES EXCEPTIONS COMMAND...
    timeout 300 "${@:4}" </dev/null 2>&1 | tr -d '\r' >"$1/log" || true # the log says it all
    cat "$1/log"
    grep -x "guest: $2 suites have ended" "$1/log"
    failed_tests "$1/log" | grep -vxF "$3" && return 1
    count_checks "$1/log" >"$1/count"
}

# Of all guests in $BUILD.
sum_counts() {
    cat "$BUILD"/*/count | awk '{ passed += $1; skipped += $5 }
        END { printf "%d passed, 0 failed, %d skipped\n", passed, skipped }'
}
