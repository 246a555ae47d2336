/* SPDX-License-Identifier: ISC
 *
 * The functions in fdslots-howto(7), compiled as they stand there, do what the page says. Each
 * check returns whether it held, or SKIP where the system lacks what it needs.
 */
#include "man/howto.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum outcome { FAIL, PASS, SKIP };

enum { CAPACITY = 64, SLOT = 3 };

static struct fdslots *s;
static int ends[2]; /* connected; the first is in SLOT, with POLLIN */

static enum outcome held(bool it)
{
    return it ? PASS : FAIL;
}

static bool set_up(void)
{
    return fdslots_create(CAPACITY, 0, &s) == 0 &&
           socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0 &&
           fdslots_set_index(s, SLOT, ends[0], POLLIN) == 0;
}

/* What a look finds in a slot. */
static int look(uint32_t index)
{
    int n = fdslots_wait(s, 0, NULL);
    return n < 0 ? n : fdslots_get_revents(s, index);
}

/* Until the slot is ready. */
static int wait_for(uint32_t index)
{
    int n = fdslots_wait(s, FDSLOTS_FOREVER, NULL);
    return n < 0 ? n : fdslots_get_revents(s, index);
}

static bool put(int fd)
{
    return write(fd, "x", 1) == 1;
}

/* ---- Connections ---- */

static enum outcome a_peer_that_has_closed(void)
{
    size_t taken = 0;
    bool ok = read_some(ends[0], &taken) == 1 && taken == 0 && put(ends[1]);
    close(ends[1]);
    ends[1] = -1;
    ok = ok && look(SLOT) == (POLLIN | POLLHUP); /* and something to read */
    ok = ok && read_some(ends[0], &taken) == 1 && taken == 1;
    return held(ok && read_some(ends[0], &taken) == 0);
}

/* A TCP socket with a port of its own that listens if it is to. */
static int tcp_socket(bool listens, struct sockaddr_in *name)
{
    socklen_t size = sizeof *name;
    *name = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(fd, (struct sockaddr *)name, size) < 0 || (listens && listen(fd, 100) < 0) ||
        getsockname(fd, (struct sockaddr *)name, &size) < 0)
        return -1;
    return fd;
}

static int connect_to(const struct sockaddr_in *name)
{
    int rc = start_connect(s, 9, (const struct sockaddr *)name, sizeof *name);
    if (rc == 0 && wait_for(9) > 0)
        rc = connect_result(fdslots_get_fd(s, 9));
    fdslots_close_index(s, 9);
    return rc;
}

static enum outcome connecting(void)
{
    struct sockaddr_in name;
    int listener = tcp_socket(true, &name);
    bool ok = listener >= 0 && connect_to(&name) == 0;
    close(listener);
    int deaf = tcp_socket(false, &name);
    ok = ok && deaf >= 0 && connect_to(&name) == -ECONNREFUSED;
    fdslots_set_index(s, 9, deaf, POLLOUT);
    ok = ok && look(9) == (POLLOUT | POLLHUP);
    fdslots_close_index(s, 9);
    return held(ok);
}

static enum outcome sending(void)
{
    static struct outbox out;
    static char data[sizeof out.data];
    bool ok = true;
    do {
        out.length = sizeof out.data;
        ok = send_rest(s, SLOT, &out) == 0;
    } while (ok && out.length == 0);
    ok = ok && fdslots_get_events(s, SLOT) == (POLLIN | POLLOUT) && look(SLOT) == 0;
    while (read(ends[1], data, sizeof data) > 0)
        ;
    ok = ok && look(SLOT) == POLLOUT && send_rest(s, SLOT, &out) == 0 && out.length == 0;
    return held(ok && fdslots_get_events(s, SLOT) == POLLIN && look(SLOT) == 0);
}

static enum outcome holding_back(void)
{
    bool ok = put(ends[1]) && set_interest(s, SLOT, false, false) == 0 && look(SLOT) == 0;
    ok = ok && set_interest(s, SLOT, true, false) == 0 && look(SLOT) == POLLIN;
    ok = ok && set_interest(s, SLOT, false, true) == 0 && look(SLOT) == POLLOUT;
    close(ends[1]);
    ends[1] = -1;
    return held(ok && set_interest(s, SLOT, false, false) == 0 && look(SLOT) == 0);
}

