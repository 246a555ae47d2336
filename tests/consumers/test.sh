#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Builds programs against the installed library with CMake and with Meson: shared, static, and as a
# static position-independent program. `make installcheck` runs it:
#
#   test.sh LIBDIR VERSION      where the library is installed, and the version that it must report
#
# If a tool is missing, the test is skipped with exit status 77, or fails if CI=true.
set -eu

source=$(cd "$(dirname "$0")" && pwd)
libdir=$1
version=$2

for tool in pkg-config cmake meson ninja; do
    command -v $tool >/dev/null && continue
    echo "skipped: $tool is not installed"
    [ "${CI:-}" != true ] || exit 1
    exit 77
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
export PKG_CONFIG_PATH="$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
export LD_LIBRARY_PATH="$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

kinds=consumer
static=false
if [ -e "$libdir/libfdslots.a" ]; then
    kinds="$kinds consumer-static consumer-static-pie"
    static=true
fi

passed=0
failed=0
result() { # WHAT COMMAND...
    what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "ok: $what"
        passed=$((passed + 1))
    else
        echo "FAILED: $what"
        cat "$work/log"
        failed=$((failed + 1))
    fi
}

with_cmake() {
    cmake -G Ninja -S "$source" -B "$work/cmake" -DSTATIC=$static && cmake --build "$work/cmake"
}

with_meson() {
    meson setup -Dstatic=$static "$work/meson" "$source" && ninja -C "$work/meson"
}

says_what_it_must() { # PROGRAM
    says=$("$1") && [ "$says" = "fdslots $version, 1 ready" ] && return
    echo "it said: $says"
    return 1
}

# A shared program needs the library; a static one needs neither a library nor an interpreter.
is_of_kind() { # PROGRAM
    LC_ALL=C readelf -hld "$1" >"$work/elf"
    case $1 in
    *-static-pie) grep 'Type: *DYN' "$work/elf" && ! grep -e NEEDED -e INTERP "$work/elf" ;;
    *-static) ! grep -e NEEDED -e INTERP "$work/elf" ;;
    *) [ ! -e "$libdir/libfdslots.so" ] || grep 'NEEDED.*libfdslots\.so\.' "$work/elf" ;;
    esac
}

for tool in cmake meson; do
    result "$tool builds" "with_$tool"
    for kind in $kinds; do
        result "$kind of $tool runs" says_what_it_must "$work/$tool/$kind"
        result "$kind of $tool is what its name says" is_of_kind "$work/$tool/$kind"
    done
done

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
