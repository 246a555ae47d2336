/* SPDX-License-Identifier: ISC
 *
 * Some states are visible to poll(2), but the kernel wakes no waiter when they begin. An epoll wait
 * must report them, too. The states last, so poll(2) can be asked after the wait.
 */
#include "child.h"
#include "kernel.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define NSLOTS    300
#define LONG_TIME INT64_C(1000000000) /* for an event that wakes no waiter; no test measures it */

/* Every test here runs in a child, some of them in namespaces of their own. */
static const struct entry *e;
static struct fdslots *s;
static int fd;
static int helper; /* another fd that the state depends on */

#define MUST_OR_SKIP(call)                                                                         \
    do {                                                                                           \
        if ((call) < 0) {                                                                          \
            dprintf(STDOUT_FILENO, "skipped: %s: %s\n", #call, strerror(errno));                   \
            _exit(EXIT_SUCCESS);                                                                   \
        }                                                                                          \
    } while (0)

/* ---- terminals ---- */

static void open_packet_master(void)
{
    const int on = 1;
    CHILD_EXPECT(openpty(&fd, &helper, NULL, NULL, NULL), 0);
    CHILD_EXPECT(ioctl(fd, TIOCPKT, &on), 0);
}

static void stop_output(void)
{
    CHILD_EXPECT(tcflow(helper, TCOOFF), 0);
}

static void write_line(void)
{
    CHILD_EXPECT(write(helper, "x\n", 2), 2);
}

static void open_stopped_slave(void)
{
    CHILD_EXPECT(openpty(&helper, &fd, NULL, NULL, NULL), 0);
    CHILD_EXPECT(tcflow(fd, TCOOFF), 0);
}

static void start_output(void)
{
    CHILD_EXPECT(tcflow(fd, TCOON), 0);
}

/* ---- the log of the kernel ---- */

static void open_log(void)
{
    MUST_OR_SKIP(fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    MUST_OR_SKIP(lseek(fd, 0, SEEK_END));
}

static void rewind_log(void)
{
    CHILD_EXPECT(lseek(fd, 0, SEEK_SET), 0);
}

/* ---- a control group ---- */

#define GROUPS "/proc/fs" /* any directory serves, because the mount is visible only here */
static char group[64];

static void open_group(void)
{
    char path[128];
    MUST_OR_SKIP(unshare(CLONE_NEWNS));
    MUST_OR_SKIP(mount("none", "/", "none", MS_REC | MS_PRIVATE, ""));
    MUST_OR_SKIP(mount("fdslots", GROUPS, "cgroup2", 0, ""));
    snprintf(group, sizeof group, GROUPS "/fdslots-%d", (int)getpid());
    MUST_OR_SKIP(mkdir(group, 0755));
    snprintf(path, sizeof path, "%s/cgroup.events", group);
    MUST_OR_SKIP(fd = open(path, O_RDONLY | O_CLOEXEC));
    CHILD_EXPECT(read(fd, path, sizeof path) > 0, true);
}

static void remove_group(void)
{
    CHILD_EXPECT(rmdir(group), 0);
}

/* ---- a network interface made of an fd ---- */

static struct ifreq request;

/* Ensures that only the test sends packets through the interface. */
static void silence_the_kernel(void)
{
    int knob = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (knob < 0)
        return; /* there is no IPv6, or no permission to disable it */
    CHILD_EXPECT(write(knob, "1", 1), 1);
    close(knob);
}

static void open_tun(void)
{
    MUST_OR_SKIP(unshare(CLONE_NEWNET));
    silence_the_kernel();
    MUST_OR_SKIP(fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    MUST_OR_SKIP(helper = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static struct sockaddr_in address(uint32_t host)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(host)};
}

static void ask(unsigned long what, uint32_t host)
{
    const struct sockaddr_in to = address(host);
    memcpy(&request.ifr_addr, &to, sizeof to);
    CHILD_EXPECT(ioctl(helper, what, &request), 0);
}

static void send_packet(void)
{
    const struct sockaddr_in to = address(0x0a630002);
    CHILD_EXPECT(sendto(helper, "x", 1, 0, (const struct sockaddr *)&to, sizeof to), 1);
}

/* Before this, nothing exists that could wake a waiter. */
static void connect_tun(void)
{
    strcpy(request.ifr_name, "tun0");
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    MUST_OR_SKIP(ioctl(fd, TUNSETIFF, &request));
    ask(SIOCSIFADDR, 0x0a630001);
    ask(SIOCSIFNETMASK, 0xff000000);
    request.ifr_flags = IFF_UP;
    CHILD_EXPECT(ioctl(helper, SIOCSIFFLAGS, &request), 0);
}

static void connect_and_send(void)
{
    connect_tun();
    CHILD_EXPECT(e->wait(s, 0, NULL) >= 0, true); /* IPv6, if present, may have sent a packet */
    send_packet();
}

static void end_group(void)
{
    rmdir(group);
}

static void nothing(void)
{
}

static const struct subject {
    const char *name;
    void (*open)(void);
    void (*change)(void);
    void (*end)(void);
    int events;
} subjects[] = {
    {"pty in packet mode", open_packet_master, stop_output, nothing, POLLPRI},
    {"pty in packet mode, data", open_packet_master, write_line, nothing, POLLIN | POLLPRI},
    {"terminal", open_stopped_slave, start_output, nothing, POLLWRNORM},
    {"terminal, all", open_stopped_slave, start_output, nothing, POLLOUT | POLLWRNORM | POLLPRI},
    {"/dev/kmsg", open_log, rewind_log, nothing, POLLIN},
    {"cgroup.events", open_group, remove_group, end_group, POLLPRI},
    {"tun", open_tun, connect_and_send, nothing, POLLIN},
};
static const struct subject *subject;

/* ---- states of the slot when the file changes ---- */

static void set(uint32_t flags)
{
    CHILD_EXPECT(fdslots_set_index(s, 0, fd, (uint32_t)subject->events | flags), 0);
}

static void set_only(void)
{
    set(0);
}

/* The file may already report something, as a tun device does before it has an interface. */
static void set_and_wait(void)
{
    set(0);
    CHILD_EXPECT(e->wait(s, 0, NULL) >= 0, true);
}

static void set_with_edge(void)
{
    set(FDSLOTS_EDGE);
    CHILD_EXPECT(e->wait(s, 0, NULL) >= 0, true);
}

static void wait_with_others(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 1, eventfd(0, EFD_CLOEXEC), POLLIN), 0);
    for (uint32_t i = 2; i < NSLOTS; i++)
        CHILD_EXPECT(fdslots_set_index(s, i, fdslots_get_fd(s, 1), POLLIN), 0);
    set(0);
    for (int again = 0; again < 20; again++)
        CHILD_EXPECT(e->wait(s, 0, NULL) >= 0, true);
}

static void made_anew(void)
{
    set_and_wait();
    CHILD_EXPECT(fdslots_rebuild(s), 0);
    CHILD_EXPECT(fdslots_epoll_fd(s) >= 0, true);
}

static const struct {
    void (*before)(void);
    uint32_t flags;
    bool by_epoll_alone;
} ways[] = {
    {set_only, 0, false},         {set_and_wait, 0, false}, {set_with_edge, 0, true},
    {wait_with_others, 0, false}, {made_anew, 0, false},    {set_and_wait, FDSLOTS_CHECK, false},
};
#define WAYS LENGTH(ways)

static void looks(int64_t timeout_ns)
{
    struct pollfd want = {.fd = fd, .events = (short)subject->events};
    int rc = e->wait(s, timeout_ns, NULL);
    CHILD_EXPECT(poll(&want, 1, 0), 1);
    if (rc == 1 && fdslots_get_revents(s, 0) == want.revents)
        return;
    fprintf(stderr, "%s by %s: %d ready, revents %#x, not %#x\n", subject->name, e->name, rc,
            (unsigned)fdslots_get_revents(s, 0), (unsigned)want.revents);
    _exit(EXIT_FAILURE);
}

static int way;

static void change_before_the_wait(void)
{
    CHILD_EXPECT(fdslots_create(NSLOTS, ways[way].flags, &s), 0);
    subject->open();
    ways[way].before();
    subject->change();
    looks(LONG_TIME);
    looks(0);
    looks(FDSLOTS_FOREVER);
}

START_TEST(a_wait_looks)
{
    if (child_case_left_out(_i))
        return;
    e = entry_at(_i % entry_count());
    way = _i / entry_count() % WAYS;
    subject = &subjects[_i / entry_count() / WAYS];
    if (e->is_epoll || !ways[way].by_epoll_alone)
        child_run(change_before_the_wait);
}
END_TEST

static void looks_in_a_child(void)
{
    looks(LONG_TIME);
}

static void change_before_the_fork(void)
{
    CHILD_EXPECT(fdslots_create(NSLOTS, 0, &s), 0);
    subject->open();
    set_and_wait();
    subject->change();
    child_run(looks_in_a_child);
}

START_TEST(a_child_looks)
{
    if (child_case_left_out(_i))
        return;
    e = entry_at(_i % entry_count());
    subject = &subjects[_i / entry_count()];
    child_run(change_before_the_fork);
}
END_TEST

/* ---- events that do wake a sleeping poll(2) ---- */

/* The group is no longer empty, and cgroup.events says so. */
static void enter_group(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/cgroup.procs", group);
    int procs = open(path, O_WRONLY | O_CLOEXEC);
    CHILD_EXPECT(procs >= 0 && write(procs, "0", 1) == 1, true);
    snprintf(path, sizeof path, GROUPS "/cgroup.procs");
    procs = open(path, O_WRONLY | O_CLOEXEC);
    CHILD_EXPECT(procs >= 0 && write(procs, "0", 1) == 1, true);
}

static void open_tun_at_work(void)
{
    open_tun();
    connect_tun();
}

static const struct subject wakers[] = {
    {"pty in packet mode", open_packet_master, write_line, nothing, POLLIN},
    {"terminal", open_stopped_slave, start_output, nothing, POLLOUT},
    {"cgroup.events", open_group, enter_group, end_group, POLLPRI},
    {"tun", open_tun_at_work, send_packet, nothing, POLLIN},
};

static void change_in_the_sleep(void)
{
    CHILD_EXPECT(fdslots_create(NSLOTS, 0, &s), 0);
    subject->open();
    if (way == 0)
        set_only();
    else
        set_and_wait();
    pid_t pid = child_when_asleep(subject->change);
    looks(FDSLOTS_FOREVER);
    child_end(pid);
    subject->end();
}

START_TEST(a_sleeper_is_woken)
{
    if (child_case_left_out(_i))
        return;
    e = entry_at(_i % entry_count());
    way = _i / entry_count() % 2;
    subject = &wakers[_i / entry_count() / 2];
    child_run(change_in_the_sleep);
}
END_TEST

Suite *suite_no_wake(void)
{
    Suite *suite = suite_create("no wake");
    if (!have_epoll())
        return suite;
    const int entries = entry_count();
    TCase *tcase = add_case(suite, "no wake");
    tcase_add_loop_test(tcase, a_wait_looks, 0, LENGTH(subjects) * WAYS * entries);
    tcase_add_loop_test(tcase, a_child_looks, 0, LENGTH(subjects) * entries);
    tcase_add_loop_test(tcase, a_sleeper_is_woken, 0, 2 * LENGTH(wakers) * entries);
    return suite;
}
