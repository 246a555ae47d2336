/* SPDX-License-Identifier: ISC
 *
 * The functions in fdslots-howto(7), compiled as they stand there, do what the page says. Each
 * check returns whether it held, or SKIP where the system lacks what it needs.
 */
#include "man/howto.h"

#include "env.h"

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

static void drain_peer(void)
{
    static char data[65536];
    while (read(ends[1], data, sizeof data) > 0)
        ;
}

/* Fill the socket, and the outbox with what it does not take. */
static bool overfill(struct outbox *out)
{
    int rc;
    do {
        out->length = sizeof out->data;
        rc = send_rest(s, SLOT, out);
    } while (rc == 1 && out->length < sizeof out->data);
    return rc == 1;
}

static enum outcome sending(void)
{
    static struct outbox out;
    bool ok = overfill(&out) && fdslots_get_events(s, SLOT) == POLLOUT && look(SLOT) == 0;
    out.length = 5;
    ok = ok && send_rest(s, SLOT, &out) == 1 && out.length == 5;
    ok = ok && fdslots_get_events(s, SLOT) == (POLLIN | POLLOUT) && look(SLOT) == 0;
    drain_peer();
    ok = ok && look(SLOT) == POLLOUT && send_rest(s, SLOT, &out) == 1 && out.length == 0;
    ok = ok && fdslots_get_events(s, SLOT) == POLLIN && look(SLOT) == 0;
    shutdown(ends[1], SHUT_WR);
    ok = ok && receive(ends[0], &out) == 0 && out.is_over && send_rest(s, SLOT, &out) == 0;
    ok = ok && fdslots_is_paused(s, SLOT) == 1 && look(SLOT) == 0;
    close(ends[1]);
    ends[1] = -1;
    out.length = 1;
    return held(ok && send_rest(s, SLOT, &out) == -EPIPE);
}

