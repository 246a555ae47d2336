/* SPDX-License-Identifier: ISC */
#include "namespaces.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

static bool mounts;
static bool host;
static bool net;

/* Mounts made here are not visible elsewhere. */
static bool enter_mounts(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, "") == 0;
}

static bool start_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return up;
}

/* Interfaces that are made later send nothing, because without IPv6 they do not look for
 * routers. */
static void silence_new_interfaces(void)
{
    int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY);
    if (fd < 0)
        return;
    (void)!write(fd, "1", 1);
    close(fd);
}

/* A network namespace without a loopback would be worse than the host's. */
static bool enter_net(void)
{
    int before = open("/proc/self/ns/net", O_RDONLY);
    bool entered = before >= 0 && unshare(CLONE_NEWNET) == 0;
    if (entered && !start_loopback()) {
        setns(before, CLONE_NEWNET);
        entered = false;
    }
    if (before >= 0)
        close(before);
    if (entered)
        silence_new_interfaces();
    return entered;
}

void namespaces_enter(void)
{
    mounts = enter_mounts();
    host = unshare(CLONE_NEWUTS) == 0;
    net = enter_net();
}

bool namespaces_have_mounts(void)
{
    return mounts;
}

bool namespaces_have_host(void)
{
    return host;
}

bool namespaces_have_net(void)
{
    return net;
}
