/* SPDX-License-Identifier: ISC
 *
 * The parts of the echo example. Functions return 0 or more on success and a negative errno value
 * on failure, as fdslots does.
 */
#ifndef ECHO_H
#define ECHO_H

#include <fdslots.h>

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Exit statuses besides EXIT_SUCCESS and EXIT_FAILURE. */
enum { EXIT_USAGE = 2, EXIT_UNSUPPORTED = 3 };

/* ---- echo_wait.c: the entry points of fdslots behind one signature ---- */

struct waiter {
    const char *name; /* of --with; NULL ends the table */
    unsigned feature; /* the FDSLOTS_HAS_ without which it cannot do this work, or 0 */
    bool takes_mask;  /* without, signals must come through a slot */
    bool by_epoll;    /* takes FDSLOTS_EXCLUSIVE, where there is epoll */
    int (*wait)(struct fdslots *s, const struct timespec *timeout, const sigset_t *sigmask);
};

extern const struct waiter waiters[];
const struct waiter *waiter_find(const char *name);
bool waiter_works(const struct waiter *waiter, bool exclusive);

/* ---- echo_signals.c: SIGINT and SIGTERM, seen only while waiting ---- */

struct signals {
    const sigset_t *mask; /* for the wait, or NULL */
    int fd;               /* for a slot: readable once a signal came; or -1 */
};

int signals_open(struct signals *signals, bool by_mask);
void signals_close(struct signals *signals);
int signals_caught(void); /* the last one, or 0 */
/* Ask for signals that wait outside. Makes one system call. */
void signals_check(void);
/* In a child: as they were before signals_open(). */
void signals_undo(struct signals *signals);

/* ---- echo_net.c: sockets, and how many can be had ---- */

enum { FAMILIES = 2 }; /* IPv4 and IPv6 */

struct listeners {
    int fd[FAMILIES];       /* -1: not listening */
    bool present[FAMILIES]; /* false where the system lacks the family */
    uint16_t port;          /* the same for both */
};

struct listening {
    uint16_t port;      /* 0: any that is free */
    bool all_addresses; /* or the loopback ones */
    bool shared_port;   /* others may listen on it, too, and get their part of the connections */
};

int listeners_open(struct listeners *listeners, const struct listening *how);
void listeners_close(struct listeners *listeners);
/* A socket that is being connected to the listener `which`. */
int connect_start(const struct listeners *listeners, int which, int receive_buffer);
/* Raise the limit of open files to `wanted` if it is lower; the limit that then holds. */
uint64_t fd_limit_raise(uint64_t wanted);

/* What a thread of this example opens besides connections, with a margin. */
enum { FDS_BESIDES = 16 };

/* ---- echo_server.c ---- */

struct server_setup {
    const struct listeners *listeners;
    bool exclusive; /* other buffers hold the listeners, too: a connection wakes one */
    const struct waiter *waiter;
    const struct signals *signals;
    uint32_t max_connections; /* at once */
    int until_fd;             /* the server ends when this can be read or hangs up; or -1 */
};

struct server_stats {
    /* System calls, each counted where it is made. */
    uint64_t waits, accepts, reads, writes, closes, signal_checks;
    uint64_t connections;
    uint64_t bytes;       /* sent back */
    uint64_t slow_peers;  /* times that a connection's data had to be kept */
    uint64_t not_reading; /* times that reading stopped because the buffer was full */
    uint64_t accept_errors;
    uint32_t open, most_open;
};

/* Serve until a signal comes or until_fd says so; then close all connections. */
int server_run(const struct server_setup *setup, struct server_stats *stats);
uint64_t server_system_calls(const struct server_stats *stats);

/* ---- echo_threads.c: a server in each of some threads ---- */

struct team {
    uint32_t threads;
    bool shared; /* all have the same listeners; without, each has its own on the same port */
    struct listeners *listeners;
    struct server_stats *stats; /* of each thread */
    int ending[2];              /* a pipe that each thread writes to at its end; nobody reads it */
};

int team_open(struct team *team, uint32_t threads, bool shared, const struct listening *how);
void team_close(struct team *team);
void team_stop_listening(struct team *team);
/* Serve with the listeners of the team until one thread ends; then end all. The signals of the
 * setup are for the calling thread. */
int team_run(struct team *team, const struct server_setup *setup);
/* Of all threads together; most_open is the sum of what each had at most. */
struct server_stats team_stats(const struct team *team);

/* ---- echo_client.c: many connections that check every byte ---- */

struct client_result {
    uint64_t messages, bytes, waits;
    double seconds;
};

int client_run(const struct listeners *listeners, const struct waiter *waiter, uint32_t connections,
               struct client_result *result);

/* ---- echo_selftest.c: the server here, the client in a child ---- */

/* The exit status. */
int self_test(struct team *team, const struct waiter *waiter, struct signals *signals,
              uint32_t connections);

/* ---- echo.c ---- */

/* "echo: what: why" on stderr; the result is rc again. */
int complain(const char *what, int rc);
void print_stats(const struct team *team);

#endif
