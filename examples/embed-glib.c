/* SPDX-License-Identifier: ISC
 *
 * fdslots and the main loop of GLib in one thread, nested in either direction.
 */
#include "embed.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib.h>

#define NS_PER_MS INT64_C(1000000)

static gboolean on_tick(gpointer data)
{
    struct pair *pair = data;
    pair->ticks++;
    return G_SOURCE_CONTINUE;
}

/* ---- The slots in GLib: a source of its own kind ---- */

struct slots_source {
    GSource source;
    struct pair *pair;
    gpointer tag; /* identifies the fd for GLib */
};

/* Before GLib waits, the kernel must be told of changes in the slots. */
static gboolean slots_prepare(GSource *source, gint *timeout)
{
    struct slots_source *slots = (struct slots_source *)source;
    *timeout = -1;
    return fdslots_epoll_fd(slots->pair->s) < 0; /* then slots_dispatch() finds the error */
}

static gboolean slots_check(GSource *source)
{
    struct slots_source *slots = (struct slots_source *)source;
    return g_source_query_unix_fd(source, slots->tag) != 0;
}

static gboolean slots_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    struct slots_source *slots = (struct slots_source *)source;
    (void)callback, (void)data;
    if (fdslots_epoll_wait(slots->pair->s, 0) < 0) {
        slots->pair->failed = true;
        return G_SOURCE_REMOVE;
    }
    fdslots_iter_ready(slots->pair->s, pair_on_ready, slots->pair);
    return G_SOURCE_CONTINUE;
}

static gboolean on_other(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd, (void)condition;
    return pair_other_ready(data) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* The GLib side of both modes: its end of the pair, and a timer. */
static void start_other(GMainContext *context, struct pair *pair)
{
    GSource *other = g_unix_fd_source_new(pair->other, G_IO_IN);
    GSource *timer = g_timeout_source_new(1);
    /* The callback of an fd source has another type, so GLib wants this cast. */
    g_source_set_callback(other, G_SOURCE_FUNC(on_other), pair, NULL);
    g_source_set_callback(timer, on_tick, pair, NULL);
    g_source_attach(other, context);
    g_source_attach(timer, context);
    g_source_unref(other);
    g_source_unref(timer);
}

static int inside(struct pair *pair)
{
    static GSourceFuncs functions = {
        .prepare = slots_prepare, .check = slots_check, .dispatch = slots_dispatch};
    int fd = fdslots_epoll_fd(pair->s);
    if (fd < 0)
        return fd;
    GMainContext *context = g_main_context_new();
    start_other(context, pair);
    GSource *source = g_source_new(&functions, sizeof(struct slots_source));
    struct slots_source *slots = (struct slots_source *)source;
    slots->pair = pair;
    slots->tag = g_source_add_unix_fd(source, fd, G_IO_IN);
    g_source_attach(source, context);
    while (pair->rounds < ROUNDS && !pair->failed)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(source);
    g_source_unref(source);
    g_main_context_unref(context);
    return 0;
}

/* ---- GLib in slots ---- */

/* GLib has no single fd that represents its own fds. Before every wait, it lists them. */
enum { SLOT_GLIB = 1, MOST_FDS = 32 };

/* GLib does not report that it has closed an fd. Every fd is therefore set again, in case it is
 * another file. */
static void set_slots(struct fdslots *s, const GPollFD *fds, int count)
{
    for (int i = 0; i < MOST_FDS; i++) {
        uint32_t index = SLOT_GLIB + (uint32_t)i;
        if (i < count)
            fdslots_set_index(s, index, fds[i].fd, fds[i].events);
        else
            fdslots_invalidate_index(s, index);
    }
}

static void get_revents(const struct fdslots *s, GPollFD *fds, int count)
{
    for (int i = 0; i < count; i++)
        fds[i].revents = (gushort)fdslots_get_revents(s, SLOT_GLIB + (uint32_t)i);
}

static int turn(struct pair *pair, GMainContext *context)
{
    GPollFD fds[MOST_FDS];
    gint priority, timeout;
    g_main_context_prepare(context, &priority);
    int count = g_main_context_query(context, priority, &timeout, fds, MOST_FDS);
    if (count > MOST_FDS)
        return -EMFILE;
    set_slots(pair->s, fds, count);
    int rc = fdslots_wait(pair->s, timeout * NS_PER_MS, NULL);
    get_revents(pair->s, fds, count);
    if (g_main_context_check(context, priority, fds, count))
        g_main_context_dispatch(context);
    if (rc >= 0)
        fdslots_iter_ready(pair->s, pair_on_ready, pair);
    return rc == -EINTR ? 0 : rc;
}

static int outside(struct pair *pair)
{
    GMainContext *context = g_main_context_new();
    int rc = g_main_context_acquire(context) ? 0 : -EBUSY;
    start_other(context, pair);
    while (rc >= 0 && pair->rounds < ROUNDS && !pair->failed)
        rc = turn(pair, context);
    set_slots(pair->s, NULL, 0); /* before GLib closes them */
    g_main_context_release(context);
    g_main_context_unref(context);
    return rc < 0 ? rc : 0;
}

int main(int argc, char **argv)
{
    return embed_main("embed-glib", argc, argv, inside, outside);
}
