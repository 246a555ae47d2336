/* SPDX-License-Identifier: ISC
 *
 * A TCP port forwarder: every connection to its port leads to a connection to a target, and bytes
 * pass in both directions. A slow side holds back the other, a half-close is passed on, and a pair
 * that is idle for too long is closed. This file has the command line.
 */
#include "forward.h"
#include "server.h"

#include <fdslots.h>

#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    long port, max, idle_ms;
};

static int usage(int status)
{
    fprintf(
        status == 0 ? stdout : stderr,
        "Usage: forward [OPTION]... HOST PORT\n"
        "Forward TCP connections to PORT of HOST, until SIGINT or SIGTERM.\n\n"
        "  --port N   listen on port N of 127.0.0.1; 0, the default, takes a free one\n"
        "  --max N    forward N connections at once (default 1000); others have to wait\n"
        "  --idle MS  close a connection after MS milliseconds without data (default 60000)\n"
        "  --help     print this help and exit\n\n"
        "Exit status: 0 success, 1 failure, 2 wrong usage, 3 no support for signal masks here.\n");
    return status;
}

static bool parse_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case 'p':
        return parse_number(value, 0, UINT16_MAX, &options->port);
    case 'm':
        return parse_number(value, 1, 10000, &options->max);
    case 'i':
        return parse_number(value, 1, 86400000, &options->idle_ms);
    default:
        return false;
    }
}

static void say_ready(uint16_t port)
{
    printf("listening on port %d\n", port);
    fflush(stdout); /* another program may wait for the port */
}

static int run(const struct options *options, const struct addrinfo *target)
{
    const sigset_t mask = end_signals_block();
    struct forwarding f = {.port = (uint16_t)options->port,
                           .max_pairs = (uint32_t)options->max,
                           .patience_ns = options->idle_ms * INT64_C(1000000),
                           .target = target->ai_addr,
                           .target_size = target->ai_addrlen,
                           .ready = say_ready};
    int rc = forward_run(&f, &mask);
    if (rc < 0) {
        fprintf(stderr, "forward: %s\n", strerror(-rc));
        return EXIT_FAILURE;
    }
    printf("ended by %s\n%" PRIu64 " connections, %" PRIu64 " bytes\n", strsignal(end_signal()),
           f.connections, f.bytes);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"port", required_argument, NULL, 'p'},
                                          {"max", required_argument, NULL, 'm'},
                                          {"idle", required_argument, NULL, 'i'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct options options = {.max = 1000, .idle_ms = 60000};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h')
            return usage(0);
        if (!parse_option(&options, option, optarg))
            return usage(EXIT_USAGE);
    }
    if (optind != argc - 2)
        return usage(EXIT_USAGE);
    if (fdslots_has(FDSLOTS_HAS_PPOLL) != 1 && fdslots_has(FDSLOTS_HAS_EPOLL) != 1) {
        fprintf(stderr, "forward: no wait takes a signal mask here\n");
        return EXIT_UNSUPPORTED;
    }
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *target;
    int error = getaddrinfo(argv[optind], argv[optind + 1], &wanted, &target);
    if (error != 0) {
        fprintf(stderr, "forward: %s: %s\n", argv[optind], gai_strerror(error));
        return EXIT_FAILURE;
    }
    int status = run(&options, target);
    freeaddrinfo(target);
    return status;
}
