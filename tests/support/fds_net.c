/* SPDX-License-Identifier: ISC
 *
 * Sockets that talk to the kernel, a tunnel device, and UDP over IPv6.
 */
#include "fds_kinds.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROTOCOL 0x88b5 /* reserved for experiments, so that no other frames arrive */

/* ---- netlink ---- */

static void routes_idle(struct subject *f)
{
    f->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static void routes_answer(struct subject *f)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg body;
    } question = {{.nlmsg_len = sizeof question,
                   .nlmsg_type = RTM_GETLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                  {.ifi_family = AF_UNSPEC}};
    routes_idle(f);
    if (f->fd >= 0 && send(f->fd, &question, sizeof question, 0) > 0)
        fds_await(f->fd, POLLIN);
}

/* ---- frames ---- */

/* Returns -1 without the necessary privilege. */
static int bound_to(const char *interface)
{
    const struct sockaddr_ll a = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(PROTOCOL),
                                  .sll_ifindex = (int)if_nametoindex(interface)};
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        MUST(bind(fd, (const struct sockaddr *)&a, sizeof a));
    return fd;
}

static void frames_idle(struct subject *f)
{
    f->fd = bound_to("lo");
}

static void frames_data(struct subject *f)
{
    frames_idle(f);
    if (f->fd < 0)
        return;
    fds_put(f->fd, "data"); /* the loopback returns it */
    fds_await(f->fd, POLLIN);
}

/* ---- a tunnel ---- */

/* Make a subject in a network namespace of its own, so that nothing else sees it. The fd stays
 * there. */
static void in_own_net(struct subject *f, void (*make)(struct subject *f))
{
    int before = MUST(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    if (unshare(CLONE_NEWNET) == 0) {
        make(f);
        MUST(setns(before, CLONE_NEWNET));
    }
    MUST(close(before));
}

static void tunnel(struct subject *f)
{
    f->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static void tunnel_down(struct subject *f)
{
    struct ifreq request = {.ifr_name = "fdslots", .ifr_flags = IFF_TUN | IFF_NO_PI};
    tunnel(f);
    if (f->fd >= 0)
        MUST(ioctl(f->fd, TUNSETIFF, &request));
}

/* IPv6 is off, because it would look for routers. */
static void tunnel_up(struct subject *f)
{
    struct ifreq request = {.ifr_name = "fdslots", .ifr_flags = IFF_UP};
    tunnel_down(f);
    if (f->fd < 0)
        return;
    int quiet = open("/proc/sys/net/ipv6/conf/fdslots/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (quiet >= 0) {
        fds_put(quiet, "1");
        MUST(close(quiet));
    }
    int any = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    MUST(ioctl(any, SIOCSIFFLAGS, &request));
    MUST(close(any));
}

static void tunnel_data(struct subject *f)
{
    tunnel_up(f);
    int sender = f->fd < 0 ? -1 : bound_to("fdslots");
    if (sender < 0)
        return;
    fds_put(sender, "data");
    MUST(close(sender));
    fds_await(f->fd, POLLIN);
}

static void own_tunnel(struct subject *f)
{
    in_own_net(f, tunnel);
}

static void own_tunnel_down(struct subject *f)
{
    in_own_net(f, tunnel_down);
}

static void own_tunnel_up(struct subject *f)
{
    in_own_net(f, tunnel_up);
}

static void own_tunnel_data(struct subject *f)
{
    in_own_net(f, tunnel_data);
}

/* ---- UDP over IPv6 ---- */

/* A socket that is connected to itself. */
static void udp6_idle(struct subject *f)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    socklen_t length = sizeof a;
    f->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (f->fd < 0)
        return;
    if (bind(f->fd, (const struct sockaddr *)&a, sizeof a) < 0) {
        close(f->fd);
        f->fd = -1;
        return;
    }
    MUST(getsockname(f->fd, (struct sockaddr *)&a, &length));
    MUST(connect(f->fd, (const struct sockaddr *)&a, sizeof a));
}

static void udp6_data(struct subject *f)
{
    udp6_idle(f);
    if (f->fd < 0)
        return;
    fds_put(f->fd, "data");
    fds_await(f->fd, POLLIN);
}

static const struct fd_kind rows[] = {
    {"netlink, idle", routes_idle},
    {"netlink, answer", routes_answer},
    {"packet socket, idle", frames_idle},
    {"packet socket, data", frames_data},
    {"tunnel without interface", own_tunnel},
    {"tunnel, down", own_tunnel_down},
    {"tunnel, up", own_tunnel_up},
    {"tunnel, data", own_tunnel_data},
    {"UDP over IPv6, idle", udp6_idle},
    {"UDP over IPv6, data", udp6_data},
};
const struct fd_kinds net_kinds = FD_KINDS(rows);
