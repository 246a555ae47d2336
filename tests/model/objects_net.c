/* SPDX-License-Identifier: ISC
 *
 * Sockets that talk to the kernel, and a tunnel device. Interfaces are made only in a network
 * namespace of the test's own.
 */
#include "namespaces.h"
#include "object_kinds.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROTOCOL 0x88b5 /* reserved for experiments, so that no other frames arrive */

/* ---- netlink ---- */

static int open_netlink(struct object *o)
{
    const struct sockaddr_nl any = {.nl_family = AF_NETLINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd >= 0)
        (void)!bind(fd, (const struct sockaddr *)&any, sizeof any);
    return object_keep(o, fd, -1);
}

/* The kernel answers at once. */
static void act_netlink(struct object *o)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg body;
    } question = {{.nlmsg_len = sizeof question,
                   .nlmsg_type = RTM_GETLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                  {.ifi_family = AF_UNSPEC}};
    (void)!send(o->fd, &question, sizeof question, 0);
}

/* ---- packet sockets ---- */

static int bound_to(unsigned interface)
{
    const struct sockaddr_ll a = {
        .sll_family = AF_PACKET, .sll_protocol = htons(PROTOCOL), .sll_ifindex = (int)interface};
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Both sockets see the frames of either. */
static int open_packet(struct object *o)
{
    int fd = bound_to(if_nametoindex("lo"));
    return object_keep(o, fd, fd < 0 ? -1 : bound_to(if_nametoindex("lo")));
}

/* ---- a tunnel, before and after it has an interface ---- */

static int open_tun(struct object *o)
{
    return namespaces_have_net() ? object_keep_file(o, "/dev/net/tun", O_RDWR) : -1;
}

/* Send one frame. It waits in the tunnel until it is read. */
static void send_through(struct object *o)
{
    (void)!send(o->peer, "12345678", 8, MSG_DONTWAIT);
}

static void raise_interface(struct object *o)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    snprintf(request.ifr_name, sizeof request.ifr_name, "fdslots%%d");
    if (ioctl(o->fd, TUNSETIFF, &request) < 0)
        return;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    request.ifr_flags = IFF_UP;
    ioctl(fd, SIOCSIFFLAGS, &request);
    close(fd);
    if (o->peer < 0)
        o->peer = bound_to(if_nametoindex(request.ifr_name));
}

static void act_tun(struct object *o)
{
    if (o->phase++ == 0)
        raise_interface(o);
    else
        send_through(o);
}

static const struct kind rows[] = {
    {"netlink", open_netlink, act_netlink, 0},
    {"packet", open_packet, NULL, KIND_SLOW},
    {"tun", open_tun, act_tun, KIND_SLOW},
};
const struct kinds net_kinds = KINDS(rows);
