#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Other processors: one of little-endian and one of big-endian 64 bits, cross-built and run under
# qemu's user-mode emulation, which forwards system calls to this kernel; and the latter with its own
# kernel under qemu-system. Static programs, so that the emulator needs no libraries.
. .ci/lib.sh
. .ci/guest.sh

# Where the emulator is not like Linux; a test that fails and is not named here is a failure:
#
# - it enforces no RLIMIT_AS, and its own tables of memory count as the process's;
# - it copies what poll(2) is given to its stack, which ends it where that is 80 MB;
# - a signal that came while the mask of a wait held it back is delivered only with the next one;
# - it wipes no pages on fork, so a bare clone(2) cannot be noticed: pthread_atfork(3) serves, for
#   fork(2);
# - it has no seccomp and no epoll_pwait2(2): what needs them passes without having looked;
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

# What user-mode emulation does not have, and what goes by the order of bytes or arguments.
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

if [ $# -gt 0 ]; then # of those that run two at a time
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