/* A full outbox reads nothing, and reads on once there is room. */
static enum outcome holding_back(void)
{
    static struct outbox out;
    bool ok = overfill(&out) && put(ends[1]) && look(SLOT) == 0;
    ok = ok && receive(ends[0], &out) == 0 && out.length == sizeof out.data;
    drain_peer();
    ok = ok && look(SLOT) == POLLOUT && send_rest(s, SLOT, &out) == 1;
    drain_peer();
    ok = ok && send_rest(s, SLOT, &out) == 1 && out.length == 0 && look(SLOT) == POLLIN;
    ok = ok && receive(ends[0], &out) == 0 && out.length == 1;
    ok = ok && set_interest(s, SLOT, false, false) == 0 && look(SLOT) == 0;
    ok = ok && set_interest(s, SLOT, true, false) == 0 && fdslots_is_paused(s, SLOT) == 0;
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

static enum outcome listening(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr *at = (const struct sockaddr *)&name;
    socklen_t size = sizeof name;
    fdslots_invalidate_index(s, SLOT);
    int used = dup(ends[0]);
    close(used);
    bool ok = start_listen(s, CAPACITY, at, size) == -EINVAL && dup(ends[0]) == used;
    close(used);
    ok = ok && start_listen(s, 0, at, size) == 0;
    int listener = fdslots_get_fd(s, 0);
    ok = ok && accept4(listener, NULL, NULL, 0) < 0 && errno == EAGAIN;
    getsockname(listener, (struct sockaddr *)&name, &size);
    ok = ok && start_listen(s, 1, at, size) == -EADDRINUSE && fdslots_get_fd(s, 1) == -ENOENT;
    int client = add_client();
    ok = ok && client >= 0 && look(0) == POLLIN;
    close(client);
    fdslots_close_index(s, 0);
    return held(ok);
}

/* The listener in slot 0 is paused, and the time for it comes in a wait, which finds this much. */
static bool resumed_in_time(int ready)
{
    pause_listener(s, 0);
    retry_ns = now_ns() + (ready == 0 ? 1000000 : -1);
    bool ok = wait_and_retry(s, 0) == ready && retry_ns == FDSLOTS_FOREVER;
    return ok && fdslots_is_paused(s, 0) == 0;
}

static bool stays_paused(void)
{
    fdslots_set_index(s, 9, ends[1], POLLOUT);
    bool ok = pause_listener(s, 0) == 0 && retry_ns > now_ns() && retry_ns != FDSLOTS_FOREVER;
    retry_ns = FDSLOTS_FOREVER - 1;
    ok = ok && wait_and_retry(s, 0) == 1 && fdslots_is_paused(s, 0) == 1;
    ok = ok && resumed_in_time(1);
    fdslots_invalidate_index(s, 9);
    return ok && resumed_in_time(0);
}

static enum outcome accepting(void)
{
    struct sockaddr_in name;
    if (under_valgrind())
        return SKIP; /* accepts the connection before it answers EMFILE */
    fdslots_set_index(s, 0, tcp_socket(true, &name), POLLIN);
    fdslots_invalidate_index(s, SLOT);
    bool ok = stays_paused();
    int clients[3] = {add_client(), add_client(), -1};
    struct rlimit before = leave_one_fd();
    ok = ok && clients[1] >= 0 && accept_all(s, 0) == 0 && fdslots_get_fd(s, 1) >= 0;
    ok = ok && fdslots_is_paused(s, 0) == 1 && look(0) == 0; /* though a client waits */
    ok = ok && retry_ns > now_ns() && retry_ns != FDSLOTS_FOREVER;
    ok = ok && close_connection(s, 1, 0) == 0 && retry_ns == FDSLOTS_FOREVER && look(0) == POLLIN;
    setrlimit(RLIMIT_NOFILE, &before);
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

static enum outcome standard_input(void)
{
    char text[8];
    int pipe_ends[2];
    if (pipe(pipe_ends) < 0)
        return FAIL;
    fdslots_set_index(s, 9, pipe_ends[0], POLLIN);
    bool ok = put(pipe_ends[1]) && look(9) == POLLIN && read_input(s, 9, text, sizeof text) == 1;
    close(pipe_ends[1]);
    ok = ok && look(9) == POLLHUP && read_input(s, 9, text, sizeof text) == 0;
    ok = ok && fdslots_get_fd(s, 9) == -ENOENT && fcntl(pipe_ends[0], F_GETFD) >= 0;
    close(pipe_ends[0]);
    return held(ok && read_input(s, 9, text, sizeof text) == -EBADF);
}

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

static int take_byte(struct fdslots *of)
{
    char byte;
    steps++;
    return read(fdslots_get_fd(of, SLOT), &byte, 1) == 1 ? raise(SIGTERM) : -errno;
}

/* The slot stays ready. */
static int stay_busy(struct fdslots *of)
{
    (void)of;
    return ++steps < 9 ? raise(SIGTERM) : -ECANCELED;
}

static int fail_step(struct fdslots *of)
{
    (void)of;
    return -EIO;
}

/* Two signals one after the other, which no slot announces. */
static void pass_on(int signo)
{
    (void)signo;
    raise(SIGTERM);
}

static bool ends_without_a_slot(const sigset_t *mask)
{
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    signal(SIGUSR1, pass_on);
    raise(SIGUSR1);
    fdslots_invalidate_index(s, SLOT);
    bool ok = run(s, mask, fail_step) == 0 && caught == SIGTERM;
    signal(SIGUSR1, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &usr1, NULL);
    return ok;
}

static enum outcome signals(void)
{
    if (fdslots_has(FDSLOTS_HAS_PPOLL) != 1 || under_valgrind())
        return SKIP; /* valgrind delivers one of two nested signals late */
    const sigset_t mask = catch_in_waits();
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    bool ok = put(ends[1]) && run(s, &mask, fail_step) == -EIO;
    ok = ok && run(s, &mask, stay_busy) == 0 && steps == 1 && caught == 0;
    sigprocmask(SIG_UNBLOCK, &term, NULL);
    ok = ok && caught == SIGTERM && run(s, &mask, stay_busy) == 0 && steps == 1;
    sigprocmask(SIG_BLOCK, &term, NULL);
    caught = 0;
    ok = ok && run(s, &mask, take_byte) == 0 && steps == 2;
    sigtimedwait(&term, NULL, &(struct timespec){0}); /* takes the one that is pending */
    ok = ok && ends_without_a_slot(&mask);
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

static enum outcome equal_timeouts(void)
{
    static struct turn turns[CAPACITY];
    uint32_t first;
    bool ok = first_deadline(turns, 5, &first) == FDSLOTS_FOREVER && first == 0;
    for (uint32_t i = 1; i <= 3; i++)
        enter(turns, i);
    leave(turns, 1);
    enter(turns, 1);
    ok = ok && first_deadline(turns, 5, &first) == turns[2].used_ns + 5 && first == 2;
    leave(turns, 3);
    leave(turns, 2);
    ok = ok && first_deadline(turns, 5, &first) == turns[1].used_ns + 5 && first == 1;
    leave(turns, 1);
    return held(ok && first_deadline(turns, 5, &first) == FDSLOTS_FOREVER);
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

static struct done results = {.lock = PTHREAD_MUTEX_INITIALIZER};
static struct job *given[2];
static int answered, answers;

static bool is_blocked(int signo)
{
    sigset_t mask;
    return pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, signo) == 1;
}

/* The result of the jobs is whether the worker takes no signal. */
static void *work(void *arg)
{
    for (int i = 0; i < 2; i++) {
        given[i]->result = is_blocked(SIGTERM);
        put_done(arg, &results, given[i]);
    }
    return NULL;
}

static struct job *new_job(uint32_t index)
{
    struct job *job = malloc(sizeof *job);
    if (job != NULL)
        *job = (struct job){.index = index, .generation = fdslots_get_generation(s, index)};
    return job;
}

static void count_answer(struct fdslots *of, const struct job *job)
{
    answers++;
    answered += fdslots_get_fd(of, job->index) == ends[0] ? job->result : 100;
}

static enum outcome working(void)
{
    pthread_t worker;
    given[0] = new_job(SLOT);
    given[1] = new_job(9);
    fdslots_set_index(s, 9, ends[0], POLLIN); /* another owner */
    if (given[0] == NULL || given[1] == NULL || fdslots_waker_open(s, 0) < 0 ||
        start_worker(&worker, work, s) < 0)
        return FAIL;
    bool ok = !is_blocked(SIGTERM) && wait_for(0) == POLLIN;
    pthread_join(worker, NULL);
    take_done(s, &results, count_answer);
    return held(ok && answers == 1 && answered == 1 && results.jobs == NULL && look(0) == 0);
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

/* ---- Other loops ---- */

/* The first call fills a slot that is ready. */
static int fill_one(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)fd, (void)revents;
    ++*(int *)arg;
    return index == SLOT ? fdslots_set_index(s, 9, ends[1], POLLOUT) : 0;
}

static bool shows(int fd)
{
    struct pollfd outer = {.fd = fd, .events = POLLIN};
    return poll(&outer, 1, 0) == 1;
}

static enum outcome nesting(void)
{
    if (fdslots_has(FDSLOTS_HAS_EPOLL) != 1)
        return SKIP;
    char byte;
    int served = 0;
    int fd = fdslots_epoll_fd(s);
    bool ok = fd >= 0 && !shows(fd) && put(ends[1]) && shows(fd);
    ok = ok && serve_nested(s, fill_one, &served) == fd && served == 1;
    ok = ok && read(ends[0], &byte, 1) == 1 && shows(fd); /* the slot that was filled */
    ok = ok && serve_nested(s, fill_one, &served) == fd && served == 2 && shows(fd);
    fdslots_invalidate_index(s, 9);
    ok = ok && shows(fd) && fdslots_epoll_fd(s) == fd && !shows(fd);
    fdslots_set_index(s, 9, ends[1], POLLOUT);
    ok = ok && !shows(fd) && fdslots_wait(s, 0, NULL) == 1;
    ok = ok && serve_nested(s, fill_one, &served) == fd && served == 3 && shows(fd);
    fdslots_set_index(s, 9, open("/dev/null", O_RDONLY), POLLIN);
    ok = ok && fdslots_epoll_fd(s) == fd && !shows(fd);
    ok = ok && serve_nested(s, fill_one, &served) == fd && served == 4;
    fdslots_close_index(s, 9);
    return held(ok);
}

/* ---- Slots ---- */

static enum outcome more_fds(void)
{
    struct rlimit before, limit;
    getrlimit(RLIMIT_NOFILE, &before);
    limit = before;
    limit.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &limit);
    bool ok = raise_fd_limit() == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0;
    setrlimit(RLIMIT_NOFILE, &before);
    return held(ok && limit.rlim_cur == before.rlim_max && limit.rlim_max == before.rlim_max);
}

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

/* A resize ends an iteration, with one slot of two visited. What a wait says of them then. */
static bool waits_again(uint32_t flags)
{
    calls = 0;
    fdslots_set_index(s, SLOT, ends[0], POLLIN | flags);
    fdslots_set_index(s, 5, ends[0], POLLOUT | flags);
    bool ok = fdslots_wait(s, 0, NULL) == 2 && fdslots_iter_ready(s, resize, NULL) == 0;
    ok = ok && calls == 1 && fdslots_wait(s, 0, NULL) == (flags == 0 ? 2 : 0);
    calls = 0;
    return ok;
}

/* Whether the slot is dropped once where the peer takes no more, though it has sent something. */
static bool drops_once(struct server *server)
{
    server->outboxes[SLOT].length = 1;
    fdslots_set_events(s, SLOT, POLLIN | POLLOUT);
    shutdown(ends[1], SHUT_RD);
    bool ok = put(ends[1]) && (look(SLOT) & (POLLIN | POLLOUT)) == (POLLIN | POLLOUT);
    ok = ok && fdslots_iter_ready(s, write_and_read, server) == 0 && server->connections == 1;
    ends[0] = -1;
    return ok && fdslots_get_fd(s, SLOT) == -ENOENT;
}

/* Whether a peer gets back what it sent before it ends, and its slot is dropped then. */
static bool serves_to_the_end(struct server *server)
{
    int other[2];
    char byte;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, other) < 0)
        return false;
    fdslots_set_index(s, 9, other[0], POLLIN);
    bool ok = put(other[1]) && look(9) == POLLIN;
    ok = ok && fdslots_iter_ready(s, write_and_read, server) == 0 && read(other[1], &byte, 1) == 1;
    shutdown(other[1], SHUT_WR);
    ok = ok && look(9) == POLLIN && fdslots_iter_ready(s, write_and_read, server) == 0;
    ok = ok && fdslots_get_fd(s, 9) == -ENOENT && server->connections == 0;
    close(other[1]);
    return ok;
}

