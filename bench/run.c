/* SPDX-License-Identifier: ISC
 *
 * The driver: for each cell of the grid all contenders in turn, round after round, so that whatever
 * else the machine does falls on all alike. The contenders live in programs of their own
 * (worker.c), since some of the libraries have symbols in common; each is given on the command
 * line:
 *
 *     run [-r ROUNDS] [-o CSV] [-w WORKLOAD] [-n N] [-k K] PROGRAM...
 */
#include "bench.h"
#include "result.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof(array)[0]))
#define MOST_CELLS    1000
#define MOST_SECONDS  0.06 /* for one contender in one cell */
#define LEAST_ROUNDS  3

/* ---- the grid ---- */

static const uint32_t sizes[] = {1, 4, 16, 64, 256, 1024, 8192, 16384};

/* How many are ready or changed, as parts of n; 1 is the single one. */
struct part {
    const char *workload;
    uint32_t divisors[3]; /* n / divisor; 0 ends them, UINT32_MAX stands for k = 1 */
    uint32_t largest;
};

#define ONE UINT32_MAX

static const struct part parts[] = {
    {"ready", {ONE, 4, 1}, 0},
    {"ready-blocking", {ONE, 4, 1}, 0},
    {"toggle", {ONE, 8, 1}, 8192},
    {"toggle-back", {ONE, 1}, 8192},
    {"reset", {ONE, 8, 1}, 8192},
    {"pause-cancels", {ONE, 1}, 8192},
    {"pause-across", {ONE, 8, 1}, 8192},
    {"oneshot", {ONE, 8, 1}, 8192},
    {"register", {0}, 8192},
    {"replace", {ONE, 8}, 8192},
    {"sparse", {ONE, 1}, 4096},
    {"sleep", {ONE}, 8192},
    {"ring", {ONE, 8}, 8192},
    {"mixed", {ONE, 2}, 8192},
};

static const struct part *part_of(const char *workload)
{
    for (int i = 0; i < LENGTH(parts); i++)
        if (strcmp(parts[i].workload, workload) == 0)
            return &parts[i];
    return NULL;
}

struct options {
    int rounds;
    const char *csv;
    const char *workload;
    long n, k;
};

static int add(struct result *grid, int count, const struct options *o, const char *workload,
               uint32_t n, uint32_t divisor)
{
    if (divisor == ONE || n < divisor)
        divisor = 0;
    const struct part *part = part_of(workload);
    uint32_t k = divisor > 0 ? n / divisor : part != NULL && part->divisors[0] != 0;
    if (o->workload != NULL && strcmp(o->workload, workload) != 0)
        return count;
    if (o->k > 0 && (uint32_t)o->k != k)
        return count;
    for (int i = 0; i < count; i++)
        if (strcmp(grid[i].workload, workload) == 0 && grid[i].n == n && grid[i].k == k)
            return count;
    if (count == MOST_CELLS)
        abort();
    grid[count] = (struct result){.workload = workload, .n = n, .k = k, .divisor = divisor};
    return count + 1;
}

static int add_parts(struct result *grid, int count, const struct options *o,
                     const struct workload *w, uint32_t n)
{
    const struct part *part = part_of(w->name);
    if (part == NULL)
        return add(grid, count, o, w->name, n, 0);
    if (part->largest != 0 && n > part->largest)
        return count;
    count = add(grid, count, o, w->name, n, part->divisors[0]);
    for (int d = 1; d < LENGTH(part->divisors) && part->divisors[d] != 0; d++)
        count = add(grid, count, o, w->name, n, part->divisors[d]);
    return count;
}

static int make_grid(struct result *grid, const struct options *o)
{
    int count = 0;
    const struct workload *w;
    for (uint32_t i = 0; (w = workload_at(i)) != NULL; i++) {
        for (int s = 0; s < LENGTH(sizes); s++)
            count = add_parts(grid, count, o, w, o->n > 0 ? (uint32_t)o->n : sizes[s]);
        if (w->id == IDLE && o->n == 0)
            count = add(grid, add(grid, count, o, w->name, FEW, 0), o, w->name, MANY, 0);
    }
    return count;
}

/* ---- the programs ---- */

struct worker {
    FILE *to, *from;
};

