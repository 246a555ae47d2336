/* SPDX-License-Identifier: ISC */
#include "object_kinds.h"

#include "namespaces.h"
#include "sleeper.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN 300 /* the lowest number of a looker's own file; no other fd is as high */

/* ---- the directory ---- */

static char directory[64];

const char *objects_directory(void)
{
    if (directory[0] == '\0') {
        namespaces_enter();
        strcpy(directory, "/tmp/fdslots-XXXXXX");
        if (mkdtemp(directory) == NULL)
            abort();
    }
    return directory;
}

void object_path(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", objects_directory(), name);
}

void objects_remove_directory(void)
{
    static const char *const names[] = {"fifo", "file", "watched", "mounted", "cgroup"};
    char path[128];
    if (directory[0] == '\0')
        return;
    object_end_group();
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        object_path(path, sizeof path, names[n]);
        umount2(path, MNT_DETACH);
        remove(path);
    }
    rmdir(directory);
    directory[0] = '\0';
}

/* ---- helpers of the kinds ---- */

void object_unblock(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

int object_keep(struct object *o, int fd, int peer)
{
    if (fd < 0 && peer >= 0) {
        close(peer);
        peer = -1;
    }
    o->fd = fd;
    o->peer = peer;
    return fd < 0 ? -1 : 0;
}

int object_keep_file(struct object *o, const char *path, int flags)
{
    return object_keep(o, open(path, flags | O_NONBLOCK), -1);
}

void object_drain(int fd)
{
    char buf[4096];
    for (int i = 0; i < 64 && fd >= 0 && read(fd, buf, sizeof buf) > 0; i++)
        ;
}

/* ---- the table ---- */

static const struct kinds *const groups[] = {&pipe_kinds,     &socket_kinds, &net_kinds,
                                             &made_kinds,     &device_kinds, &file_kinds,
                                             &terminal_kinds, &proc_kinds};
#define GROUPS     (sizeof groups / sizeof groups[0])
#define MOST_KINDS 100

static const struct kind *kinds[MOST_KINDS];
static unsigned kind_count;
static unsigned quick_count;
static unsigned long opened[MOST_KINDS];

static void list(bool slow)
{
    for (size_t g = 0; g < GROUPS; g++)
        for (unsigned i = 0; i < groups[g]->count; i++)
            if (((groups[g]->rows[i].traits & KIND_SLOW) != 0) == slow && kind_count < MOST_KINDS)
                kinds[kind_count++] = &groups[g]->rows[i];
}

static void list_kinds(void)
{
    if (kind_count > 0)
        return;
    list(false);
    quick_count = kind_count;
    list(true);
}

unsigned object_kinds(void)
{
    list_kinds();
    return kind_count;
}

unsigned object_quick_kinds(void)
{
    list_kinds();
    return quick_count;
}

const char *object_kind_name(unsigned kind)
{
    return kind < object_kinds() ? kinds[kind]->name : "";
}

void objects_print_kinds(FILE *out)
{
    unsigned here = 0;
    for (unsigned i = 0; i < object_kinds(); i++)
        here += opened[i] > 0;
    fprintf(out, "%u kinds of files", here);
    for (unsigned i = 0; here < kind_count && i < kind_count; i++)
        if (opened[i] == 0)
            fprintf(out, ", no %s", kinds[i]->name);
    fputc('\n', out);
}

/* ---- objects ---- */

/* The library uses the same rule to decide what it polls beside the set. */
static void note_type(struct object *o)
{
    struct stat st;
    if (fstat(o->fd, &st) < 0)
        return;
    o->socket = S_ISSOCK(st.st_mode);
    o->anonymous = (st.st_mode & S_IFMT) == 0;
    o->polled = !o->socket && !o->anonymous && !S_ISFIFO(st.st_mode);
}

/* Open the same file again, with a high number that no other fd takes. */
static int open_once_more(const struct object *o)
{
    struct object another = {.fd = -1, .peer = -1, .inner = -1};
    if (o->kind->open(&another) < 0)
        return -1;
    int fd = fcntl(another.fd, F_DUPFD, OWN);
    close(another.fd);
    return fd;
}

static int open_for_all(struct object *o)
{
    for (unsigned looker = 0; looker < LOOKERS; looker++) {
        if (looker != o->first && (o->own[looker] = open_once_more(o)) < 0)
            return -1;
        if ((o->shadow[looker] = open_once_more(o)) < 0)
            return -1;
    }
    return 0;
}

int object_open(struct object *o, unsigned kind, unsigned first)
{
    objects_directory(); /* also enters the namespaces */
    list_kinds();
    *o = (struct object){
        .kind = kinds[kind], .fd = -1, .peer = -1, .inner = -1, .first = first % LOOKERS};
    for (unsigned looker = 0; looker < LOOKERS; looker++)
        o->own[looker] = o->shadow[looker] = -1;
    /* Counted before the file is opened, so that none is missed. */
    o->disturbances = hostname_disturbances(true);
    if (o->kind->open(o) < 0)
        return -1;
    o->by_itself |= (o->kind->traits & KIND_BY_ITSELF) != 0;
    note_type(o);
    if (object_is_once(o) && open_for_all(o) < 0) {
        close(o->fd);
        object_close_rest(o);
        return -1;
    }
    opened[kind]++;
    return 0;
}

static void close_if_open(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void object_close_rest(struct object *o)
{
    close_if_open(&o->peer);
    close_if_open(&o->inner);
    for (unsigned looker = 0; looker < LOOKERS && object_is_once(o); looker++) {
        close_if_open(&o->own[looker]);
        close_if_open(&o->shadow[looker]);
    }
    if (o->child > 0)
        sleeper_end(o->child);
    o->child = 0;
}

void object_was_closed(struct object *o, int fd)
{
    if (fd == o->fd)
        return;
    close(o->fd);
    for (unsigned looker = 0; looker < LOOKERS; looker++)
        if (o->own[looker] == fd)
            o->own[looker] = -1;
}

void object_become(struct object *o, const struct kind *kind)
{
    o->kind = kind;
    o->phase = 0;
    o->by_itself = (kind->traits & KIND_BY_ITSELF) != 0;
    note_type(o);
}

bool object_is_once(const struct object *o)
{
    return (o->kind->traits & KIND_ONCE) != 0;
}

int object_own(const struct object *o, unsigned looker)
{
    return looker == o->first ? o->fd : o->own[looker];
}

int object_shadow(const struct object *o, unsigned looker)
{
    return o->shadow[looker];
}

static bool is_disturbed(const struct object *o, bool look)
{
    return (o->kind->traits & KIND_SHARED) != 0 && hostname_disturbances(look) != o->disturbances;
}

bool object_changes_by_itself(const struct object *o)
{
    return o->by_itself || (o->kind != NULL && is_disturbed(o, false));
}

bool object_was_disturbed(const struct object *o)
{
    return is_disturbed(o, true);
}

bool object_is_epoll_set(const struct object *o)
{
    return o->kind != NULL && (o->kind->traits & KIND_EPOLL_SET) != 0;
}

bool object_is_anonymous(const struct object *o)
{
    return o->anonymous;
}

bool object_is_personal(const struct object *o)
{
    return (o->kind->traits & KIND_PERSONAL) != 0;
}
