#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Other 64-bit processors, one little-endian and one big-endian. The tests are cross-built and run
# in qemu's user-mode emulation, which forwards system calls to this kernel. For the big-endian one,
# some also run on its own kernel in qemu-system. The programs are static, so that the emulator
# needs no libraries.
. .ci/lib.sh
. .ci/guest.sh

# Differences between the emulator and Linux. A test that fails and is not named here is a failure:
#
# - it does not enforce RLIMIT_AS, and its own memory tables count as the process's;
# - it copies the pollfds of poll(2) to its stack, and crashes if they take 80 MB;
# - a signal that arrives while the mask of a wait blocks it is delivered only with the next signal;
# - it does not wipe pages on fork, so a bare clone(2) goes unnoticed, and only pthread_atfork(3)
#   notices fork(2);
# - it has no seccomp and no epoll_pwait2(2), so tests that need them pass without testing anything;
# - it has no ptrace(2), so tests/syscalls is not run.
exceptions='
create_says_when_memory_is_short:0
unused_slots_cost_no_memory_after_create:0
sparse_slots_of_ten_million:0
the_mask_blocks_inside:1
the_mask_blocks_inside:3
the_mask_blocks_inside:4
the_mask_blocks_inside:5
two_generations:1
'

build() { # DEBIAN-ARCHITECTURE TRIPLET
    local top=$BUILD
    check_for "$1"
    BUILD=$top/$2
    mkdir "$BUILD"
    (cd "$BUILD" && ../../../configure --quiet --enable-werror --host="$2" --disable-shared)
    make -C "$BUILD" -j "$jobs" LDFLAGS=-all-static \
        examples/pipes examples/echo tests/{check_fdslots,differential,no_alloc}
    BUILD=$top
}

run() { # TRIPLET
    cd "$BUILD/$1"
    local qemu=qemu-${1%%-*}-static
    "$qemu" examples/pipes
    "$qemu" examples/echo --self-test 100
    "$qemu" tests/no_alloc
    "$qemu" tests/differential --steps 20000
    CK_EXCLUDE_TAGS=long "$qemu" tests/check_fdslots >log || true # it has exceptions
    cat log
    failed_tests log | grep -vxF "$exceptions" && return 1
    count_checks log >count
}

# These suites need what user-mode emulation lacks, or depend on the order of bytes or arguments.
boot_s390x() {
    local at=$BUILD/kernel suites=(
        'calls of epoll_ctl' fork 'few changes' memory 'refused calls' 'time of epoll' watches
    )
    mkdir "$at"
    .ci/sysroot "$at/packages" s390x busybox-static linux-image-s390x
    cp "$BUILD/s390x-linux-gnu/tests/check_fdslots" "$at"
    s390x-linux-gnu-strip "$at/check_fdslots"
    make_initrd "$at" "$at/packages/root/bin/busybox" "$at/check_fdslots" "${suites[@]}"
    run_guest "$at" ${#suites[@]} '' qemu-system-s390x -accel tcg -m 1024 -nographic -no-reboot \
        -kernel "$(kernel_in "$at/packages/root")" -initrd "$at/initrd" -append quiet
}

if [ $# -gt 0 ]; then # one of the runs that are started in parallel
    "$@"
    exit
fi

install_packages gcc-{aarch64,s390x}-linux-gnu libc6-dev-{arm64,s390x}-cross qemu-user-static \
    qemu-system-misc cpio
[ -f configure ] || autoreconf -i
build arm64 aarch64-linux-gnu
build s390x s390x-linux-gnu
ulimit -c 0
printf '%s\n' 'run aarch64-linux-gnu' 'run s390x-linux-gnu' boot_s390x |
    xargs -P 2 -L 1 bash "$0"
sum_counts
