# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# Shared by the checks that boot another kernel. The guest runs suites of static programs from its
# first file system, and prints at its end how many have ended. Without that line, it has failed.

# Make DIRECTORY/initrd, the first file system of a guest.
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

# Print the path of the kernel in an unpacked package.
kernel_in() { # ROOT
    echo "$1"/boot/vmlinu[xz]-*
}

# Print NAME:LOOP of every failed test in a log of Check.
failed_tests() { # LOG
    awk -F: '$3 ~ /^[FE]$/ { print $5 ":" $6 }' "$1" | sort -u
}

# Print "N passed, 0 failed, N skipped" for a log, where the failed tests count as skipped.
count_checks() { # LOG
    awk '/^[0-9]+%: Checks/ { gsub(",", ""); checks += $3; bad += $5 + $7 }
        END { if (checks > 0) printf "%d passed, 0 failed, %d skipped\n", checks - bad, bad
            else exit 1 }' "$1"
}

# Run a command that boots a guest. It must run this many suites, and only listed tests may fail.
# The log is DIRECTORY/log, and DIRECTORY/count has the counts.
run_guest() { # DIRECTORY SUITES EXCEPTIONS COMMAND...
    timeout 1200 "${@:4}" </dev/null 2>&1 | tr -d '\r' >"$1/log" || true # the log says it all
    cat "$1/log"
    grep -x "guest: $2 suites have ended" "$1/log"
    failed_tests "$1/log" | grep -vxF "$3" && return 1
    count_checks "$1/log" >"$1/count"
}

# Print the sum over all guests in $BUILD.
sum_counts() {
    cat "$BUILD"/*/count | awk '{ passed += $1; skipped += $5 }
        END { printf "%d passed, 0 failed, %d skipped\n", passed, skipped }'
}
