/* SPDX-License-Identifier: ISC
 *
 * The driver. For every cell of the grid, it runs all contenders in turn, round after round, so
 * that other load on the machine affects all of them alike. The contenders are in several programs
 * (worker.c), because some of the libraries have symbols in common. The programs are given on the
 * command line:
 *
 *     run [-g GRID] [-c CONTENDER,...] [-l WAITS] [-r ROUNDS] [-o CSV]
 *         [-w WORKLOAD] [-f FILES] [-n N] [-k K] PROGRAM...
 *
 * -l sets how many waits a contender that learns makes before the first round. -w, -f, -n and -k
 * select a part of the grid.
 */
#include "bench.h"
#include "grid.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST_SECONDS 0.06 /* for one contender in one cell */
#define LEAST_ROUNDS 3

struct options {
    const char *grid;
    const char *contenders;  /* NULL for all */
    uint32_t waits_to_learn; /* 0 for the default */
    uint32_t rounds;
    const char *csv;
    struct only only;
};

/* ---- the programs ---- */

struct worker {
    FILE *to, *from;
};

struct seat {
    struct worker *worker;
    int at; /* index of the contender in its program */
};

static struct worker workers[MOST_CONTENDERS];
static struct seat seats[MOST_CONTENDERS];
static struct contestants who;

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(EXIT_FAILURE);
}

static void ask(struct worker *worker, char *answer, int size)
{
    fflush(worker->to);
    if (fgets(answer, size, worker->from) == NULL) {
        fprintf(stderr, "bench: a program of contenders has ended\n");
        exit(EXIT_FAILURE);
    }
}

static void start(struct worker *worker, const char *path)
{
    int to[2];
    int from[2];
    must(pipe(to) == 0 && pipe(from) == 0, "pipe");
    pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        for (int fd = 3; fd < 100; fd++)
            close(fd);
        execl(path, path, (char *)NULL);
        perror(path);
        _exit(EXIT_FAILURE);
    }
    close(to[0]);
    close(from[1]);
    worker->to = fdopen(to[1], "w");
    worker->from = fdopen(from[0], "r");
    must(worker->to != NULL && worker->from != NULL, "fdopen");
}

/* Whether the name is in the list, which is separated by commas. */
static bool is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; at != NULL && (at = strstr(at, name)) != NULL; at += length)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
            return true;
    return list == NULL;
}

static void seat_all(struct worker *worker, char *names, const char *list)
{
    int at = 0;
    for (char *name = strtok(names, " \n"); name != NULL; name = strtok(NULL, " \n"), at++) {
        if (!is_listed(list, name))
            continue;
        must(who.count < MOST_CONTENDERS, "too many contenders");
        seats[who.count] = (struct seat){worker, at};
        who.names[who.count] = strdup(name);
        must(who.names[who.count++] != NULL, "strdup");
    }
}

static void start_all(char **paths, const char *list)
{
    char line[256];
    for (struct worker *worker = workers; *paths != NULL; paths++, worker++) {
        start(worker, *paths);
        ask(worker, line, sizeof line);
        seat_all(worker, line, list);
    }
}

/* ---- a cell ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The results of a contender's rounds. */
struct log {
    double samples[MOST_ROUNDS];
    int taken;
    double seconds;
    uint64_t by_poll, by_epoll;
};

static struct times digest(struct log *log)
{
    qsort(log->samples, (size_t)log->taken, sizeof log->samples[0], by_size);
    uint64_t waits = log->by_poll + log->by_epoll;
    return (struct times){
        .median = log->samples[log->taken / 2],
        .least = log->samples[0],
        .most = log->samples[log->taken - 1],
        .by_poll = waits > 0 ? (double)log->by_poll / (double)waits : -1,
    };
}

