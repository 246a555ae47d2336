/* SPDX-License-Identifier: ISC
 *
 * A server whose answers take long. A client sends file names, one on each line, and gets the lines
 * of cksum(1). Threads read the files. One thread waits for all connections, and the others wake
 * it. This file has the command line and the signals.
 */
#include "server.h"
#include "workers.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    long port, max, threads;
};

static int usage(int status)
{
    fprintf(
        status == 0 ? stdout : stderr,
        "Usage: workers [OPTION]...\n"
        "Answer file names, one on each line, with their checksums as cksum(1) prints them, until\n"
        "SIGINT or SIGTERM. A client that closes loses the answers that it waits for.\n\n"
        "  --port N     listen on port N of 127.0.0.1; 0, the default, takes a free one\n"
        "  --max N      serve N connections at once (default 100); others have to wait\n"
        "  --threads N  read files with N threads (default 4)\n"
        "  --help       print this help and exit\n\n"
        "Exit status: 0 success, 1 failure, 2 wrong usage, 3 no support for signal masks here.\n");
    return status;
}

static bool parse_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case 'p':
        return parse_number(value, 0, UINT16_MAX, &options->port);
    case 'm':
        return parse_number(value, 1, 100000, &options->max);
    case 't':
        return parse_number(value, 1, 1000, &options->threads);
    default:
        return false;
    }
}

static int run(const struct options *options)
{
    const sigset_t mask = end_signals_block();
    struct server *server;
    int rc = server_create((uint32_t)options->max, (uint32_t)options->threads,
                           (uint16_t)options->port, &server);
    if (rc == 0) {
        printf("listening on port %d\n", server_port(server));
        rc = server_run(server, &mask, end_signal_came);
        server_destroy(server);
    }
    if (rc < 0)
        fprintf(stderr, "workers: %s\n", strerror(-rc));
    else
        printf("ended by %s\n", strsignal(end_signal()));
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"port", required_argument, NULL, 'p'},
                                          {"max", required_argument, NULL, 'm'},
                                          {"threads", required_argument, NULL, 't'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct options options = {.max = 100, .threads = 4};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h')
            return usage(0);
        if (!parse_option(&options, option, optarg))
            return usage(EXIT_USAGE);
    }
    if (optind < argc)
        return usage(EXIT_USAGE);
    if (fdslots_has(FDSLOTS_HAS_PPOLL) != 1 && fdslots_has(FDSLOTS_HAS_EPOLL) != 1) {
        fprintf(stderr, "workers: no wait takes a signal mask here\n");
        return EXIT_UNSUPPORTED;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* another program may wait for a line */
    return run(&options);
}
