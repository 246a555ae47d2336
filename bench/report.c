/* SPDX-License-Identifier: ISC
 *
 * The table, the CSV and the summary.
 */
#include "result.h"
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHORT_NS 200.0 /* for shorter times, a difference in ns says more than a ratio */

static const struct times *times_of(const struct contestants *who, const struct result *r,
                                    const char *name)
{
    static const struct times none = {.by_poll = -1};
    for (int i = 0; i < who->count; i++)
        if (strcmp(who->names[i], name) == 0)
            return &r->times[i];
    return &none;
}

static double median_of(const struct contestants *who, const struct result *r, const char *name)
{
    return times_of(who, r, name)->median;
}

double result_best(const struct contestants *who, const struct result *r)
{
    double poll = median_of(who, r, "poll");
    double epoll = median_of(who, r, "epoll");
    return poll < epoll ? poll : epoll;
}

static bool is_peer(const char *name)
{
    return strncmp(name, "lib", 3) == 0;
}

/* Return the time of the cheapest of the other libraries, or 0 if there is none. */
static double best_peer(const struct contestants *who, const struct result *r)
{
    double best = 0;
    for (int i = 0; i < who->count; i++)
        if (is_peer(who->names[i]) && r->times[i].median > 0 &&
            (best <= 0 || r->times[i].median < best))
            best = r->times[i].median;
    return best;
}

static int width_of(const char *name)
{
    int width = (int)strlen(name);
    return width > 9 ? width : 9;
}

void table_head(const struct contestants *who)
{
    printf("ns for each iteration, medians. ratio: fdslots_wait / the cheaper of poll and epoll by "
           "hand; more: their\ndifference; by poll: share of fdslots_wait's waits; peers: "
           "fdslots_wait / the cheapest of the other libraries\n\n%-15s%-8s%6s%6s",
           "workload", "files", "n", "k");
    for (int i = 0; i < who->count; i++)
        printf(" %*s", width_of(who->names[i]), who->names[i]);
    printf(" %7s %8s %7s %7s\n", "ratio", "more", "by poll", "peers");
}

/* Print a percentage as wide as the heading of its column. */
static void print_by_poll(double share)
{
    if (share < 0)
        printf(" %7s", "-");
    else
        printf(" %6.0f%%", 100 * share);
}

void table_row(const struct contestants *who, const struct result *r)
{
    printf("%-15s%-8s%6u%6u", r->workload, r->files, r->n, r->k);
    for (int i = 0; i < who->count; i++) {
        double ns = r->times[i].median;
        if (ns > 0)
            printf(" %*.*f", width_of(who->names[i]), ns < 1000 ? 1 : 0, ns);
        else
            printf(" %*s", width_of(who->names[i]), "-");
    }
    double best = result_best(who, r);
    double peer = best_peer(who, r);
    double ours = median_of(who, r, "fdslots_wait");
    if (best > 0 && ours > 0) {
        printf(" %7.3f %8.0f", ours / best, ours - best);
        print_by_poll(times_of(who, r, "fdslots_wait")->by_poll);
    }
    if (peer > 0 && ours > 0)
        printf(" %7.3f", ours / peer);
    printf("\n");
    fflush(stdout);
}

void csv_head(FILE *csv)
{
    fprintf(csv, "workload,files,part,n,k,contender,median_ns,min_ns,max_ns,by_poll\n");
}

void csv_rows(FILE *csv, const struct contestants *who, const struct result *r)
{
    for (int i = 0; i < who->count; i++) {
        const struct times *t = &r->times[i];
        if (t->median <= 0)
            continue;
        fprintf(csv, "%s,%s,%s,%u,%u,%s,%.1f,%.1f,%.1f,", r->workload, r->files, r->part, r->n,
                r->k, who->names[i], t->median, t->least, t->most);
        if (t->by_poll >= 0)
            fprintf(csv, "%.3f", t->by_poll);
        fprintf(csv, "\n");
    }
    fflush(csv);
}

struct verdict {
    const struct result *worst_ratio; /* among the cells of SHORT_NS or more */
    const struct result *worst_more;  /* among the shorter ones */
    double ratio, more;
    double log_sum;
    int cells, above_ratio, above_more;
};

static void judge(struct verdict *v, const struct contestants *who, const struct result *r)
{
    double best = result_best(who, r);
    double ours = median_of(who, r, "fdslots_wait");
    if (best <= 0 || ours <= 0)
        return;
    v->cells++;
    v->log_sum += log(ours / best);
    if (best >= SHORT_NS) {
        v->above_ratio += ours / best > 1.10;
        if (v->worst_ratio == NULL || ours / best > v->ratio) {
            v->ratio = ours / best;
            v->worst_ratio = r;
        }
    } else {
        v->above_more += ours - best > 25;
        if (v->worst_more == NULL || ours - best > v->more) {
            v->more = ours - best;
            v->worst_more = r;
        }
    }
}

