/* SPDX-License-Identifier: ISC
 *
 * Waiting on the kernel's set, and sharing out its answer to the slots.
 */
#include "epoll.h"

#include "../core/ready.h"
#include "../os/timeout.h"

#include <limits.h>
#include <stdatomic.h>

/* ---- the system call ---- */

/* Whether epoll_pwait2(2) was refused once in this process. Kernels before 5.11 lack it, and old
 * filters of system calls refuse it. */
static atomic_bool pwait2_missing;

static int try_wait(int fd, unsigned feature)
{
    struct epoll_event event;
    const struct timespec at_once = {0, 0};
    return SYS(feature == FDSLOTS_HAS_EPOLL_NS ? plain_epoll_pwait2(fd, &event, 1, &at_once, NULL)
                                               : epoll_pwait(fd, &event, 1, 0, NULL));
}

bool fdslots_kernel_has(unsigned feature)
{
    const int cancel = sys_disable_cancel(); /* it would leave the fd open */
    const int fd = sys_epoll_create();
    const int rc = fd >= 0 ? try_wait(fd, feature) : fd;
    if (fd >= 0)
        sys_close(fd);
    sys_restore_cancel(cancel);
    return rc >= 0;
}

/* Whether fdslots_set_max_ready() limits what a wait may report. */
static bool cuts(const struct fdslots *s)
{
    return s->max_ready < s->capacity;
}

/* The kernel's EP_MAX_EVENTS. */
#define MAX_EVENTS ((uint32_t)(INT_MAX / sizeof(struct epoll_event)))

/* Return how many events the next wait may take: one for each slot that may be reported, or as many
 * as fit into the scratch. */
static inline uint32_t most_events(const struct fdslots *s)
{
    const uint32_t most = cuts(s) ? s->max_ready - s->ready_count : s->capacity + 1;
    return most < MAX_EVENTS ? most : MAX_EVENTS;
}

/* Wait with a mask, or for a time other than 0 and forever. epoll_pwait2(2) is the dearest call, so
 * only what the others cannot express is left to it. */
APART static int call_other(const struct kernel *k, int most, int64_t ns, const sigset_t *sigmask)
{
    const int ms = fdslots_ms_from_ns(ns);
    const bool is_whole = ms < 0 || ms * NS_PER_MS == ns;
    if (!is_whole && !atomic_load_explicit(&pwait2_missing, memory_order_relaxed)) {
        const int before = errno;
        const struct timespec timeout = fdslots_timespec_from_ns(ns);
        const int rc = plain_epoll_pwait2(k->fd, k->scratch.events, most, &timeout, sigmask);
        if (rc >= 0 || !sys_is_refused(-errno))
            return rc;
        errno = before;
        atomic_store_explicit(&pwait2_missing, true, memory_order_relaxed);
    }
    if (sigmask == NULL)
        return epoll_wait(k->fd, k->scratch.events, most, ms);
    return epoll_pwait(k->fd, k->scratch.events, most, ms, sigmask);
}

int fdslots_kernel_call(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    const struct kernel *k = s->kernel;
    const int most = (int)most_events(s);
    s->stats.epoll_calls++;
    if (sigmask != NULL || (timeout_ns != 0 && timeout_ns != TIMEOUT_FOREVER))
        return call_other(k, most, timeout_ns, sigmask);
    return epoll_wait(k->fd, k->scratch.events, most, timeout_ns == 0 ? 0 : -1);
}

/* ---- the report ---- */

/* Report those events of a run that this slot wants, unless the slot is reported already. Returns
 * whether it was reported now. */
static bool report_part(struct fdslots *s, uint32_t index, uint32_t events)
{
    const struct pollfd *pollfd = &s->pollfds[index];
    const uint32_t part = events & ((uint16_t)pollfd->events | EVENTS_ALWAYS);
    if (pollfd->fd < 0 || pollfd->revents != 0 || part == 0)
        return false;
    fdslots_ready_add(s, index, part);
    return true;
}

/* Report up to `most` slots of a run, beginning with the one whose turn it is. Returns how many
 * were reported. */
