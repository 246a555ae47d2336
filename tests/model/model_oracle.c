/* SPDX-License-Identifier: ISC
 *
 * The answers of poll(2), and what a buffer must report because of them.
 */
#include "model_world.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* The last question to poll(2), and its answer. Most subjects hold the same slots most of the time,
 * so that one question serves them all. */
static struct pollfd question[SLOTS];
static struct pollfd answer[SLOTS];
static bool answer_holds;

void model_forget_answers(void)
{
    answer_holds = false;
}

static bool is_hidden(const struct expected *e)
{
    return e->fd < 0 || e->paused || e->fired;
}

/* Returns whether the answer depends on who asked before. */
static bool put_question(const struct subject *s, struct pollfd *fds)
{
    bool once = false;
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct expected *e = &s->slots[i];
        int fd = is_hidden(e) ? -1 : e->gone ? CLOSED : model_shadow(s, e->fd);
        once |= fd >= 0 && fd != e->fd && !e->gone;
        fds[i] = (struct pollfd){.fd = fd, .events = (short)(uint16_t)e->events};
    }
    return once;
}

void model_ask(const struct subject *s, struct pollfd *fds)
{
    bool once = put_question(s, fds);
    if (!answer_holds || memcmp(fds, question, sizeof question) != 0) {
        memcpy(question, fds, sizeof question);
        memcpy(answer, fds, sizeof answer);
        poll(answer, SLOTS, 0);
        answer_holds = !once;
    }
    memcpy(fds, answer, sizeof answer);
}

bool model_changes_by_itself(int fd)
{
    const struct object *o = object_at(fd);
    return o != NULL && object_changes_by_itself(o);
}

/* ---- slots that must be reported ---- */

/* Such a file makes every slot with its fd level-triggered. */
static bool is_polled(const struct expected *e)
{
    const struct object *o = object_at(e->fd);
    return o == NULL || o->polled || (e->events & FDSLOTS_POLLED) != 0;
}

/* The fd may be an epoll set, which wakes only waiters for POLLIN. */
static bool is_deaf(const struct expected *e)
{
    const struct object *o = object_at(e->fd);
    return o != NULL && object_is_anonymous(o) && (e->events & (POLLIN | POLLRDNORM)) == POLLRDNORM;
}

bool model_may_be_polled(const struct subject *s, unsigned slot)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct expected *e = &s->slots[i];
        if (e->fd == s->slots[slot].fd && (is_polled(e) || is_deaf(e) || e->dead))
            return true;
    }
    return false;
}

static bool is_level(const struct subject *s, const struct expected *e)
{
    return (given(s, e->events) & FDSLOTS_EDGE) == 0 || is_polled(e);
}

/* If any slot with this fd is level-triggered, all of them are reported as long as the fd is
 * ready. */
static bool is_due(const struct subject *s, const struct pollfd *fds, unsigned slot)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (fds[i].fd == fds[slot].fd && is_level(s, &s->slots[i]))
            return true;
    return s->slots[slot].due;
}

bool model_must_report(const struct subject *s, const struct pollfd *fds, unsigned slot)
{
    return fds[slot].revents != 0 && !model_changes_by_itself(s->slots[slot].fd) &&
           is_due(s, fds, slot);
}

/* ---- the view from another loop ---- */

static bool epoll_takes(int fd)
{
    struct epoll_event event = {.events = 0};
    int set = epoll_create1(0);
    int rc = set < 0 ? -1 : epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
    close(set);
    return rc == 0;
}

bool model_shows_outside(const struct subject *s)
{
    struct pollfd fds[SLOTS];
    put_question(s, fds);
    for (unsigned i = 0; i < SLOTS; i++)
        /* A file that reports an event only once must not be asked. */
        if (model_may_be_polled(s, i))
            fds[i].fd = -1;
    poll(fds, SLOTS, 0);
    for (unsigned i = 0; i < SLOTS; i++)
        if (fds[i].revents != 0 && !model_changes_by_itself(fds[i].fd) && epoll_takes(fds[i].fd))
            return true;
    return false;
}
