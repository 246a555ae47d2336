/* SPDX-License-Identifier: ISC */
#include "odd.h"
#include "fds_kinds.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

/* ---- TCP ---- */

static void connect_pair(struct odd *o)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    MUST(bind(listener, (const struct sockaddr *)&address, length));
    MUST(listen(listener, 1));
    MUST(getsockname(listener, (struct sockaddr *)&address, &length));
    o->trigger = MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    MUST(connect(o->trigger, (const struct sockaddr *)&address, length));
    o->fd = MUST(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
    MUST(close(listener));
}

/* An urgent byte, which SO_OOBINLINE turns into an ordinary one. */
static bool urgent(struct odd *o)
{
    connect_pair(o);
    MUST((int)send(o->trigger, "x", 1, MSG_OOB));
    fds_await(o->fd, POLLPRI);
    return true;
}

static void take_urgent_inline(struct odd *o)
{
    const int on = 1;
    MUST(setsockopt(o->fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on));
}

/* Too few bytes for SO_RCVLOWAT, until the buffer has no room for more of them. */
static bool below_low_water(struct odd *o)
{
    static const char bytes[30000];
    const int most = 200000;
    int arrived = 0;
    connect_pair(o);
    MUST(setsockopt(o->fd, SOL_SOCKET, SO_RCVLOWAT, &most, sizeof most));
    MUST((int)send(o->trigger, bytes, sizeof bytes, 0));
    while (arrived < (int)sizeof bytes)
        MUST(ioctl(o->fd, FIONREAD, &arrived));
    return true;
}

static void shrink_buffer(struct odd *o)
{
    const int least = 2000;
    MUST(setsockopt(o->fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof least));
}

/* Data that is put into the receive queue, as a tool does that restores a stopped program. Needs a
 * privilege. */
static bool restored(struct odd *o)
{
    const int on = 1;
    connect_pair(o);
    return setsockopt(o->fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) == 0;
}

static void put_received(struct odd *o)
{
    const int queue = TCP_RECV_QUEUE;
    MUST(setsockopt(o->fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof queue));
    MUST((int)send(o->fd, "x", 1, 0));
}

/* ---- datagrams of AF_UNIX ---- */

static void bind_to_any(int fd, struct sockaddr_un *address, socklen_t *length)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    *length = sizeof *address;
    MUST(bind(fd, (const struct sockaddr *)address, sizeof address->sun_family));
    MUST(getsockname(fd, (struct sockaddr *)address, length));
}

/* While the queue of its peer is full, the socket is not writable. It becomes writable if the peer
 * connects to it in turn. */
