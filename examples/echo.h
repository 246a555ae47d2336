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

/* Exit statuses apart from EXIT_SUCCESS and EXIT_FAILURE. */
enum { EXIT_USAGE = 2, EXIT_UNSUPPORTED = 3 };

/* ---- echo_wait.c: the entry points of fdslots behind one signature ---- */

struct waiter {
    const char *name; /* name for --with; NULL ends the table */
    unsigned feature; /* the FDSLOTS_HAS_ feature that it needs for this work, or 0 */
    bool takes_mask;  /* if false, signals must come through a slot */
    bool by_epoll;    /* takes FDSLOTS_EXCLUSIVE if there is epoll */
    int (*wait)(struct fdslots *s, const struct timespec *timeout, const sigset_t *sigmask);
};

extern const struct waiter waiters[];
const struct waiter *waiter_find(const char *name);
bool waiter_works(const struct waiter *waiter, bool exclusive);

/* ---- echo_signals.c: SIGINT and SIGTERM, seen only while waiting ---- */

struct signals {
    const sigset_t *mask; /* mask for the wait, or NULL */
    int fd;               /* fd for a slot, which becomes readable when a signal comes, or -1 */
};

int signals_open(struct signals *signals, bool by_mask);
void signals_close(struct signals *signals);
int signals_caught(void); /* the last signal, or 0 */
/* Check for signals that are pending outside a wait. Makes one system call. */
void signals_check(void);
/* In a child, restore the state from before signals_open(). */
void signals_undo(struct signals *signals);

/* ---- echo_net.c: sockets and the limit of open files ---- */

enum { FAMILIES = 2 }; /* IPv4 and IPv6 */

struct listeners {
    int fd[FAMILIES];       /* -1 if not listening */
    bool present[FAMILIES]; /* false if the system lacks the family */
    uint16_t port;          /* the same for both */
};

struct listening {
    uint16_t port;      /* 0 for any free port */
    bool all_addresses; /* if false, only the loopback addresses */
    bool shared_port;   /* others may listen on the port, too, and get a share of the connections */
};

int listeners_open(struct listeners *listeners, const struct listening *how);
void listeners_close(struct listeners *listeners);
/* Return a socket that is connecting to the listener `which`. */
int connect_start(const struct listeners *listeners, int which, int receive_buffer);
/* Raise the limit of open files to `wanted` if it is lower. Returns the limit that then applies. */
uint64_t fd_limit_raise(uint64_t wanted);

/* Number of fds that a thread of this example opens apart from connections, with a margin. */
enum { FDS_BESIDES = 16 };

/* ---- echo_server.c ---- */

struct server_setup {
    const struct listeners *listeners;
    bool exclusive; /* other buffers hold the listeners, too, and a connection wakes one of them */
    const struct waiter *waiter;
    const struct signals *signals;
    uint32_t max_connections; /* at once */
    int until_fd;             /* the server ends when this is readable or hangs up; or -1 */
};

struct server_stats {
    /* System calls. Each is counted where it is made. */
    uint64_t waits, accepts, reads, writes, closes, signal_checks;
    uint64_t connections;
    uint64_t bytes;       /* sent back */
    uint64_t slow_peers;  /* how often data of a connection had to be kept */
    uint64_t not_reading; /* how often reading stopped because the buffer was full */
    uint64_t accept_errors;
    uint32_t open, most_open;
};

/* Serve until a signal comes or until_fd ends the server. Then close all connections. */
int server_run(const struct server_setup *setup, struct server_stats *stats);
uint64_t server_system_calls(const struct server_stats *stats);

/* ---- echo_threads.c: one server in each of several threads ---- */

struct team {
    uint32_t threads;
    bool shared; /* all have the same listeners; else each has its own on the same port */
    struct listeners *listeners;
    struct server_stats *stats; /* one for each thread */
    /* A pipe to which every thread writes when it ends, and which nobody reads. */
    int ending[2];
};

int team_open(struct team *team, uint32_t threads, bool shared, const struct listening *how);
void team_close(struct team *team);
void team_stop_listening(struct team *team);
/* Serve with the listeners of the team until one thread ends, and then end all of them. The signals
 * of the setup are for the calling thread. */
int team_run(struct team *team, const struct server_setup *setup);
/* Return the sums over all threads. most_open is the sum of the maxima of the threads. */
struct server_stats team_stats(const struct team *team);

/* ---- echo_client.c: many connections that check every byte ---- */

struct client_result {
    uint64_t messages, bytes, waits;
    double seconds;
};

int client_run(const struct listeners *listeners, const struct waiter *waiter, uint32_t connections,
               struct client_result *result);

/* ---- echo_selftest.c: the server in this process, the client in a child ---- */

/* Returns the exit status. */
int self_test(struct team *team, const struct waiter *waiter, struct signals *signals,
              uint32_t connections);

/* ---- echo.c ---- */

/* Print "echo: what: why" to stderr. Returns rc. */
int complain(const char *what, int rc);
void print_stats(const struct team *team);

#endif
