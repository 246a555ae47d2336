#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Other 64-bit processors. The tests are cross-built. On a little-endian and a big-endian one they
# run in qemu's user-mode emulation, which forwards system calls to this kernel. On the big-endian
# one, and on one whose pages have 64 KiB, some also run on its own kernel in qemu-system. The
# programs are static, so that the emulator needs no libraries.
. .ci/lib.sh
. .ci/guest.sh

# Differences between the emulator and Linux. A test that fails and is not named here is a failure:
#
# - it does not enforce RLIMIT_AS, and its own memory tables count as the process's;
# - it copies the pollfds of poll(2) to its stack, and crashes if they take 80 MB, so the test with
#   the tag huge is not run;
# - a signal that arrives while the mask of a wait blocks it is delivered only with the next signal;
# - it does not wipe pages on fork, so a bare clone(2) goes unnoticed, and only pthread_atfork(3)
#   notices fork(2);
# - it has no seccomp and no epoll_pwait2(2), so tests that need them pass without testing anything;
# - it has no ptrace(2), so tests/syscalls is not run.
exceptions='
create_says_when_memory_is_short:0
unused_slots_cost_no_memory_after_create:0
the_mask_blocks_inside:1
the_mask_blocks_inside:3
the_mask_blocks_inside:4
the_mask_blocks_inside:5
two_generations:1
'

build() { # TRIPLET PROGRAM...
    mkdir "$BUILD/$1"
    (cd "$BUILD/$1" && ../../../configure --quiet --enable-werror --host="$1" --disable-shared)
    make -C "$BUILD/$1" -j "$jobs" LDFLAGS=-all-static "${@:2}"
}

run() ( # TRIPLET
    cd "$BUILD/$1"
    local qemu=qemu-${1%%-*}-static
    "$qemu" examples/pipes
    "$qemu" examples/echo --self-test 100
    "$qemu" tests/no_alloc
    "$qemu" tests/differential --steps 20000
    # No fork for each test, because forks of an emulator are dear. Some tests fail: see above.
    CK_FORK=no CK_EXCLUDE_TAGS='long huge' "$qemu" tests/check_fdslots >log || true
    cat log
    [ "$(grep -c '^[0-9]*%: Checks' log)" -eq 2 ] # both of its processes came to their ends
    failed_tests log | grep -vxF "$exceptions" && return 1
    count_checks log >count
)

boot() { # DEBIAN-ARCHITECTURE TRIPLET QEMU...
    local packages=$BUILD/$1/root at=$BUILD/kernel-$1
    mkdir "$at"
    "$2-strip" -o "$at/check_fdslots" "$BUILD/$2/tests/check_fdslots"
    make_initrd "$at" "$packages/bin/busybox" "$at/check_fdslots" "${suites[@]}"
    run_guest "$at" ${#suites[@]} '' "${@:3}" -accel tcg -m 1024 -nographic -no-reboot \
        -kernel "$(kernel_in "$packages")" -initrd "$at/initrd" -append quiet
}

user_programs=(examples/{pipes,echo} tests/{check_fdslots,differential,no_alloc})

try_arm64() {
    check_for arm64
    build aarch64-linux-gnu "${user_programs[@]}"
    run aarch64-linux-gnu
}

# The suites on the booted kernel need what user-mode emulation lacks, or depend on the order of bytes
# or arguments.
try_s390x() {
    local suites=(
        'calls of epoll_ctl' fork 'few changes' memory 'refused calls' 'time of epoll' watches
    )
    check_for s390x busybox-static linux-image-s390x
    build s390x-linux-gnu "${user_programs[@]}"
    run s390x-linux-gnu
    boot s390x s390x-linux-gnu qemu-system-s390x
}

# These suites depend on the size of a page: memory, what a fork wipes, pipes, and the events that are
# kept of a file. Debian's kernel gives huge pages to all memory. x-vof=on leaves out a firmware that
# takes longer to boot than the kernel. The machine gets no VGA, whose ROM would be in another package.
try_ppc64el() {
    local suites=(
        'calls of epoll_ctl' edge 'epoll as poll' 'fds in a child' 'fds of the library' filters fork
        growth iteration memory 'one-time files' 'one-time files, waited for'
    )
    check_for ppc64el busybox-static linux-image-powerpc64le
    build powerpc64le-linux-gnu tests/check_fdslots
    boot ppc64el powerpc64le-linux-gnu qemu-system-ppc64 -M pseries,x-vof=on -vga none
}

if [ $# -eq 1 ]; then # one of the two that run at the same time
    "try_$1"
    exit
fi

install_packages gcc-{aarch64,s390x,powerpc64le}-linux-gnu libc6-dev-{arm64,s390x,ppc64el}-cross \
    qemu-user-static qemu-system-{misc,ppc} cpio
[ -f configure ] || autoreconf -i
ulimit -c 0
printf '%s\n' s390x arm64 ppc64el | xargs -P 2 -n 1 bash "$0"
sum_counts
