/* SPDX-License-Identifier: ISC
 *
 * The waits. Each of them describes its call, and wait_on() makes the call, with or without the
 * runtime lock.
 *
 * A negative time in nanoseconds means no timeout, as in fdslots_wait(). A deadline is one for
 * fdslots_wait_until(). The largest OCaml int means 146 years.
 */
#include "stubs.h"

#include <time.h>

#include <caml/memory.h>
#include <caml/signals.h>

struct wait {
    int (*call)(struct fdslots *slots, const struct wait *w);
    int64_t time; /* 0 does not block, neither as a timeout nor as a deadline */
    uint32_t nfds;
    const sigset_t *mask;
};

/* Signals are handled before the buffer is marked, because their handlers may raise. They must not
 * be handled between marking it and releasing the lock, because no other thread may find the buffer
 * unmarked after the release. */
static int call_unlocked(value v, const struct wait *w)
{
    CAMLparam1(v);
    caml_process_pending_actions();
    struct fdslots *slots = slots_of(v);
    if (!slots || atomic_exchange(&Buffer_val(v)->waiting, true))
        CAMLreturnT(int, (int)result_of(v, -EINVAL));
    caml_enter_blocking_section_no_pending();
    int rc = w->call(slots, w);
    caml_leave_blocking_section();
    atomic_store(&Buffer_val(v)->waiting, false);
    CAMLreturnT(int, rc);
}

static int call_locked(value v, const struct wait *w)
{
    struct fdslots *slots = slots_of(v);
    return slots ? w->call(slots, w) : (int)result_of(v, -EINVAL);
}

static value wait_on(value v, value v_signals, struct wait *w)
{
    CAMLparam1(v);
    sigset_t set;
    int rc;
    w->mask = fdslots_ml_mask(v_signals, &set, &rc);
    if (rc == 0)
        rc = w->time == 0 ? call_locked(v, w) : call_unlocked(v, w);
    /* Other results may leave everything unchanged. */
    if (rc != -EBUSY && rc != -EINVAL && rc != -ENOTSUP) {
        Buffer_val(v)->cursor = 0;
        Buffer_val(v)->round++;
    }
    if (rc == -EINTR) /* the OCaml handler runs here, and may raise */
        caml_process_pending_actions();
    CAMLreturn(Val_int(rc));
}

static const struct timespec *to_timespec(int64_t ns, struct timespec *t)
{
    if (ns < 0)
        return NULL;
    t->tv_sec = (time_t)(ns / 1000000000);
    t->tv_nsec = (long)(ns % 1000000000);
    return t;
}

static int call_wait(struct fdslots *slots, const struct wait *w)
{
    return fdslots_wait(slots, w->time, w->mask);
}

static int call_wait_until(struct fdslots *slots, const struct wait *w)
{
    return fdslots_wait_until(slots, w->time, w->mask);
}

static int call_ppoll(struct fdslots *slots, const struct wait *w)
{
    struct timespec t;
    return fdslots_ppoll(slots, w->nfds, to_timespec(w->time, &t), w->mask);
}

static int call_epoll_pwait(struct fdslots *slots, const struct wait *w)
{
    struct timespec t;
    return fdslots_epoll_pwait(slots, to_timespec(w->time, &t), w->mask);
}

value fdslots_ml_wait(value v, value v_ns, value v_signals)
{
    struct wait w = {.call = call_wait, .time = Long_val(v_ns)};
    return wait_on(v, v_signals, &w);
}

value fdslots_ml_wait_until(value v, value v_ns, value v_signals)
{
    struct wait w = {.call = call_wait_until, .time = Long_val(v_ns)};
    return wait_on(v, v_signals, &w);
}

value fdslots_ml_ppoll(value v, value v_nfds, value v_ns, value v_signals)
{
    struct wait w = {.call = call_ppoll, .time = Long_val(v_ns), .nfds = to_u32(v_nfds)};
    return wait_on(v, v_signals, &w);
}

value fdslots_ml_epoll_pwait(value v, value v_ns, value v_signals)
{
    struct wait w = {.call = call_epoll_pwait, .time = Long_val(v_ns)};
    return wait_on(v, v_signals, &w);
}

/* UINT32_MAX means no limit, which a negative number must not become. */
value fdslots_ml_set_max_ready(value v, value v_n)
{
    const uint32_t n = Long_val(v_n) < 0 ? 0 : to_u32(v_n);
    return to_value(v, fdslots_set_max_ready(slots_of(v), n));
}
