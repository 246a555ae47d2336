/* SPDX-License-Identifier: ISC
 *
 * A TCP echo server for IPv4 and IPv6: the command line and the output.
 */
#include "echo.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CONNECTIONS_DEFAULT = 1000, MAX_CONNECTIONS_MOST = 1000000, THREADS_MOST = 256 };

struct options {
    const struct waiter *waiter;
    uint16_t port;
    bool all_addresses;
    uint32_t max_connections; /* in each thread */
    uint32_t self_test;       /* number of connections, or 0 */
    uint32_t threads;
    bool shared;
    bool help;
};

int complain(const char *what, int rc)
{
    fprintf(stderr, "echo: %s: %s\n", what, strerror(-rc));
    return rc;
}

/* ---- Output ---- */

static void print_threads(const struct team *team)
{
    for (uint32_t i = 0; i < team->threads; i++)
        printf("thread %" PRIu32 ": %" PRIu64 " connections, at most %" PRIu32 " at once, %" PRIu64
               " waits\n",
               i, team->stats[i].connections, team->stats[i].most_open, team->stats[i].waits);
}

void print_stats(const struct team *team)
{
    struct server_stats total = team_stats(team);
    const struct server_stats *stats = &total;
    if (team->threads > 1)
        print_threads(team);
    printf("server: %" PRIu64 " connections, at most %" PRIu32 " at once, %" PRIu64
           " bytes sent back\n",
           stats->connections, stats->most_open, stats->bytes);
    printf("server: %" PRIu64 " times a peer was slow to take data, %" PRIu64
           " times it was therefore not read from, %" PRIu64 " failed accepts\n",
           stats->slow_peers, stats->not_reading, stats->accept_errors);
    printf("server: %" PRIu64 " system calls = %" PRIu64 " waits + %" PRIu64 " accepts + %" PRIu64
           " reads + %" PRIu64 " writes + %" PRIu64 " closes + %" PRIu64 " looks for signals\n",
           server_system_calls(stats), stats->waits, stats->accepts, stats->reads, stats->writes,
           stats->closes, stats->signal_checks);
}

static void print_waiters(FILE *out)
{
    for (const struct waiter *waiter = waiters; waiter->name != NULL; waiter++)
        fprintf(out, "%s%s", waiter == waiters ? "" : "|", waiter->name);
}

static void print_help(void)
{
    printf("Usage: echo [OPTION]...\n"
           "Send back over TCP whatever is received, until SIGINT or SIGTERM.\n\n"
           "  --port N       listen on port N; 0, the default, takes a free one\n"
           "  --any          listen on all addresses, not only on the loopback ones\n"
           "  --max N        serve N connections at once (default %d); others have to wait\n"
           "  --threads N    serve in N threads, each with slots for --max connections and with\n"
           "                 its own listeners; the kernel distributes the connections\n"
           "  --shared       share the listeners; a free thread takes the next connection\n"
           "  --with=",
           MAX_CONNECTIONS_DEFAULT);
    print_waiters(stdout);
    printf("\n                 the entry point to wait with (default wait)\n"
           "  --self-test N  open N connections from a child process, check every byte that\n"
           "                 comes back, print counts and exit\n"
           "  --help         print this help and exit\n\n"
           "Exit status: 0 success, %d failure, %d wrong usage, %d --with is not available here.\n",
           EXIT_FAILURE, EXIT_USAGE, EXIT_UNSUPPORTED);
}

/* ---- Options ---- */

static int bad_usage(const char *what, const char *value)
{
    fprintf(stderr, "echo: %s%s%s\nTry 'echo --help'.\n", what, value != NULL ? ": " : "",
            value != NULL ? value : "");
    return EXIT_USAGE;
}

static bool parse_number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < least || number > most)
        return false;
    *out = (uint32_t)number;
    return true;
}

static int parse_option(struct options *options, int option, const char *value)
{
    uint32_t number;
    switch (option) {
    case 'p':
        if (!parse_number(value, 0, UINT16_MAX, &number))
            return bad_usage("--port takes 0 to 65535", value);
        options->port = (uint16_t)number;
        return 0;
    case 'a':
        options->all_addresses = true;
        return 0;
    case 'm':
        if (!parse_number(value, 1, MAX_CONNECTIONS_MOST, &options->max_connections))
            return bad_usage("--max takes 1 to 1000000", value);
        return 0;
    case 't':
        if (!parse_number(value, 1, THREADS_MOST, &options->threads))
            return bad_usage("--threads takes 1 to 256", value);
        return 0;
    case 'l':
        options->shared = true;
        return 0;
    case 'w':
        options->waiter = waiter_find(value);
        return options->waiter != NULL ? 0 : bad_usage("unknown --with", value);
    case 's':
        if (!parse_number(value, 1, MAX_CONNECTIONS_MOST, &options->self_test))
            return bad_usage("--self-test takes 1 to 1000000", value);
        return 0;
    case 'h':
        options->help = true;
        return 0;
    default:
        return bad_usage("wrong usage", NULL); /* getopt_long has printed the reason */
    }
}