static uint32_t share_out(struct fdslots *s, uint32_t leader, uint32_t events, uint32_t most)
{
    const struct runs *runs = &s->kernel->runs;
    const uint32_t first = runs->of[leader].turn;
    uint32_t i = first;
    uint32_t reported = 0;
    do {
        reported += report_part(s, i, events);
        i = runs->of[i].next != INDEX_NONE ? runs->of[i].next : leader;
    } while (i != first && reported < most);
    runs->of[leader].turn = i;
    return reported;
}

/* The state of a wait while its events are taken. */
struct taking {
    uint32_t spare;  /* slots that may be reported beyond one for each event */
    uint32_t ghosts; /* events of ghosts so far */
};

/* Whether an event belongs to a ghost: no run has a registration of this name. If the run has one
 * slot, the event is a ghost's, too. The slot is reported already, so the set has a second file
 * under its name, because the caller closed an fd and did not tell the library. A name beyond all
 * slots is from another set, which the caller has put in the place of the library's. */
static bool is_ghost(const struct fdslots *s, struct event_name name)
{
    const struct runs *runs = &s->kernel->runs;
    if (name.index >= runs->extent)
        return s->kernel->outworn = true;
    const struct registration *leads = &runs->of[name.index];
    return s->slots[name.index].generation != name.generation || leads->events == 0 ||
           leads->next == INDEX_NONE;
}

/* Take an event that is not for one slot alone. If fdslots_set_max_ready() limits the wait, each
 * event may report one slot, and more while there are slots to spare, so that all events fit. The
 * slots of a run take turns. But an edge comes only once, so all slots of its run are told. */
SELDOM static void take_other(struct fdslots *s, const struct epoll_event *event,
                              struct taking *taking)
{
    const struct event_name name = fdslots_epoll_name(s->kernel, event->data.u64);
    if (is_ghost(s, name)) {
        taking->ghosts++;
        return;
    }
    const struct registration *leads = &s->kernel->runs.of[name.index];
    const bool all = !cuts(s) || (leads->events & REGISTERED_EDGE) != 0;
    const uint32_t most = all ? s->capacity : taking->spare + 1;
    const uint32_t reported = share_out(s, name.index, event->events, most);
    if (!all && reported > 0)
        taking->spare -= reported - 1;
}

/* Take the events of one wait. Returns how many were ghosts'. */
static uint32_t take_events(struct fdslots *s, uint32_t count, uint32_t spare)
{
    const struct kernel *const k = s->kernel;
    const struct registration *const runs = k->runs.of;
    const struct slot *const slots = s->slots;
    struct pollfd *const pollfds = s->pollfds;
    const struct epoll_event *const end = k->scratch.events + count;
    uint32_t *ready = s->ready + s->ready_count;
    struct taking taking = {.spare = spare};
    for (const struct epoll_event *e = k->scratch.events; e < end; e++) {
        const struct event_name name = fdslots_epoll_name(k, e->data.u64);
        if (LIKELY(name.index < k->runs.extent)) {
            const struct registration *run = &runs[name.index];
            struct pollfd *const pollfd = &pollfds[name.index];
            if (LIKELY(fdslots_run_is_alone(run) &&
                       slots[name.index].generation == name.generation && pollfd->revents == 0)) {
                pollfd->revents = (short)(uint16_t)e->events; /* only what was asked for */
                *ready++ = name.index;
                continue;
            }
        }
        s->ready_count = (uint32_t)(ready - s->ready);
        take_other(s, e, &taking);
        ready = s->ready + s->ready_count;
    }
    s->ready_count = (uint32_t)(ready - s->ready);
    return taking.ghosts;
}

/* ---- the end of the wait ---- */

static void unreport(struct fdslots *s, uint32_t from)
{
    while (s->ready_count > from)
        s->pollfds[s->ready[--s->ready_count]].revents = 0;
}

/* Whether every file that is ready has been reported in this wait, although each report was full.
 * The kernel reports the files in turn, so this is so when one comes again. The one that is looked
 * for may not come again, because it was an edge, so after 1, 2, 4, 8 and so on reports another one
 * takes its place. */