struct seat {
    struct worker *worker;
    int at; /* which contender of that program */
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

static void start_all(char **paths)
{
    char line[256];
    for (struct worker *worker = workers; *paths != NULL; paths++, worker++) {
        start(worker, *paths);
        ask(worker, line, sizeof line);
        int at = 0;
        for (char *name = strtok(line, " \n"); name != NULL; name = strtok(NULL, " \n")) {
            must(who.count < MOST_CONTENDERS, "too many contenders");
            seats[who.count] = (struct seat){worker, at++};
            who.names[who.count] = strdup(name);
            must(who.names[who.count++] != NULL, "strdup");
        }
    }
}

/* ---- a cell ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct times digest(double *samples, int count)
{
    qsort(samples, (size_t)count, sizeof *samples, by_size);
    return (struct times){samples[count / 2], samples[0], samples[count - 1]};
}

/* Prepare a cell in every program; those that cannot are left out of it. */
static void enter(const struct result *r, bool *takes_part)
{
    char line[128];
    for (int i = 0; i < who.count; i++) {
        if (seats[i].at != 0) {
            takes_part[i] = takes_part[i - 1];
            continue;
        }
        fprintf(seats[i].worker->to, "cell %s %u %u\n", r->workload, r->n, r->k);
        ask(seats[i].worker, line, sizeof line);
        takes_part[i] = strcmp(line, "ok\n") == 0;
    }
}

static double round_of(const struct seat *seat)
{
    char line[128];
    fprintf(seat->worker->to, "run %d\n", seat->at);
    ask(seat->worker, line, sizeof line);
    return strtod(line, NULL);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A contender that is far behind would take most of the time of all: it gets fewer rounds. */
static void measure(struct result *r, int rounds)
{
    static double samples[MOST_CONTENDERS][MOST_ROUNDS];
    int taken[MOST_CONTENDERS] = {0};
    double spent[MOST_CONTENDERS] = {0};
    bool takes_part[MOST_CONTENDERS];
    enter(r, takes_part);
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < who.count; i++) {
            if (!takes_part[i] || (round >= LEAST_ROUNDS && spent[i] > MOST_SECONDS))
                continue;
            double start = now();
            samples[i][taken[i]++] = round_of(&seats[i]);
            spent[i] += now() - start;
        }
    }
    for (int i = 0; i < who.count; i++)
        if (taken[i] > 0)
            r->times[i] = digest(samples[i], taken[i]);
}

static void progress(int done, int count, const struct result *r)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%3d%%  %s n=%u k=%u\033[K\r", 100 * done / count, r->workload, r->n,
                r->k);
}

static struct options parse(int argc, char **argv)
{
    struct options o = {.rounds = 9};
    int option;
    while ((option = getopt(argc, argv, "r:o:w:n:k:")) != -1) {
        switch (option) {
        case 'r':
            o.rounds = atoi(optarg);
            break;
        case 'o':
            o.csv = optarg;
            break;
        case 'w':
            o.workload = optarg;
            break;
        case 'n':
            o.n = atol(optarg);
            break;
        case 'k':
            o.k = atol(optarg);
            break;
        default:
            exit(2);
        }
    }
    if (o.rounds < 1 || o.rounds > MOST_ROUNDS || argc - optind < 1 ||
        argc - optind > MOST_CONTENDERS) {
        fprintf(stderr, "usage: run [-r ROUNDS] [-o CSV] [-w WORKLOAD] [-n N] [-k K] PROGRAM...\n");
        exit(2);
    }
    return o;
}

int main(int argc, char **argv)
{
    static struct result grid[MOST_CELLS];
    struct options o = parse(argc, argv);
    FILE *csv = NULL;
    if (o.csv != NULL) {
        csv = fopen(o.csv, "w");
        must(csv != NULL, o.csv);
        csv_head(csv);
    }
    start_all(argv + optind);
    int count = make_grid(grid, &o);
    table_head(&who);
    for (int i = 0; i < count; i++) {
        progress(i, count, &grid[i]);
        measure(&grid[i], o.rounds);
        table_row(&who, &grid[i]);
        if (csv != NULL)
            csv_rows(csv, &who, &grid[i]);
    }
    summary(&who, grid, count);
    return 0;
}
