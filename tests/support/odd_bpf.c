/* SPDX-License-Identifier: ISC
 *
 * A BPF ring buffer, and a program that puts a record into it without a wake.
 */
#include "odd.h"
#include "fds_kinds.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RECORD 8 /* size of a record on the stack of the program, in bytes */

static int bpf(int command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

static uint64_t address_of(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

#define SET(reg, value)                                                                            \
    {                                                                                              \
        .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (reg), .imm = (value)                      \
    }

/* The program is: bpf_ringbuf_output(map, stack, RECORD, BPF_RB_NO_WAKEUP); return 0; */
static int load_program(int map)
{
    const struct bpf_insn program[] = {
        {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -RECORD},
        {.code = BPF_LD | BPF_IMM | BPF_DW,
         .dst_reg = BPF_REG_1,
         .src_reg = BPF_PSEUDO_MAP_FD,
         .imm = map},
        {.code = 0}, /* the second half of the load of the map */
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10},
        {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -RECORD},
        SET(BPF_REG_3, RECORD),
        SET(BPF_REG_4, BPF_RB_NO_WAKEUP),
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_output},
        SET(BPF_REG_0, 0),
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
                           .insns = address_of(program),
                           .insn_cnt = sizeof program / sizeof program[0],
                           .license = address_of("ISC")};
    int fd;
    do
        fd = bpf(BPF_PROG_LOAD, &attr);
    while (fd < 0 && errno == EAGAIN); /* the end of an io_uring interrupts the call */
    return fd;
}

bool odd_bpf(struct odd *o)
{
    union bpf_attr attr = {.map_type = BPF_MAP_TYPE_RINGBUF,
                           .max_entries = (uint32_t)sysconf(_SC_PAGESIZE)};
    o->fd = bpf(BPF_MAP_CREATE, &attr);
    if (o->fd >= 0)
        o->trigger = load_program(o->fd);
    return o->trigger >= 0;
}

void odd_bpf_fire(struct odd *o)
{
    static char packet[64]; /* the input of the program, which it returns */
    union bpf_attr attr = {.test = {.prog_fd = (uint32_t)o->trigger,
                                    .data_size_in = sizeof packet,
                                    .data_size_out = sizeof packet,
                                    .data_in = address_of(packet),
                                    .data_out = address_of(packet)}};
    MUST(bpf(BPF_PROG_TEST_RUN, &attr));
}
