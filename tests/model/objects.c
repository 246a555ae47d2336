/* SPDX-License-Identifier: ISC */
#include "objects.h"
#include "sleeper.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];

const char *objects_directory(void)
{
    if (directory[0] == '\0') {
        strcpy(directory, "/tmp/fdslots-XXXXXX");
        if (mkdtemp(directory) == NULL)
            abort();
    }
    return directory;
}

static void path_of(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", objects_directory(), name);
}

void objects_remove_directory(void)
{
    char path[128];
    if (directory[0] == '\0')
        return;
    for (const char *const *n = (const char *const[]){"fifo", "file", "watched", NULL}; *n; n++) {
        path_of(path, sizeof path, *n);
        unlink(path);
    }
    rmdir(directory);
    directory[0] = '\0';
}

static void unblock(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int keep_pair(struct object *o, int fd, int peer)
{
    o->fd = fd;
    o->peer = peer;
    return fd < 0 ? -1 : 0;
}

/* ---- the kinds ---- */

static int open_pipe_read(struct object *o)
{
    int p[2];
    return pipe2(p, O_NONBLOCK) < 0 ? -1 : keep_pair(o, p[0], p[1]);
}

static int open_pipe_write(struct object *o)
{
    int p[2];
    return pipe2(p, O_NONBLOCK) < 0 ? -1 : keep_pair(o, p[1], p[0]);
}

static int open_fifo(struct object *o)
{
    char path[128];
    path_of(path, sizeof path, "fifo");
    unlink(path);
    if (mkfifo(path, 0600) < 0)
        return -1;
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    return keep_pair(o, fd, open(path, O_WRONLY | O_NONBLOCK));
}

static int open_unix(struct object *o, int type)
{
    int p[2];
    return socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, p) < 0 ? -1 : keep_pair(o, p[0], p[1]);
}

static int open_unix_stream(struct object *o)
{
    return open_unix(o, SOCK_STREAM);
}

static int open_unix_dgram(struct object *o)
{
    return open_unix(o, SOCK_DGRAM);
}

static int open_unix_seqpacket(struct object *o)
{
    return open_unix(o, SOCK_SEQPACKET);
}

static struct sockaddr_in loopback(int fd)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof a;
    if (fd >= 0)
        getsockname(fd, (struct sockaddr *)&a, &length);
    return a;
}

static int bound(int type)
{
    int fd = socket(AF_INET, type, 0);
    struct sockaddr_in a = loopback(-1);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Connect a new TCP socket to the address that `fd` is bound to. */
static int connected_to(int fd, int flags)
{
    struct sockaddr_in a = loopback(fd);
    int client = socket(AF_INET, SOCK_STREAM | flags, 0);
    if (client >= 0)
        connect(client, (struct sockaddr *)&a, sizeof a);
    return client;
}

static int open_tcp(struct object *o)
{
    int listener = bound(SOCK_STREAM);
    if (listener < 0 || listen(listener, 1) < 0)
        return -1;
    int client = connected_to(listener, 0);
    int server = accept(listener, NULL, NULL);
    close(listener);
    /* Small buffers, so that filling them is quick. */
    int small = 4096;
    setsockopt(server, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    unblock(client);
    unblock(server);
    return keep_pair(o, server, client);
}

static int open_tcp_fresh(struct object *o)
{
    return keep_pair(o, socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), -1);
}

static int open_tcp_listen(struct object *o)
{
    int fd = bound(SOCK_STREAM | SOCK_NONBLOCK);
    if (fd >= 0)
        listen(fd, 8);
    return keep_pair(o, fd, -1);
}

static void act_tcp_listen(struct object *o)
{
    if (o->peer >= 0)
        close(o->peer);
    o->peer = connected_to(o->fd, SOCK_NONBLOCK);
}

static int open_tcp_refused(struct object *o)
{
    int nobody = bound(SOCK_STREAM); /* bound, but not listening */
    int fd = connected_to(nobody, SOCK_NONBLOCK);
    close(nobody);
    return keep_pair(o, fd, -1);
}

static int open_udp(struct object *o)
{
    int fd = bound(SOCK_DGRAM | SOCK_NONBLOCK);
    int peer = bound(SOCK_DGRAM | SOCK_NONBLOCK);
    struct sockaddr_in a = loopback(fd);
    connect(peer, (struct sockaddr *)&a, sizeof a);
    a = loopback(peer);
    connect(fd, (struct sockaddr *)&a, sizeof a);
    return keep_pair(o, fd, peer);
}

static int open_eventfd(struct object *o)
{
    return keep_pair(o, eventfd(0, EFD_NONBLOCK), -1);
}

static void act_eventfd(struct object *o)
{
    uint64_t most = UINT64_MAX - 1; /* neither readable for more nor writable: OUT ends */
    uint64_t old;
    if (read(o->fd, &old, sizeof old) < 0)
        most = 1;
    if (write(o->fd, &most, sizeof most) < 0)
        return;
}

static int open_timerfd(struct object *o)
{
    return keep_pair(o, timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), -1);
}

static void act_timerfd(struct object *o)
{
    struct itimerspec expired = {.it_value.tv_nsec = 1};
    timerfd_settime(o->fd, TFD_TIMER_ABSTIME, &expired, NULL);
}