static int parse_options(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},
        {"any", no_argument, NULL, 'a'},
        {"max", required_argument, NULL, 'm'},
        {"threads", required_argument, NULL, 't'},
        {"shared", no_argument, NULL, 'l'},
        {"with", required_argument, NULL, 'w'},
        {"self-test", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        int status = parse_option(options, option, optarg);
        if (status != 0)
            return status;
    }
    if (optind < argc)
        return bad_usage("unexpected argument", argv[optind]);
    if (options->self_test > 0 && options->all_addresses)
        return bad_usage("--self-test uses the loopback addresses, without --any", NULL);
    return 0;
}

/* ---- Running ---- */

/* Return how many connections the limit of open files allows, but no more than wanted. */
static uint64_t connections_possible(uint64_t wanted, uint32_t threads)
{
    uint64_t besides = (uint64_t)threads * FDS_BESIDES;
    uint64_t limit = fd_limit_raise(wanted + besides);
    uint64_t possible = limit > besides ? limit - besides : 0;
    if (possible >= wanted)
        return wanted;
    fprintf(stderr,
            "echo: %" PRIu64 " connections need %" PRIu64 " file descriptors, and the hard limit "
            "(ulimit -Hn) is %" PRIu64 "\n",
            wanted, wanted + besides, limit);
    return possible;
}

static void print_start(const struct options *options, const struct listeners *listeners)
{
    printf("listening on port %d (%s%s%s), waiting with %s", listeners->port,
           listeners->present[0] ? "IPv4" : "",
           listeners->present[0] && listeners->present[1] ? " and " : "",
           listeners->present[1] ? "IPv6" : "", options->waiter->name);
    if (options->threads > 1)
        printf(" in %" PRIu32 " threads", options->threads);
    printf("\n");
    fflush(stdout); /* another program may wait for the port */
}

static int serve(const struct options *options, struct team *team, const struct signals *signals)
{
    uint64_t wanted = (uint64_t)options->max_connections * team->threads;
    uint32_t connections = (uint32_t)(connections_possible(wanted, team->threads) / team->threads);
    if (connections == 0)
        return EXIT_FAILURE;
    if (connections < options->max_connections)
        fprintf(stderr, "echo: serving %" PRIu32 " at once%s\n", connections,
                team->threads > 1 ? " in each thread" : "");
    print_start(options, team->listeners);
    struct server_setup setup = {.waiter = options->waiter,
                                 .signals = signals,
                                 .max_connections = connections,
                                 .until_fd = -1};
    int rc = team_run(team, &setup);
    if (rc == 0)
        printf("ended by %s\n", strsignal(signals_caught()));
    print_stats(team);
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int test(const struct options *options, struct team *team, struct signals *signals)
{
    if (connections_possible(options->self_test, team->threads) < options->self_test)
        return EXIT_FAILURE;
    return self_test(team, options->waiter, signals, options->self_test);
}

static int run(const struct options *options)
{
    if (!waiter_works(options->waiter, options->shared)) {
        fprintf(stderr, "echo: --with=%s is not available here%s\n", options->waiter->name,
                options->shared ? " with --shared" : "");
        return EXIT_UNSUPPORTED;
    }
    struct signals signals;
    struct team team;
    int rc = signals_open(&signals, options->waiter->takes_mask);
    if (rc < 0) {
        complain("signals", rc);
        return EXIT_FAILURE;
    }
    int status = EXIT_FAILURE;
    const struct listening how = {.port = options->port, .all_addresses = options->all_addresses};
    rc = team_open(&team, options->threads, options->shared, &how);
    if (rc < 0)
        complain("listen", rc);
    else if (options->self_test > 0)
        status = test(options, &team, &signals);
    else
        status = serve(options, &team, &signals);
    team_close(&team);
    signals_close(&signals);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {
        .waiter = waiter_find("wait"), .max_connections = MAX_CONNECTIONS_DEFAULT, .threads = 1};
    int status = parse_options(&options, argc, argv);
    if (status != 0)
        return status;
    if (options.help)
        print_help();
    else
        status = run(&options);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("standard output", -errno);
        return EXIT_FAILURE;
    }
    return status;
}
