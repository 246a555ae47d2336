/* SPDX-License-Identifier: ISC
 *
 * Devices, and files that show the kernel's own state, which the library polls beside the set.
 * Files that report an event only once are not among them, because asking would consume the event.
 */
#include "fds_kinds.h"

#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static void open_file(struct subject *f, const char *path, int flags)
{
    f->fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
}

/* ---- procfs and sysfs ---- */

static void version(struct subject *f)
{
    open_file(f, "/proc/version", O_RDONLY);
}

static void mount_info(struct subject *f)
{
    open_file(f, "/proc/self/mountinfo", O_RDONLY);
}

static void swaps(struct subject *f)
{
    open_file(f, "/proc/swaps", O_RDONLY);
}

static void attribute_unread(struct subject *f)
{
    open_file(f, "/sys/kernel/uevent_seqnum", O_RDONLY);
}

static void attribute_read(struct subject *f)
{
    char buf[64];
    attribute_unread(f);
    while (f->fd >= 0 && read(f->fd, buf, sizeof buf) > 0)
        ;
}

/* ---- devices ---- */

static void randomness(struct subject *f)
{
    open_file(f, "/dev/random", O_RDONLY);
}

static void full(struct subject *f)
{
    open_file(f, "/dev/full", O_WRONLY);
}

static void fuse(struct subject *f)
{
    open_file(f, "/dev/fuse", O_RDWR);
}

static void log_end(struct subject *f)
{
    open_file(f, "/dev/kmsg", O_RDONLY);
    lseek(f->fd, 0, SEEK_END);
}

static void log_begin(struct subject *f)
{
    log_end(f);
    lseek(f->fd, 0, SEEK_SET);
}

/* ---- a terminal in packet mode ---- */

static int packets(struct subject *f)
{
    int slave;
    int on = 1;
    MUST(openpty(&f->fd, &slave, NULL, NULL, NULL));
    fds_keep(f, slave);
    MUST(ioctl(f->fd, TIOCPKT, &on));
    return slave;
}

static void packets_idle(struct subject *f)
{
    packets(f);
}

static void packets_stopped(struct subject *f)
{
    MUST(tcflow(packets(f), TCOOFF));
    fds_await(f->fd, POLLPRI);
}

/* ---- message queues ---- */

#define MESSAGES 2

static void queue(struct subject *f, int messages)
{
    struct mq_attr attr = {.mq_maxmsg = MESSAGES, .mq_msgsize = 8};
    char name[32];
    snprintf(name, sizeof name, "/fdslots-%d", (int)getpid());
    f->fd = (int)mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK | O_CLOEXEC, 0600, &attr);
    mq_unlink(name);
    while (f->fd >= 0 && messages-- > 0)
        MUST(mq_send(f->fd, "1234567", 8, 0));
}

static void queue_empty(struct subject *f)
{
    queue(f, 0);
}

static void queue_data(struct subject *f)
{
    queue(f, 1);
}

static void queue_full(struct subject *f)
{
    queue(f, MESSAGES);
}

static const struct fd_kind rows[] = {
    {"/proc/version", version},
    {"/proc/self/mountinfo", mount_info},
    {"/proc/swaps", swaps},
    {"attribute of sysfs, unread", attribute_unread},
    {"attribute of sysfs, read", attribute_read},
    {"/dev/random", randomness},
    {"/dev/full", full},
    {"/dev/fuse", fuse},
    {"/dev/kmsg, at its end", log_end},
    {"/dev/kmsg, at its beginning", log_begin},
    {"pty in packet mode, idle", packets_idle},
    {"pty in packet mode, stopped", packets_stopped},
    {"message queue, empty", queue_empty},
    {"message queue, data", queue_data},
    {"message queue, full", queue_full},
};
const struct fd_kinds kernel_kinds = FD_KINDS(rows);
