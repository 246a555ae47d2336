/* SPDX-License-Identifier: ISC
 *
 * Files of procfs, sysfs and cgroups: the kernel's own state. Some hand out their event once.
 */
#include "namespaces.h"
#include "object_kinds.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- without an event ---- */

static int open_version(struct object *o)
{
    return object_keep_file(o, "/proc/version", O_RDONLY);
}

/* PRI and ERR until it is read. */
static int open_attribute(struct object *o)
{
    return object_keep_file(o, "/sys/kernel/uevent_seqnum", O_RDONLY);
}

/* ---- mounts ---- */

static bool has_mount;

/* A file system of our own to poke. Without one, others mount at any moment. */
static void make_mount(struct object *o)
{
    char path[128];
    if (!has_mount && namespaces_have_mounts()) {
        object_path(path, sizeof path, "mounted");
        mkdir(path, 0700);
        has_mount = mount("none", path, "tmpfs", 0, "size=4k") == 0;
    }
    o->by_itself = !has_mount;
}

static int open_mounts_file(struct object *o, const char *path)
{
    make_mount(o);
    return object_keep_file(o, path, O_RDONLY);
}

static int open_mounts(struct object *o)
{
    return open_mounts_file(o, "/proc/self/mounts");
}

static int open_mountinfo(struct object *o)
{
    return open_mounts_file(o, "/proc/self/mountinfo");
}

static int open_mountstats(struct object *o)
{
    return open_mounts_file(o, "/proc/self/mountstats");
}

/* Another option tells everybody, at a hundredth of what a mount takes. */
static void act_mounts(struct object *o)
{
    static unsigned long option;
    char path[128];
    (void)o;
    object_path(path, sizeof path, "mounted");
    option ^= MS_NODEV;
    if (has_mount)
        mount("none", path, "none", MS_REMOUNT | MS_BIND | option, "");
}

/* ---- the host's name ---- */

#define HOSTNAME "/proc/sys/kernel/hostname"
#define WITNESS  250 /* its number: out of the way */

/* Whoever names a host, in whatever namespace, tells all who wait here. The witness is looked at
 * before and after each of our own pokes: what it has to say otherwise is of others. */
static int witness = -1;
static unsigned *disturbances; /* shared with children, who look at the same witness */

static bool look_at_witness(void)
{
    struct pollfd question = {.fd = witness, .events = POLLPRI};
    return poll(&question, 1, 0) > 0;
}

unsigned hostname_disturbances(bool look)
{
    if (witness < 0)
        return 0;
    if (look && look_at_witness())
        ++*disturbances;
    return *disturbances;
}

static void open_witness(void)
{
    const int fd = open(HOSTNAME, O_RDONLY);
    if (fd < 0)
        return;
    disturbances =
        mmap(NULL, sizeof *disturbances, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (disturbances != MAP_FAILED)
        witness = fcntl(fd, F_DUPFD_CLOEXEC, WITNESS);
    close(fd);
}

static int open_hostname(struct object *o)
{
    if (witness < 0)
        open_witness();
    o->by_itself = !namespaces_have_host();
    return object_keep_file(o, HOSTNAME, O_RDONLY);
}

static void act_hostname(struct object *o)
{
    if (o->by_itself)
        return;
    hostname_disturbances(true);
    sethostname("fdslots", 7);
    look_at_witness();
}

/* ---- swaps: others may add and remove them at any moment; nobody does here ---- */

static int open_swaps(struct object *o)
{
    return object_keep_file(o, "/proc/swaps", O_RDONLY);
}

/* ---- cgroups ---- */

static void group_path(char *path, size_t size, const char *file)
{
    snprintf(path, size, "%s/cgroup/fdslots-%d%s", objects_directory(), (int)getpid(), file);
}

static bool groups_mounted(void)
{
    static bool tried;
    static bool mounted;
    char path[128];
    if (!tried && namespaces_have_mounts()) {
        object_path(path, sizeof path, "cgroup");
        mkdir(path, 0700);
        mounted = mount("none", path, "cgroup2", 0, "") == 0;
    }
    tried = true;
    return mounted;
}

void object_end_group(void)
{
    char path[128];
    if (!groups_mounted())
        return;
    group_path(path, sizeof path, "");
    rmdir(path);
}

/* One group at a time. */
static int open_cgroup(struct object *o)
{
    char path[128];
    if (!groups_mounted())
        return -1;
    object_end_group();
    group_path(path, sizeof path, "");
    if (mkdir(path, 0700) < 0)
        return -1;
    group_path(path, sizeof path, "/cgroup.events");
    return object_keep_file(o, path, O_RDONLY);
}

static void freeze_group(void)
{
    char path[128];
    group_path(path, sizeof path, "/cgroup.freeze");
    int fd = open(path, O_WRONLY);
    if (fd < 0)
        return;
    (void)!write(fd, "1", 1);
    close(fd);
}

/* Read, frozen, read again, and ended. A second event would come late: ten milliseconds must lie
 * between two. */
static void act_cgroup(struct object *o)
{
    switch (o->phase++) {
    case 1:
        freeze_group();
        break;
    case 0:
    case 2:
        lseek(o->fd, 0, SEEK_SET);
        object_drain(o->fd);
        break;
    default:
        object_end_group();
    }
}

static const struct kind rows[] = {
    {"proc_version", open_version, NULL, 0},
    {"attribute", open_attribute, NULL, 0},
    {"mounts", open_mounts, act_mounts, KIND_ONCE},
    {"mountinfo", open_mountinfo, act_mounts, KIND_ONCE},
    {"mountstats", open_mountstats, act_mounts, KIND_ONCE},
    {"hostname", open_hostname, act_hostname, KIND_ONCE | KIND_SHARED},
    {"swaps", open_swaps, NULL, KIND_ONCE | KIND_BY_ITSELF},
    {"cgroup", open_cgroup, act_cgroup, KIND_SLOW},
};
const struct kinds proc_kinds = KINDS(rows);