/* A client that waits for the listener in slot 0 to accept it. */
static int add_client(void)
{
    struct sockaddr_in name, own;
    socklen_t size = sizeof name;
    int client = tcp_socket(false, &own);
    if (getsockname(fdslots_get_fd(s, 0), (struct sockaddr *)&name, &size) < 0 ||
        (connect(client, (struct sockaddr *)&name, size) < 0 && errno != EINPROGRESS) ||
        wait_for(0) != POLLIN) {
        close(client);
        return -1;
    }
    return client;
}

/* The process may have one more fd than it has. */
static struct rlimit leave_one_fd(void)
{
    struct rlimit before, limit;
    int next = dup(ends[0]);
    close(next);
    getrlimit(RLIMIT_NOFILE, &before);
    limit = before;
    limit.rlim_cur = (rlim_t)next + 1;
    setrlimit(RLIMIT_NOFILE, &limit);
    return before;
}

static enum outcome accepting(void)
{
    struct sockaddr_in name;
    fdslots_set_index(s, 0, tcp_socket(true, &name), POLLIN);
    fdslots_invalidate_index(s, SLOT);
    int clients[3] = {add_client(), add_client(), -1};
    struct rlimit before = leave_one_fd();
    bool ok = clients[1] >= 0 && accept_all(s, 0) == 0 && fdslots_get_fd(s, 1) >= 0;
    ok = ok && fdslots_is_paused(s, 0) == 1 && look(0) == 0; /* though a client waits */
    setrlimit(RLIMIT_NOFILE, &before);
    fdslots_resume_index(s, 0);
    clients[2] = add_client();
    ok = ok && clients[2] >= 0 && accept_all(s, 0) == 0 && fdslots_get_fd(s, 2) >= 0;
    ok = ok && fdslots_is_paused(s, 0) == 0;
    for (uint32_t i = 0; i < 4; i++)
        fdslots_close_index(s, i);
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    return held(ok);
}

static enum outcome not_blocking(void)
{
    int pipe_ends[2];
    size_t taken = 0;
    if (pipe(pipe_ends) < 0)
        return FAIL;
    bool ok = set_nonblocking(pipe_ends[0]) == 0 && read_some(pipe_ends[0], &taken) == 1;
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return held(ok && set_nonblocking(-1) == -EBADF);
}

/* ---- Files ---- */

static int write_once(const char *path)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK);
    int rc = fd >= 0 && put(fd) ? 0 : -1;
    close(fd);
    return rc;
}

static enum outcome fifos(void)
{
    char directory[] = "/tmp/howto.XXXXXX", path[64];
    size_t taken = 0;
    if (mkdtemp(directory) == NULL)
        return FAIL;
    snprintf(path, sizeof path, "%s/fifo", directory);
    int fd = mkfifo(path, 0600) == 0 ? open_fifo(path) : -1;
    bool ok = fdslots_set_index(s, 9, fd, POLLIN) == 0 && look(9) == 0;
    ok = ok && write_once(path) == 0 && look(9) == POLLIN && read_some(fd, &taken) == 1;
    ok = ok && look(9) == 0; /* no POLLHUP, though nobody else has it open */
    int plain = open(path, O_RDONLY | O_NONBLOCK);
    fdslots_close_index(s, 9);
    fdslots_set_index(s, 9, plain, POLLIN);
    ok = ok && write_once(path) == 0 && read_some(plain, &taken) == 1 && look(9) == POLLHUP;
    fdslots_close_index(s, 9);
    unlink(path);
    rmdir(directory);
    return held(ok && taken == 2);
}

static enum outcome sysfs(void)
{
    char text[256];
    int fd = open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY);
    if (fd < 0)
        return SKIP;
    fdslots_set_index(s, 9, fd, POLLPRI);
    bool ok = look(9) == (POLLPRI | POLLERR);
    ok = ok && read_again(fd, text, sizeof text) > 0 && look(9) == 0;
    ok = ok && read_again(fd, text, sizeof text) > 0;
    fdslots_close_index(s, 9);
    return held(ok);
}