static void summarize_peer(const struct contestants *who, int peer, const struct result *results,
                           int count)
{
    int cells = 0;
    int ahead = 0;
    double log_sum = 0;
    for (int i = 0; i < count; i++) {
        double ours = median_of(who, &results[i], "fdslots_wait");
        double theirs = results[i].times[peer].median;
        if (ours <= 0 || theirs <= 0)
            continue;
        cells++;
        log_sum += log(theirs / ours);
        ahead += theirs < ours;
    }
    if (cells == 0)
        return;
    printf("%-9s takes %.2f times as long (geometric mean of %d cells); ahead in %d cells%s\n",
           who->names[peer], exp(log_sum / cells), cells, ahead, ahead > 0 ? ":" : "");
    for (int i = 0; i < count; i++) {
        double ours = median_of(who, &results[i], "fdslots_wait");
        double theirs = results[i].times[peer].median;
        if (ours > 0 && theirs > 0 && theirs < ours)
            printf("          %s %s n=%u k=%u: %.0f against %.0f ns\n", results[i].workload,
                   results[i].files, results[i].n, results[i].k, theirs, ours);
    }
}

/* These two contenders differ only in how they close fds, so any other difference is noise. */
static void summarize_noise(const struct contestants *who, const struct result *results, int count)
{
    int cells = 0;
    double sum = 0;
    double worst = 0;
    for (int i = 0; i < count; i++) {
        double one = median_of(who, &results[i], "epoll");
        double other = median_of(who, &results[i], "epoll-trusting");
        if (one <= 0 || other <= 0 || strcmp(results[i].workload, "replace") == 0 ||
            strcmp(results[i].workload, "mixed") == 0)
            continue;
        double apart = fabs(log(one / other));
        sum += apart;
        cells++;
        if (apart > worst)
            worst = apart;
    }
    if (cells > 0)
        printf("two equal loops differ by      %.1f %% in the mean, by %.1f %% at worst: noise\n",
               100 * (exp(sum / cells) - 1), 100 * (exp(worst) - 1));
}

static double idle_wait(const struct contestants *who, const struct result *results, int count,
                        uint32_t n)
{
    for (int i = 0; i < count; i++)
        if (strcmp(results[i].workload, "idle") == 0 && results[i].n == n)
            return median_of(who, &results[i], "fdslots_epoll_wait");
    return 0;
}

void summary(const struct contestants *who, const struct result *results, int count)
{
    struct verdict v = {0};
    for (int i = 0; i < count; i++)
        judge(&v, who, &results[i]);
    if (v.cells == 0)
        return;
    printf("\nfdslots_wait against the cheaper of poll and epoll by hand, %d cells:\n", v.cells);
    printf("geometric mean of the ratios   %.3f\n", exp(v.log_sum / v.cells));
    if (v.worst_ratio != NULL)
        printf("worst ratio                    %.3f (%s %s n=%u k=%u); %d cells above 1.10\n",
               v.ratio, v.worst_ratio->workload, v.worst_ratio->files, v.worst_ratio->n,
               v.worst_ratio->k, v.above_ratio);
    if (v.worst_more != NULL)
        printf("worst excess below %.0f ns      %.0f ns (%s %s n=%u k=%u); %d cells above 25 ns\n",
               SHORT_NS, v.more, v.worst_more->workload, v.worst_more->files, v.worst_more->n,
               v.worst_more->k, v.above_more);
    summarize_noise(who, results, count);
    double few = idle_wait(who, results, count, FEW);
    double many = idle_wait(who, results, count, MANY);
    if (few > 0 && many > 0)
        printf("fdslots_epoll_wait, idle       %.3f times as long with %d slots as with %d\n",
               many / few, MANY, FEW);
    for (int i = 0; i < who->count; i++)
        if (is_peer(who->names[i]))
            summarize_peer(who, i, results, count);
}

struct tally {
    int cells, above;
    double log_sum, worst, by_poll;
    const struct result *worst_cell;
};

static struct tally tally(const struct contestants *who, const struct result *results, int count,
                          const char *files)
{
    struct tally t = {0};
    for (int i = 0; i < count; i++) {
        double best = result_best(who, &results[i]);
        const struct times *ours = times_of(who, &results[i], "fdslots_wait");
        if (best <= 0 || ours->median <= 0 || (files != NULL && results[i].files != files))
            continue;
        double ratio = ours->median / best;
        t.cells++;
        t.above += ratio > 1.10;
        t.log_sum += log(ratio);
        t.by_poll += ours->by_poll;
        if (ratio > t.worst) {
            t.worst = ratio;
            t.worst_cell = &results[i];
        }
    }
    return t;
}

static void print_tally(const char *files, const struct tally *t)
{
    if (t->cells == 0)
        return;
    const struct result *worst = t->worst_cell;
    printf("%-8s %5d %7.3f %7.3f %11d", files, t->cells, exp(t->log_sum / t->cells), t->worst,
           t->above);
    print_by_poll(t->by_poll / t->cells);
    printf("  %s %s n=%u k=%u\n", worst->workload, worst->files, worst->n, worst->k);
}

void summary_by_files(const struct contestants *who, const struct result *results, int count)
{
    printf("\nfdslots_wait against the cheaper of poll and epoll by hand:\n%-8s %5s %7s %7s %11s "
           "%7s  %s\n",
           "files", "cells", "mean", "worst", "above 1.10", "by poll", "the worst");
    for (enum fd_kind kind = 0; kind < KINDS; kind++) {
        struct tally t = tally(who, results, count, kind_name(kind));
        print_tally(kind_name(kind), &t);
    }
    struct tally all = tally(who, results, count, NULL);
    print_tally("all", &all);
}