static int open_signalfd(struct object *o)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return keep_pair(o, signalfd(-1, &set, SFD_NONBLOCK), -1);
}

static void act_signalfd(struct object *o)
{
    (void)o;
    kill(getpid(), SIGUSR2);
}

static int open_pty(struct object *o)
{
    int master;
    int slave;
    if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
        return -1;
    unblock(master);
    unblock(slave);
    return keep_pair(o, slave, master);
}

static int open_pty_master(struct object *o)
{
    int rc = open_pty(o);
    return rc < 0 ? rc : keep_pair(o, o->peer, o->fd);
}

static int open_inotify(struct object *o)
{
    char path[128];
    path_of(path, sizeof path, "watched");
    close(open(path, O_CREAT | O_WRONLY, 0600));
    int fd = inotify_init1(IN_NONBLOCK);
    if (fd >= 0)
        inotify_add_watch(fd, path, IN_ATTRIB);
    return keep_pair(o, fd, -1);
}

static void act_inotify(struct object *o)
{
    char path[128];
    (void)o;
    path_of(path, sizeof path, "watched");
    chmod(path, 0600);
}

static int open_pidfd(struct object *o)
{
    o->child = sleeper_fork();
    return keep_pair(o, (int)syscall(SYS_pidfd_open, o->child, 0), -1);
}

static void act_pidfd(struct object *o)
{
    siginfo_t info;
    if (o->child <= 0)
        return;
    kill(o->child, SIGKILL);
    waitid(P_PID, (id_t)o->child, &info, WEXITED | WNOWAIT);
}

static int open_memfd(struct object *o)
{
    return keep_pair(o, memfd_create("fdslots", 0), -1);
}

static int open_file(struct object *o)
{
    char path[128];
    path_of(path, sizeof path, "file");
    return keep_pair(o, open(path, O_CREAT | O_RDWR, 0600), -1);
}

static int open_directory(struct object *o)
{
    return keep_pair(o, open("/", O_RDONLY | O_DIRECTORY), -1);
}

static int open_null(struct object *o)
{
    return keep_pair(o, open("/dev/null", O_RDWR), -1);
}

static int open_mounts(struct object *o)
{
    return keep_pair(o, open("/proc/self/mounts", O_RDONLY), -1);
}

static int open_path(struct object *o)
{
    return keep_pair(o, open("/", O_PATH), -1);
}

/* An epoll set that watches an eventfd. */
static int open_epoll(struct object *o)
{
    struct epoll_event event = {.events = EPOLLIN};
    int inner = eventfd(0, EFD_NONBLOCK);
    int fd = epoll_create1(0);
    if (fd >= 0)
        epoll_ctl(fd, EPOLL_CTL_ADD, inner, &event);
    return keep_pair(o, fd, inner);
}

static void act_epoll(struct object *o)
{
    if (o->peer < 0)
        return;
    struct object inner = {.fd = o->peer};
    act_eventfd(&inner);
}

static const struct kind kinds[] = {
    {"pipe_read", open_pipe_read, NULL},
    {"pipe_write", open_pipe_write, NULL},
    {"fifo", open_fifo, NULL},
    {"unix_stream", open_unix_stream, NULL},
    {"unix_dgram", open_unix_dgram, NULL},
    {"unix_seqpacket", open_unix_seqpacket, NULL},
    {"tcp", open_tcp, NULL},
    {"tcp_fresh", open_tcp_fresh, NULL},
    {"tcp_listen", open_tcp_listen, act_tcp_listen},
    {"tcp_refused", open_tcp_refused, NULL},
    {"udp", open_udp, NULL},
    {"eventfd", open_eventfd, act_eventfd},
    {"timerfd", open_timerfd, act_timerfd},
    {"signalfd", open_signalfd, act_signalfd},
    {"pty", open_pty, NULL},
    {"pty_master", open_pty_master, NULL},
    {"memfd", open_memfd, NULL},
    {"file", open_file, NULL},
    {"directory", open_directory, NULL},
    {"null", open_null, NULL},
    {"mounts", open_mounts, NULL},
    {"path", open_path, NULL},
    {"epoll", open_epoll, act_epoll},
    {"pidfd", open_pidfd, act_pidfd},       /* it forks */
    {"inotify", open_inotify, act_inotify}, /* its close waits for a grace period: some 20 ms */
};
#define SLOW_KINDS 2

unsigned object_kinds(void)
{
    return sizeof kinds / sizeof kinds[0];
}

unsigned object_quick_kinds(void)
{
    return object_kinds() - SLOW_KINDS;
}

const char *object_kind_name(unsigned kind)
{
    return kinds[kind].name;
}

int object_open(struct object *o, unsigned kind)
{
    *o = (struct object){.kind = &kinds[kind], .fd = -1, .peer = -1};
    return kinds[kind].open(o);
}

bool object_changes_by_itself(const struct object *o)
{
    return o->kind != NULL && (o->kind->open == open_pty || o->kind->open == open_pty_master);
}

bool object_is_epoll_set(const struct object *o)
{
    return o->kind != NULL && o->kind->open == open_epoll;
}

void object_close_rest(struct object *o)
{
    if (o->peer >= 0)
        close(o->peer);
    if (o->child > 0)
        sleeper_end(o->child);
    o->peer = -1;
    o->child = 0;
}
