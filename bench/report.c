/* SPDX-License-Identifier: ISC
 *
 * The table, the CSV, and the verdict.
 */
#include "result.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHORT_NS 200.0 /* below, a difference in ns says more than a ratio */

static double median_of(const struct contestants *who, const struct result *r, const char *name)
{
    for (int i = 0; i < who->count; i++)
        if (strcmp(who->names[i], name) == 0)
            return r->times[i].median;
    return 0;
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

/* The cheapest of the other libraries; 0 without any. */
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
           "hand; more: their\ndifference; peers: fdslots_wait / the cheapest of the other "
           "libraries\n\n%-15s%6s%6s",
           "workload", "n", "k");
    for (int i = 0; i < who->count; i++)
        printf(" %*s", width_of(who->names[i]), who->names[i]);
    printf(" %7s %8s %7s\n", "ratio", "more", "peers");
}

void table_row(const struct contestants *who, const struct result *r)
{
    printf("%-15s%6u%6u", r->workload, r->n, r->k);
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
    if (best > 0 && ours > 0)
        printf(" %7.3f %8.0f", ours / best, ours - best);
    if (peer > 0 && ours > 0)
        printf(" %7.3f", ours / peer);
    printf("\n");
    fflush(stdout);
}

void csv_head(FILE *csv)
{
    fprintf(csv, "workload,part,n,k,contender,median_ns,min_ns,max_ns\n");
}

void csv_rows(FILE *csv, const struct contestants *who, const struct result *r)
{
    char part[16];
    if (r->divisor == 0)
        snprintf(part, sizeof part, "%u", r->k);
    else if (r->divisor == 1)
        snprintf(part, sizeof part, "n");
    else
        snprintf(part, sizeof part, "n/%u", r->divisor);
    for (int i = 0; i < who->count; i++)
        if (r->times[i].median > 0)
            fprintf(csv, "%s,%s,%u,%u,%s,%.1f,%.1f,%.1f\n", r->workload, part, r->n, r->k,
                    who->names[i], r->times[i].median, r->times[i].least, r->times[i].most);
    fflush(csv);
}

struct verdict {
    const struct result *worst_ratio; /* among the cells that take SHORT_NS or more */
    const struct result *worst_more;  /* among the others */
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
            printf("          %s n=%u k=%u: %.0f against %.0f ns\n", results[i].workload,
                   results[i].n, results[i].k, theirs, ours);
    }
}

/* Two contenders are one loop but where fds are closed: how far they differ is noise. */
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
        printf("worst ratio                    %.3f (%s n=%u k=%u); %d cells above 1.10\n", v.ratio,
               v.worst_ratio->workload, v.worst_ratio->n, v.worst_ratio->k, v.above_ratio);
    if (v.worst_more != NULL)
        printf("worst excess below %.0f ns      %.0f ns (%s n=%u k=%u); %d cells above 25 ns\n",
               SHORT_NS, v.more, v.worst_more->workload, v.worst_more->n, v.worst_more->k,
               v.above_more);
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
