/* SPDX-License-Identifier: ISC */
#include "alarm.h"

#include <stddef.h>
#include <sys/time.h>

#define PERIOD_US 20000

volatile sig_atomic_t signals_seen;

static struct sigaction old_action;
static sigset_t old_mask;
static int counted;

static void count(int signo)
{
    (void)signo;
    signals_seen++;
}

static void change_mask(int how, int signo)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signo);
    sigprocmask(how, &set, NULL);
}

void signals_count(int signo)
{
    struct sigaction action = {.sa_handler = count};
    sigemptyset(&action.sa_mask);
    counted = signo;
    sigaction(signo, &action, &old_action);
    /* In a process that runs all tests, one that has failed may have left the signal blocked. */
    change_mask(SIG_UNBLOCK, signo);
    sigprocmask(SIG_SETMASK, NULL, &old_mask);
    signals_seen = 0;
}

void signals_restore(void)
{
    /* A signal that is still pending must reach the counter, not the old action. */
    sigprocmask(SIG_SETMASK, &old_mask, NULL);
    sigaction(counted, &old_action, NULL);
}

void signals_block(int signo)
{
    change_mask(SIG_BLOCK, signo);
}

sigset_t signals_mask_without(int signo)
{
    sigset_t set;
    sigprocmask(SIG_SETMASK, NULL, &set);
    sigdelset(&set, signo);
    return set;
}

static void set_period(suseconds_t us)
{
    const struct itimerval timer = {{0, us}, {0, us}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

void alarm_start(void)
{
    signals_count(SIGALRM);
    set_period(PERIOD_US);
}

void alarm_stop(void)
{
    set_period(0);
    signals_restore();
}