static enum outcome rereading(void)
{
    struct server server = {.s = s, .outboxes = calloc(CAPACITY, sizeof(struct outbox))};
    server.connections = 2;
    bool ok = server.outboxes != NULL && drops_once(&server) && serves_to_the_end(&server);
    free(server.outboxes);
    return held(ok);
}

static enum outcome callbacks(void)
{
    if (!put(ends[1]) || !waits_again(0) || !waits_again(FDSLOTS_ONESHOT))
        return FAIL;
    fdslots_set_index(s, SLOT, ends[0], POLLIN);
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
    {"Listening", listening},
    {"accept and EMFILE", accepting},
    {"O_NONBLOCK, and why", not_blocking},
    {"Standard input, output and error in a slot", standard_input},
    {"A FIFO that reports POLLHUP for ever", fifos},
    {"Files of sysfs and procfs", sysfs},
    {"POLLERR that does not go away", errors},
    {"Data that no wait reports", held_data},
    {"Ending on SIGTERM", signals},
    {"-EINTR though no handler ran", interrupted},
    {"Timers and deadlines", timers},
    {"Timers and deadlines: equal timeouts", equal_timeouts},
    {"Many threads", handing_over},
    {"A thread that works", working},
    {"An fd for another process", giving_away},
    {"A buffer inside another loop", nesting},
    {"Which capacity to take", more_fds},
    {"Moving an fd to another index", moving},
    {"Growing and shrinking", shrinking},
    {"Inside a callback", callbacks},
    {"Inside a callback: revents read again", rereading},
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
