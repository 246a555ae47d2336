/* SPDX-License-Identifier: ISC
 *
 * The self-test. The server runs in this process and its clients in a child, so that the server's
 * counts are its own. A pipe from the child ends the server: it becomes readable when the child has
 * written its result, and hangs up if the child dies without one.
 */
#include "echo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* If all else fails, SIGALRM ends both processes: the child first, so that the parent can report
 * it. */
enum { CHILD_SECONDS = 120, PARENT_SECONDS = CHILD_SECONDS + 10 };

struct child {
    pid_t pid;
    int result_fd;
};

static int run_child(struct team *team, const struct waiter *waiter, struct signals *signals,
                     uint32_t connections, int result_fd)
{
    alarm(CHILD_SECONDS);
    signals_undo(signals);
    /* Only the server may hold the listeners, so that the backlog ends with it. */
    team_stop_listening(team);
    struct client_result result = {0};
    if (client_run(team->listeners, waiter, connections, &result) < 0)
        return EXIT_FAILURE;
    /* A write this small into an empty pipe is not split. */
    ssize_t n = write(result_fd, &result, sizeof result);
    close(result_fd);
    return n == (ssize_t)sizeof result ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int start_child(struct child *child, struct team *team, const struct waiter *waiter,
                       struct signals *signals, uint32_t connections)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return complain("pipe", -errno);
    fflush(NULL); /* else both processes would print the buffered text */
    child->pid = fork();
    if (child->pid == 0) {
        close(ends[0]);
        _exit(run_child(team, waiter, signals, connections, ends[1]));
    }
    int rc = child->pid < 0 ? complain("fork", -errno) : 0;
    close(ends[1]);
    child->result_fd = ends[0];
    if (rc < 0)
        close(ends[0]);
    return rc;
}

/* Returns 0 and stores the result, or prints the reason to stderr. */
static int end_child(struct child *child, bool interrupted, struct client_result *result)
{
    if (interrupted)
        kill(child->pid, SIGTERM);
    ssize_t n = interrupted ? 0 : read(child->result_fd, result, sizeof *result);
    close(child->result_fd);
    int status;
    while (waitpid(child->pid, &status, 0) < 0)
        if (errno != EINTR)
            return complain("waitpid", -errno);
    if (WIFSIGNALED(status))
        fprintf(stderr, "echo: the client was ended: %s\n", strsignal(WTERMSIG(status)));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
        return -EIO;
    return n == (ssize_t)sizeof *result ? 0 : complain("no result of the client", -EIO);
}

static void print_result(const char *name, uint32_t connections, const struct client_result *result,
                         const struct team *team)
{
    struct server_stats stats = team_stats(team);
    uint64_t calls = server_system_calls(&stats);
    printf("%s: %" PRIu32 " connections (%" PRIu32 " at once), %" PRIu64 " messages, %" PRIu64
           " bytes, each as it was sent, in %.2f s\n",
           name, connections, stats.most_open, result->messages, result->bytes, result->seconds);
    print_stats(team);
    printf("%.2f system calls of the server for each message, %.2f of them waits\n",
           (double)calls / (double)result->messages,
           (double)stats.waits / (double)result->messages);
}

/* Both sides must report the same, and all connections must have been open at once. */
static int compare(uint32_t connections, const struct client_result *result,
                   const struct server_stats *stats)
{
    if (stats->connections == connections && stats->most_open == connections &&
        stats->bytes == result->bytes)
        return EXIT_SUCCESS;
    fprintf(stderr, "echo: server and client disagree\n");
    return EXIT_FAILURE;
}

int self_test(struct team *team, const struct waiter *waiter, struct signals *signals,
              uint32_t connections)
{
    struct child child = {.pid = -1, .result_fd = -1};
    if (start_child(&child, team, waiter, signals, connections) < 0)
        return EXIT_FAILURE;
    alarm(PARENT_SECONDS);
    struct server_setup setup = {.waiter = waiter,
                                 .signals = signals,
                                 .max_connections = connections,
                                 .until_fd = child.result_fd};
    int rc = team_run(team, &setup);
    bool interrupted = rc < 0 || signals_caught() != 0;
    struct client_result result = {0};
    if (end_child(&child, interrupted, &result) < 0)
        return EXIT_FAILURE;
    if (interrupted) {
        fprintf(stderr, "echo: the self-test was interrupted\n");
        return EXIT_FAILURE;
    }
    print_result(waiter->name, connections, &result, team);
    struct server_stats stats = team_stats(team);
    return compare(connections, &result, &stats);
}
