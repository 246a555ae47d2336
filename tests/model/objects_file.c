/* SPDX-License-Identifier: ISC
 *
 * Files and directories, devices, and message queues.
 */
#include "object_kinds.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ---- */

static int open_memfd(struct object *o)
{
    return object_keep(o, memfd_create("fdslots", 0), -1);
}

static int open_file(struct object *o)
{
    char path[128];
    object_path(path, sizeof path, "file");
    return object_keep(o, open(path, O_CREAT | O_RDWR, 0600), -1);
}

static int open_directory(struct object *o)
{
    return object_keep_file(o, "/", O_RDONLY | O_DIRECTORY);
}

static int open_path(struct object *o)
{
    return object_keep_file(o, "/", O_PATH);
}

/* ---- message queues, which are regular files that can wait ---- */

#define MESSAGES 2

static int open_mqueue(struct object *o)
{
    struct mq_attr attr = {.mq_maxmsg = MESSAGES, .mq_msgsize = 8};
    char name[32];
    snprintf(name, sizeof name, "/fdslots-%d", (int)getpid());
    int fd = (int)mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attr);
    mq_unlink(name);
    return object_keep(o, fd, -1);
}

/* Send one more message, or receive them all if the queue is full. */
static void act_mqueue(struct object *o)
{
    char message[8] = "1234567";
    if (mq_send(o->fd, message, sizeof message, 0) == 0)
        return;
    while (mq_receive(o->fd, message, sizeof message, NULL) >= 0)
        ;
}

static const struct kind file_rows[] = {
    {"memfd", open_memfd, NULL, 0},         {"file", open_file, NULL, 0},
    {"directory", open_directory, NULL, 0}, {"path", open_path, NULL, 0},
    {"mqueue", open_mqueue, act_mqueue, 0},
};
const struct kinds file_kinds = KINDS(file_rows);

/* ---- devices ---- */

static int open_null(struct object *o)
{
    return object_keep_file(o, "/dev/null", O_RDWR);
}

static int open_zero(struct object *o)
{
    return object_keep_file(o, "/dev/zero", O_RDONLY);
}

static int open_random(struct object *o)
{
    return object_keep_file(o, "/dev/random", O_RDONLY);
}

/* Reports ERR as long as nothing is mounted through it. */
static int open_fuse(struct object *o)
{
    return object_keep_file(o, "/dev/fuse", O_RDWR);
}

/* The kernel's log, read from its end. */
static int open_kmsg(struct object *o)
{
    int rc = object_keep_file(o, "/dev/kmsg", O_RDONLY);
    if (rc == 0)
        lseek(o->fd, 0, SEEK_END);
    return rc;
}

/* Move to its beginning, or back to its end. */
static void act_kmsg(struct object *o)
{
    lseek(o->fd, 0, o->phase++ % 2 == 0 ? SEEK_SET : SEEK_END);
}

static const struct kind device_rows[] = {
    {"null", open_null, NULL, 0},     {"zero", open_zero, NULL, 0},
    {"random", open_random, NULL, 0}, {"fuse", open_fuse, NULL, 0},
    {"kmsg", open_kmsg, act_kmsg, 0},
};
const struct kinds device_kinds = KINDS(device_rows);
