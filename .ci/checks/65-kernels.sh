#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Other kernels for this processor, all without KVM: user-mode Linux, the kernel of Debian's cloud
# images in qemu-system, and gVisor. Their packages are unpacked, not installed. 63-emulated.sh
# boots the kernels of other processors. The tests may change what belongs to the guest, such as its
# limits.
. .ci/lib.sh
. .ci/guest.sh

suites=(
    'calls of epoll_ctl' edge exclusive 'few changes' fork generations ghosts memory nesting
    one-shot ready 'refused calls' signals slots 'time of epoll' timeouts watches
)

# Differences between gVisor and Linux. Suites are left out if they need what it lacks: resident
# memory by mincore(2), a signal that ends a wait with timeout 0, or ERR on the writer of a pipe.
#
# - it does not wipe pages on fork, so a bare clone(2) goes unnoticed.
gvisor_suites=(
    'calls of epoll_ctl' edge filters fork growth iteration nesting one-shot ready 'refused calls'
    slots timeout timeouts watches
)
gvisor_exceptions='
two_generations:1
'

# User-mode Linux keeps the registers of its processes in a room of fixed size. On a processor with
# AMX they do not fit, and no process starts.
run_uml() {
    if grep -qw amx_tile /proc/cpuinfo; then
        echo 'not here: user-mode Linux runs no process on a processor with AMX'
        echo '0 passed, 0 failed, 1 skipped' >"$BUILD/uml/count"
        return
    fi
    run_guest "$BUILD/uml" ${#suites[@]} '' "$BUILD/packages/root/usr/bin/linux.uml" mem=1024M \
        initrd="$BUILD/initrd" quiet con=null con0=fd:0,fd:1
}

# By default, Debian's kernels give huge pages to all memory.
run_cloud() {
    run_guest "$BUILD/cloud" ${#suites[@]} '' qemu-system-x86_64 -accel tcg -m 1024 -nographic \
        -no-reboot -kernel "$(kernel_in "$BUILD/packages/root")" -initrd "$BUILD/initrd" \
        -append 'console=ttyS0 quiet panic=-1'
}

run_gvisor() {
    printf '%s\n' "${gvisor_suites[@]}" >"$BUILD/gvisor/suites"
    run_guest "$BUILD/gvisor" ${#gvisor_suites[@]} "$gvisor_exceptions" \
        "$BUILD/packages/root/usr/bin/runsc" --rootless --network=none --ignore-cgroups \
        --platform=ptrace 'do' --force-overlay=false \
        .ci/guest-suites "$BUILD/tests/check_fdslots" "$BUILD/gvisor/suites"
}

if [ $# -eq 1 ]; then # one of the two that run in parallel
    mkdir "$BUILD/$1"
    "run_$1"
    exit
fi

if [ "$(dpkg --print-architecture)" != amd64 ]; then
    echo 'not here: user-mode Linux and gVisor are for amd64'
    echo '0 passed, 0 failed, 1 skipped'
    exit
fi
install_packages qemu-system-x86 busybox-static cpio
.ci/sysroot "$BUILD/packages" amd64 user-mode-linux runsc linux-image-cloud-amd64
configure --disable-shared
make -C "$BUILD" -j "$jobs" LDFLAGS=-all-static tests/check_fdslots
strip "$BUILD/tests/check_fdslots"
make_initrd "$BUILD" "$(command -v busybox)" "$BUILD/tests/check_fdslots" "${suites[@]}"
printf '%s\n' gvisor uml cloud | xargs -P 2 -n 1 bash "$0"
sum_counts
