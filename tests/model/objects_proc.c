/* SPDX-License-Identifier: ISC
 *
 * Files of procfs, sysfs and cgroups, which show the kernel's own state. Some report an event only
 * once.
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

/* Reports PRI and ERR until it is read. */
static int open_attribute(struct object *o)
{
    return object_keep_file(o, "/sys/kernel/uevent_seqnum", O_RDONLY);
}

/* ---- mounts ---- */

static bool has_mount;

/* A file system that only this test mounts. Without a mount namespace, others may mount at any
 * moment. */
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

/* A remount with another option notifies all readers, and takes a hundredth of the time of a
 * mount. */
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
#define WITNESS  250 /* number of the witness, above all others */

/* A change of the host's name in any namespace notifies all who wait here. The witness is checked
 * before and after every poke of this test. Any other event it reports comes from elsewhere. */
static int witness = -1;
static unsigned *disturbances; /* shared with children, which check the same witness */

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

/* ---- swaps, which no test adds or removes ---- */

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

/* Only one group exists at a time. */
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

/* The group's events are read, the group is frozen, the events are read again, and the group ends.
 * A second event would come late, because the kernel keeps ten milliseconds between two. */
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
