#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Other processors: one of little-endian and one of big-endian 64 bits, cross-built and run under
# qemu's user-mode emulation, which forwards system calls to this kernel; the latter also with its own
# kernel under qemu-system, and so one whose pages have 64 KiB. Static programs, so that the emulator
# needs no libraries.
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
    CK_EXCLUDE_TAGS=long "$qemu" tests/check_fdslots >log || true # it has exceptions
    cat log
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

# Booted: what user-mode emulation does not have, and what goes by the order of bytes or arguments.
try_s390x() {
    local suites=(
        'calls of epoll_ctl' fork 'few changes' memory 'refused calls' 'time of epoll' watches
    )
    check_for s390x busybox-static linux-image-s390x
    build s390x-linux-gnu "${user_programs[@]}"
    run s390x-linux-gnu
    boot s390x s390x-linux-gnu qemu-system-s390x
}

# What goes by the size of a page: memory, what a fork wipes, pipes, and what is kept of a file's
# events. Debian's kernel gives huge pages to all memory. x-vof=on leaves out a firmware that takes
# longer than the kernel does.
try_ppc64el() {
    local suites=(
        'calls of epoll_ctl' edge 'epoll as poll' 'fds in a child' 'fds of the library' filters fork
        growth memory 'one-time files' 'one-time files, waited for'
    )
    check_for ppc64el busybox-static linux-image-powerpc64le
    build powerpc64le-linux-gnu tests/check_fdslots
    boot ppc64el powerpc64le-linux-gnu qemu-system-ppc64 -M pseries,x-vof=on
}

if [ $# -eq 1 ]; then # of the two that run at a time
    "try_$1"
    exit
fi

install_packages gcc-{aarch64,s390x,powerpc64le}-linux-gnu libc6-dev-{arm64,s390x,ppc64el}-cross \
    qemu-user-static qemu-system-{misc,ppc} cpio
[ -f configure ] || autoreconf -i
ulimit -c 0
printf '%s\n' s390x arm64 ppc64el | xargs -P 2 -n 1 bash "$0"
sum_counts
