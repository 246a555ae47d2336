/* SPDX-License-Identifier: ISC
 *
 * An HTTP/1.1 server for the files of a directory: the command line and the signals.
 */
#include "http.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct options {
    long port, max, timeout_ms;
    bool any;
};

/* ---- Running ---- */

/* A connection takes an fd, and a second one while a file is sent. With fewer fds, the worst result
 * is a 503. */
static void raise_fd_limit(long connections)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        rlim_t wanted = (rlim_t)connections * 2 + 16;
        if (limit.rlim_cur < wanted)
            limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void say_ready(uint16_t port)
{
    printf("listening on port %d\n", port);
    fflush(stdout); /* another program may wait for the port */
}

static int complain(const char *what, int rc)
{
    fprintf(stderr, "http: %s: %s\n", what, strerror(-rc));
    return EXIT_FAILURE;
}

static int run(const struct options *options, const char *directory)
{
    int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return complain(directory, -errno);
    const sigset_t mask = end_signals_block();
    raise_fd_limit(options->max);
    struct connection_stats stats = {0};
    struct server_setup setup = {.port = (uint16_t)options->port,
                                 .all_addresses = options->any,
                                 .max_connections = (uint32_t)options->max,
                                 .patience_ns = options->timeout_ms * INT64_C(1000000),
                                 .root = root,
                                 .mask = &mask,
                                 .ended = end_signal_came,
                                 .ready = say_ready,
                                 .stats = &stats};
    int rc = server_run(&setup);
    close(root);
    if (rc < 0)
        return complain("server", rc);
    printf("ended by %s\n%" PRIu64 " requests, %" PRIu64 " of them errors, %" PRIu64
           " bytes sent\n",
           strsignal(end_signal()), stats.requests, stats.errors, stats.bytes);
    return EXIT_SUCCESS;
}

/* ---- Options ---- */

static int usage(int status)
{
    fprintf(
        status == 0 ? stdout : stderr,
        "Usage: http [OPTION]... DIRECTORY\n"
        "Serve the files of DIRECTORY over HTTP/1.1 (GET and HEAD), until SIGINT or SIGTERM.\n"
        "Symbolic links are not followed.\n\n"
        "  --port N      listen on port N; 0, the default, takes a free one\n"
        "  --any         listen on all addresses, not only on 127.0.0.1\n"
        "  --max N       serve N connections at once (default 1000); others have to wait\n"
        "  --timeout MS  how long a client may take for a request, or to take some of an\n"
        "                answer (default 10000)\n"
        "  --help        print this help and exit\n\n"
        "Exit status: 0 success, 1 failure, 2 wrong usage, 3 no support for signal masks here.\n");
    return status;
}

static bool parse_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case 'p':
        return parse_number(value, 0, UINT16_MAX, &options->port);
    case 'a':
        options->any = true;
        return true;
    case 'm':
        return parse_number(value, 1, 100000, &options->max);
    case 't':
        return parse_number(value, 1, 86400000, &options->timeout_ms);
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'}, {"any", no_argument, NULL, 'a'},
        {"max", required_argument, NULL, 'm'},  {"timeout", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0}};
    struct options options = {.max = 1000, .timeout_ms = 10000};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h')
            return usage(0);
        if (!parse_option(&options, option, optarg))
            return usage(EXIT_USAGE);
    }
    if (optind != argc - 1)
        return usage(EXIT_USAGE);
    if (fdslots_has(FDSLOTS_HAS_PPOLL) != 1 && fdslots_has(FDSLOTS_HAS_EPOLL) != 1) {
        fprintf(stderr, "http: no wait takes a signal mask here\n");
        return EXIT_UNSUPPORTED;
    }
    return run(&options, argv[optind]);
}