static enum outcome errors(void)
{
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    int on = 1, queued = 0, closed = socket(AF_INET, SOCK_DGRAM, 0);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    name = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(closed, (struct sockaddr *)&name, size) < 0 ||
        getsockname(closed, (struct sockaddr *)&name, &size) < 0 || close(closed) < 0 ||
        setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on) < 0)
        return SKIP;
    fdslots_set_index(s, 9, fd, POLLIN);
    bool ok = connect(fd, (struct sockaddr *)&name, size) == 0 && put(fd);
    ok = ok && wait_for(9) == POLLERR && take_errors(fd, &queued) == -ECONNREFUSED;
    ok = ok && queued == 1 && look(9) == 0;
    fdslots_close_index(s, 9);
    return held(ok);
}

static enum outcome held_data(void)
{
    return held(wait_with_data_held(s, true, FDSLOTS_FOREVER) == 0 && put(ends[1]) &&
                wait_with_data_held(s, false, FDSLOTS_FOREVER) == 1);
}

/* ---- Signals and time ---- */

static int steps;

static int count_step(struct fdslots *of)
{
    char byte;
    steps++;
    return read(fdslots_get_fd(of, SLOT), &byte, 1) == 1 ? raise(SIGTERM) : -errno;
}

static enum outcome signals(void)
{
    if (fdslots_has(FDSLOTS_HAS_PPOLL) != 1)
        return SKIP;
    const sigset_t mask = catch_in_waits(SIGTERM);
    bool ok = put(ends[1]) && run(s, &mask, count_step) == 0 && steps == 1 && caught == SIGTERM;
    signal(SIGTERM, SIG_DFL);
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_UNBLOCK, &term, NULL);
    return held(ok);
}

static enum outcome interrupted(void)
{
    uint32_t count = 9;
    bool ok = put(ends[1]) && look(SLOT) == POLLIN;
    ok = ok && wait_through(s, FDSLOTS_FOREVER) == 1;
    char byte;
    ok = read(ends[0], &byte, 1) == 1 && ok;
    ok = wait_through(s, now_ns() + 1000000) == 0 && ok;
    fdslots_ready(s, &count);
    return held(ok && count == 0 && fdslots_get_revents(s, SLOT) == 0);
}

static enum outcome timers(void)
{
    static struct deadline entries[CAPACITY];
    struct deadlines d = {.entries = entries};
    int64_t start = now_ns();
    deadlines_set(&d, 5, FDSLOTS_FOREVER - 1);
    deadlines_set(&d, SLOT, start + 1000000);
    fdslots_set_index(s, 5, dup(ends[0]), POLLIN);
    bool ok = wait_and_expire(s, &d) == 0 && now_ns() - start >= 1000000;
    ok = ok && fdslots_get_fd(s, SLOT) == -ENOENT && fdslots_get_fd(s, 5) >= 0;
    ends[0] = -1;
    ok = put(ends[1]) && wait_and_expire(s, &d) == 1 && fdslots_get_revents(s, 5) == POLLIN && ok;
    fdslots_close_index(s, 5);
    return held(ok);
}

/* ---- Threads and processes ---- */

static enum outcome handing_over(void)
{
    struct fdslots *to;
    atomic_int mailbox = -1;
    if (fdslots_create(4, 0, &to) < 0 || fdslots_waker_open(to, 0) < 0)
        return FAIL;
    bool ok = put(ends[1]) && hand_over(s, SLOT, to, &mailbox) == 0 && look(SLOT) == 0;
    ok = ok && fdslots_wait(to, FDSLOTS_FOREVER, NULL) == 1;
    ok = ok && take_over(to, &mailbox) == 1 && fdslots_get_fd(to, 1) == ends[0];
    ok = ok && fdslots_wait(to, 0, NULL) == 1 && fdslots_get_revents(to, 1) == POLLIN;
    ok = ok && hand_over(s, SLOT, to, &mailbox) == -ENOENT;
    fdslots_destroy(to);
    return held(ok);
}

static int receive_fd(int channel)
{
    char byte, control[256];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    int fd = -1;
    struct cmsghdr *header = recvmsg(channel, &message, 0) == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL)
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