/* Prepare a cell in every program. Programs that cannot take part are left out. */
static void enter(const struct result *r, uint32_t waits_to_learn, bool *takes_part)
{
    char line[128];
    for (int i = 0; i < who.count; i++) {
        if (i > 0 && seats[i].worker == seats[i - 1].worker) {
            takes_part[i] = takes_part[i - 1];
            continue;
        }
        fprintf(seats[i].worker->to, "cell %s %s %u %u %u\n", r->workload, r->files, r->n, r->k,
                waits_to_learn);
        ask(seats[i].worker, line, sizeof line);
        takes_part[i] = strcmp(line, "ok\n") == 0;
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Run one round. Returns whether the contender takes part. */
static bool add_round(const struct seat *seat, struct log *log)
{
    char line[128];
    double ns = 0;
    uint64_t by_poll = 0;
    uint64_t by_epoll = 0;
    double start = now();
    fprintf(seat->worker->to, "run %d\n", seat->at);
    ask(seat->worker, line, sizeof line);
    sscanf(line, "%lf %" SCNu64 " %" SCNu64, &ns, &by_poll, &by_epoll);
    if (ns <= 0)
        return false;
    log->samples[log->taken++] = ns;
    log->seconds += now() - start;
    log->by_poll += by_poll;
    log->by_epoll += by_epoll;
    return true;
}

/* A contender that is much slower would take most of the time, so it gets fewer rounds. */
static void measure(struct result *r, const struct options *o)
{
    static struct log logs[MOST_CONTENDERS];
    bool takes_part[MOST_CONTENDERS];
    memset(logs, 0, sizeof logs);
    enter(r, o->waits_to_learn, takes_part);
    for (uint32_t round = 0; round < o->rounds; round++)
        for (int i = 0; i < who.count; i++)
            if (takes_part[i] && (round < LEAST_ROUNDS || logs[i].seconds <= MOST_SECONDS))
                takes_part[i] = add_round(&seats[i], &logs[i]);
    for (int i = 0; i < who.count; i++)
        if (logs[i].taken > 0)
            r->times[i] = digest(&logs[i]);
}

static void progress(int done, int count, const struct result *r)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%3d%%  %s %s n=%u k=%u\033[K\r", 100 * done / count, r->workload,
                r->files, r->n, r->k);
}

static void usage(void)
{
    fprintf(stderr, "usage: run [-g all|files] [-c CONTENDER,...] [-l WAITS] [-r ROUNDS] [-o CSV]\n"
                    "           [-w WORKLOAD] [-f FILES] [-n N] [-k K] PROGRAM...\n");
    exit(2);
}

static uint32_t number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value > 10000000)
        usage();
    return (uint32_t)value;
}

static void take(struct options *o, int option, const char *value)
{
    switch (option) {
    case 'g':
        o->grid = value;
        break;
    case 'c':
        o->contenders = value;
        break;
    case 'l':
        o->waits_to_learn = number(value);
        break;
    case 'r':
        o->rounds = number(value);
        break;
    case 'o':
        o->csv = value;
        break;
    case 'w':
        o->only.workload = value;
        break;
    case 'f':
        o->only.files = value;
        break;
    case 'n':
        o->only.n = number(value);
        break;
    case 'k':
        o->only.k = number(value);
        break;
    default:
        usage();
    }
}

static struct options parse(int argc, char **argv)
{
    struct options o = {.grid = "all", .rounds = 9};
    int option;
    while ((option = getopt(argc, argv, "g:c:l:r:o:w:f:n:k:")) != -1)
        take(&o, option, optarg);
    if (o.rounds < 1 || o.rounds > MOST_ROUNDS || argc - optind < 1 ||
        argc - optind > MOST_CONTENDERS)
        usage();
    return o;
}

static FILE *open_csv(const char *path)
{
    if (path == NULL)
        return NULL;
    FILE *csv = fopen(path, "w");
    must(csv != NULL, path);
    csv_head(csv);
    return csv;
}

int main(int argc, char **argv)
{
    static struct result cells[MOST_CELLS];
    struct options o = parse(argc, argv);
    int count = grid_make(o.grid, &o.only, cells);
    if (count < 0)
        usage();
    FILE *csv = open_csv(o.csv);
    start_all(argv + optind, o.contenders);
    table_head(&who);
    for (int i = 0; i < count; i++) {
        progress(i, count, &cells[i]);
        measure(&cells[i], &o);
        table_row(&who, &cells[i]);
        if (csv != NULL)
            csv_rows(csv, &who, &cells[i]);
    }
    if (strcmp(o.grid, "files") == 0)
        summary_by_files(&who, cells, count);
    else
        summary(&who, cells, count);
    return 0;
}