static bool has_gone_round(struct fdslots *s, uint32_t count)
{
    struct kernel *k = s->kernel;
    const struct epoll_event *const events = k->scratch.events;
    const uint64_t wait = s->stats.waits + 1; /* 0 stands for none */
    if (k->round_in != wait)
        k->round_reports = 0;
    k->round_in = wait;
    for (uint32_t i = 0; i < count && k->round_reports > 0; i++)
        if (events[i].data.u64 == k->round_from)
            return true;
    k->round_reports++;
    if ((k->round_reports & (k->round_reports - 1)) == 0)
        k->round_from = events[0].data.u64;
    return false;
}

/* End a wait that has seen `ghosts` ghosts among `count` events. If there was no room for more
 * events, ghosts may have kept others out. The set is then made anew; the new one reports all that
 * is ready, edges too. If that is refused, or fdslots_set_max_ready() limits the wait, what was
 * kept out comes in the next reports. Returns what the wait returns. */
SELDOM static int pass_ghosts(struct fdslots *s, uint32_t ghosts, uint32_t count, bool full,
                              bool blocks, uint32_t had)
{
    struct kernel *k = s->kernel;
    s->set_ready = false; /* so that a sync decides whether a new set is worth its price */
    s->stats.ghosts_dropped += ghosts;
    /* A wait that goes on looks at the polled slots again, too, and a ghost wakes an outer loop. */
    k->ghost_reports += k->is_nested ? ghosts * REPORTS_A_TURN : ghosts;
    k->ghost_reports += fdslots_index_set_count(&s->polled) / SLOTS_A_REPORT;
    s->ghosts_possible = true;
    k->goes_round = false;
    if (full && !cuts(s) && fdslots_epoll_open(s) == 0) {
        unreport(s, had);
        return KERNEL_AGAIN;
    }
    if (s->ready_count > had)
        return fdslots_ready_finish(s);
    k->goes_round = full && !has_gone_round(s, count);
    return k->goes_round || blocks || k->outworn ? KERNEL_AGAIN : (int)had;
}

/* Note which registrations of one-shot slots the kernel has disarmed by reporting them. */
SELDOM static void note_disarmed(struct fdslots *s, uint32_t from)
{
    for (uint32_t r = from; r < s->ready_count; r++) {
        struct registration *run = &s->kernel->runs.of[s->ready[r]];
        if ((run->events & REGISTERED_ONESHOT) != 0)
            run->events = DISARMED;
    }
}

/* End a wait that has reported events. */
static inline int take(struct fdslots *s, uint32_t count, uint32_t most, bool blocks)
{
    const uint32_t had = s->ready_count;
    const uint32_t ghosts = take_events(s, count, most - count);
    if (UNLIKELY(s->oneshots > 0))
        note_disarmed(s, had);
    return LIKELY(ghosts == 0) ? fdslots_ready_finish(s)
                               : pass_ghosts(s, ghosts, count, count == most, blocks, had);
}

/* The call of a wait has failed. If epoll_wait(2) was refused, epoll_pwait(2) is called instead,
 * because a filter of system calls may allow only that. Returns the result or an error. */
SELDOM static int call_instead(const struct fdslots *s, uint32_t most, int errno_before,
                               int64_t timeout_ns, const sigset_t *sigmask)
{
    const struct kernel *k = s->kernel;
    const int rc = sys_result(-1, errno_before);
    if (sigmask != NULL || !sys_is_refused(rc))
        return rc;
    const int ms = fdslots_ms_from_ns(timeout_ns);
    return sys_result(epoll_pwait(k->fd, k->scratch.events, (int)most, ms, NULL), errno_before);
}

int fdslots_kernel_take(struct fdslots *s, int rc, int errno_before, int64_t timeout_ns,
                        const sigset_t *sigmask)
{
    const uint32_t most = most_events(s);
    if (UNLIKELY(rc < 0))
        rc = call_instead(s, most, errno_before, timeout_ns, sigmask);
    if (rc >= 0)
        rc = rc > 0 ? take(s, (uint32_t)rc, most, timeout_ns != 0) : (int)s->ready_count;
    /* With a timeout of 0, epoll_pwait(2) never looks for signals; nor does it if it reports
     * ghosts. */
    if (rc == 0 && timeout_ns == 0 && sigmask != NULL)
        return sys_let_signals_in(sigmask);
    return rc;
}