static enum outcome giving_away(void)
{
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel) < 0)
        return FAIL;
    fdslots_epoll_wait(s, 0); /* registered, where there is epoll */
    bool ok = give_away(s, SLOT, channel[0]) == 0 && fdslots_get_fd(s, SLOT) == -ENOENT;
    int other = dup(channel[0]); /* takes the number that was closed */
    ends[0] = receive_fd(channel[1]);
    close(other);
    struct fdslots_stats stats;
    ok = put(ends[1]) && fdslots_wait(s, 0, NULL) == 0 && ok;
    fdslots_epoll_wait(s, 0);
    ok = fdslots_get_stats(s, &stats, sizeof stats) == 0 && ok;
    ok = ok && stats.ghosts_dropped == 0 && stats.rebuilds == 0;
    close(channel[0]);
    close(channel[1]);
    return held(ok && fcntl(ends[0], F_GETFD) >= 0);
}

/* ---- Slots ---- */

static enum outcome moving(void)
{
    bool ok = put(ends[1]) && look(SLOT) == POLLIN && move_slot(s, SLOT, 7) == 0;
    ok = ok && fdslots_get_revents(s, 7) == 0 && look(7) == POLLIN;
    ok = ok && fdslots_get_fd(s, SLOT) == -ENOENT && fdslots_get_fd(s, 7) == ends[0];
    fdslots_pause_index(s, 7);
    ok = ok && move_slot(s, 7, CAPACITY) == -EINVAL && fdslots_get_fd(s, 7) == ends[0];
    return held(ok && move_slot(s, 7, SLOT) == 0 && fdslots_is_paused(s, SLOT) == 1);
}

static enum outcome shrinking(void)
{
    int64_t generation = fdslots_get_generation(s, SLOT);
    bool ok = generation >= 0 && shrink(&s, SLOT) == -EBUSY && fdslots_capacity(s) == CAPACITY;
    ok = ok && shrink(&s, SLOT + 1) == 0 && fdslots_capacity(s) == SLOT + 1;
    fdslots_invalidate_index(s, SLOT);
    return held(ok && shrink(&s, 1) == 0 && fdslots_get_generation(s, SLOT) == -EINVAL);
}

static int calls;

/* The first call fills a slot, empties one whose turn is to come, and goes on. */
static int change(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)arg, (void)revents;
    if (calls++ == 0) {
        fdslots_set_index(s, 9, fd, POLLOUT);
        fdslots_invalidate_index(s, index == SLOT ? 5 : SLOT);
    }
    return 0;
}

static int resize(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)arg, (void)index, (void)fd, (void)revents;
    return calls++ == 0 ? fdslots_resize(&s, 2 * CAPACITY) : 0;
}

static enum outcome callbacks(void)
{
    fdslots_set_index(s, 5, ends[0], POLLOUT);
    bool ok = put(ends[1]) && fdslots_wait(s, 0, NULL) == 2;
    ok = ok && fdslots_iter_ready(s, resize, NULL) == 0 && calls == 1;
    ok = ok && fdslots_iter_ready(s, resize, NULL) == 0 && calls == 3; /* over again, both */
    calls = 0;
    ok = ok && fdslots_iter_ready(s, change, NULL) == 0 && calls == 1;
    return held(ok && look(9) == POLLOUT);
}

static const struct {
    const char *section;
    enum outcome (*check)(void);
} checks[] = {
    {"A peer that has closed", a_peer_that_has_closed},
    {"Connecting without blocking", connecting},
    {"When to want POLLOUT", sending},
    {"A peer that is too fast", holding_back},
    {"accept and EMFILE", accepting},
    {"O_NONBLOCK, and why", not_blocking},
    {"A FIFO that reports POLLHUP for ever", fifos},
    {"Files of sysfs and procfs", sysfs},
    {"POLLERR that does not go away", errors},
    {"Data that no wait reports", held_data},
    {"Ending on SIGTERM", signals},
    {"-EINTR though no handler ran", interrupted},
    {"Timers and deadlines", timers},
    {"Many threads", handing_over},
    {"An fd for another process", giving_away},
    {"Moving an fd to another index", moving},
    {"Growing and shrinking", shrinking},
    {"Inside a callback", callbacks},
};

int main(void)
{
    static const char *const words[] = {"FAIL", "PASS", "SKIP"};
    int failed = 0;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        enum outcome outcome = set_up() ? checks[i].check() : FAIL;
        printf("%s %s\n", words[outcome], checks[i].section);
        failed |= outcome == FAIL;
        fdslots_destroy(s);
        close(ends[0]);
        close(ends[1]);
    }
    return failed;
}