static bool full_peer(struct odd *o)
{
    struct sockaddr_un address;
    socklen_t length;
    o->trigger = MUST(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    o->fd = MUST(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    bind_to_any(o->trigger, &address, &length);
    MUST(connect(o->fd, (const struct sockaddr *)&address, length));
    while (send(o->fd, "x", 1, 0) == 1)
        ;
    bind_to_any(o->fd, &address, &length);
    return true;
}

static void connect_back(struct odd *o)
{
    struct sockaddr_un address;
    socklen_t length = sizeof address;
    MUST(getsockname(o->fd, (struct sockaddr *)&address, &length));
    MUST(connect(o->trigger, (const struct sockaddr *)&address, length));
}

/* ---- an epoll set that holds a file which reports an event once ---- */

static bool set_of_perf(struct odd *o)
{
    struct epoll_event event = {.events = EPOLLIN};
    if (!odd_perf(o))
        return false;
    o->trigger = o->fd;
    o->fd = MUST(epoll_create1(EPOLL_CLOEXEC));
    MUST(epoll_ctl(o->fd, EPOLL_CTL_ADD, o->trigger, &event));
    return true;
}

/* ---- a userfaultfd, which reports an error while it is blocking ---- */

static bool faults(struct odd *o)
{
    struct uffdio_api api = {.api = UFFD_API};
    o->fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    return o->fd >= 0 && ioctl(o->fd, UFFDIO_API, &api) == 0;
}

static void let_block(struct odd *o)
{
    MUST(fcntl(o->fd, F_SETFL, 0));
}

/* ---- an eventfd whose count overflows: an error, of which the kernel wakes only readers ---- */

/* A read whose end the eventfd counts, because write(2) lets no count overflow. */
static bool read_counted(struct odd *o)
{
    aio_context_t context = 0;
    char byte;
    struct iocb read = {.aio_lio_opcode = IOCB_CMD_PREAD,
                        .aio_fildes = (uint32_t)o->trigger,
                        .aio_buf = (uintptr_t)&byte,
                        .aio_nbytes = 1,
                        .aio_flags = IOCB_FLAG_RESFD,
                        .aio_resfd = (uint32_t)o->fd};
    struct iocb *reads[] = {&read};
    struct io_event end;
    if (syscall(SYS_io_setup, 1, &context) < 0)
        return false;
    const bool counted = syscall(SYS_io_submit, context, 1, reads) == 1 &&
                         syscall(SYS_io_getevents, context, 1, 1, &end, NULL) == 1;
    MUST((int)syscall(SYS_io_destroy, context));
    return counted;
}

static bool nearly_full(struct odd *o)
{
    const uint64_t rest = UINT64_MAX - 2;
    o->trigger = MUST(open("/dev/zero", O_RDONLY | O_CLOEXEC));
    o->fd = MUST(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!read_counted(o))
        return false;
    MUST((int)write(o->fd, &rest, sizeof rest));
    return true;
}

static void overflow(struct odd *o)
{
    MUST(read_counted(o) ? 0 : -1);
}

const struct odd_kind odd_kinds[] = {
    {"perf event", POLLIN, ODD_TAKEN, odd_perf, odd_perf_fire},
    {"epoll set with a perf event", POLLIN, ODD_TAKEN, set_of_perf, odd_perf_fire},
    {"io_uring, IORING_SETUP_DEFER_TASKRUN", POLLIN, ODD_SILENT, odd_ring_deferred,
     odd_ring_complete},
    {"io_uring, room to submit", POLLOUT, ODD_SILENT, odd_ring_full, odd_ring_submit},
    {"io_uring, POLLRDNORM alone", POLLRDNORM, ODD_AS_POLL, odd_ring_full, odd_ring_submit},
    {"ring buffer of BPF, BPF_RB_NO_WAKEUP", POLLIN, ODD_SILENT, odd_bpf, odd_bpf_fire},
    {"TCP, SO_OOBINLINE set late", POLLIN, ODD_SILENT, urgent, take_urgent_inline},
    {"TCP, SO_RCVBUF below SO_RCVLOWAT", POLLIN, ODD_SILENT, below_low_water, shrink_buffer},
    {"TCP, TCP_REPAIR", POLLIN, ODD_SILENT, restored, put_received},
    {"datagram of AF_UNIX, the full peer connects back", POLLOUT, ODD_SILENT, full_peer,
     connect_back},
    {"eventfd, the count overflows", POLLOUT, ODD_SILENT, nearly_full, overflow},
    {"userfaultfd, made to block", POLLIN, ODD_SILENT, faults, let_block},
};

int odd_kind_count(void)
{
    return (int)(sizeof odd_kinds / sizeof odd_kinds[0]);
}

static const struct odd none = {.fd = -1, .trigger = -1};

bool odd_open(struct odd *o, bool (*make)(struct odd *o))
{
    *o = none;
    if (make(o))
        return true;
    odd_close(o);
    return false;
}

void odd_close(struct odd *o)
{
    for (int i = 0; i < o->maps; i++)
        MUST(munmap(o->map[i], o->length[i]));
    if (o->fd >= 0)
        close(o->fd);
    if (o->trigger >= 0)
        close(o->trigger);
    *o = none;
}

void *odd_map(struct odd *o, size_t length, uint64_t offset)
{
    void *map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, o->fd, (off_t)offset);
    if (map == MAP_FAILED)
        return NULL;
    o->map[o->maps] = map;
    o->length[o->maps++] = length;
    return map;
}
