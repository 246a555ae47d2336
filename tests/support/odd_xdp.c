/* SPDX-License-Identifier: ISC
 *
 * AF_XDP in copy mode: packets wait in its ring until somebody asks the socket, and are then sent.
 */
#include "odd.h"
#include "fds_kinds.h"

#include <linux/if_xdp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define ENTRIES 8 /* number of entries in each ring */
#define CHUNK   4096u
#define PACKET  64

static struct xdp_mmap_offsets offsets;

static bool network_of_its_own(void)
{
    struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (unshare(CLONE_NEWNET) < 0)
        return false;
    int fd = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    MUST(ioctl(fd, SIOCSIFFLAGS, &up));
    MUST(close(fd));
    return true;
}

/* Memory for the packets. It is recorded like the maps of the file, so that it is unmapped with
 * them. */
static void *packets(struct odd *o)
{
    size_t length = ENTRIES * CHUNK;
    void *area = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        return NULL;
    o->map[o->maps] = area;
    o->length[o->maps++] = length;
    return area;
}

static int set_option(const struct odd *o, int name, const void *value, size_t length)
{
    return setsockopt(o->fd, SOL_XDP, name, value, (socklen_t)length);
}

static bool set_up(struct odd *o, const void *area)
{
    const struct xdp_umem_reg memory = {
        .addr = (uint64_t)(uintptr_t)area, .len = ENTRIES * CHUNK, .chunk_size = CHUNK};
    const int rings[] = {XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_TX_RING};
    const int entries = ENTRIES;
    socklen_t length = sizeof offsets;
    if (set_option(o, XDP_UMEM_REG, &memory, sizeof memory) < 0)
        return false;
    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++)
        if (set_option(o, rings[i], &entries, sizeof entries) < 0)
            return false;
    return getsockopt(o->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) == 0;
}

bool odd_xdp(struct odd *o)
{
    if (!network_of_its_own())
        return false;
    o->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    size_t length = sizeof(struct xdp_desc) * ENTRIES;
    const void *area = packets(o);
    if (o->fd < 0 || area == NULL || !set_up(o, area) ||
        odd_map(o, (size_t)offsets.tx.desc + length, XDP_PGOFF_TX_RING) == NULL)
        return false;
    const struct sockaddr_xdp address = {
        .sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = if_nametoindex("lo")};
    return bind(o->fd, (const struct sockaddr *)&address, sizeof address) == 0;
}

/* The ring is the last map. */
static void *in_ring(const struct odd *o, uint64_t offset)
{
    return (char *)o->map[o->maps - 1] + offset;
}

void odd_xdp_put(struct odd *o)
{
    uint32_t *producer = in_ring(o, offsets.tx.producer);
    struct xdp_desc *slots = in_ring(o, offsets.tx.desc);
    uint32_t slot = *producer % ENTRIES;
    slots[slot] = (struct xdp_desc){.addr = slot * CHUNK, .len = PACKET};
    __atomic_store_n(producer, *producer + 1, __ATOMIC_RELEASE);
}

uint32_t odd_xdp_taken(const struct odd *o)
{
    return __atomic_load_n((uint32_t *)in_ring(o, offsets.tx.consumer), __ATOMIC_ACQUIRE);
}
