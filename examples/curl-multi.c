/* SPDX-License-Identifier: ISC
 *
 * Many transfers at once with libcurl, whose callbacks say which sockets it waits for and how long.
 * URLs are read from standard input, one on each line. The body of the first goes into file 0 of a
 * directory, the body of the next into file 1, and so on.
 */
#include "server.h"

#include <fdslots.h>

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS_AT_FIRST = 16 };

struct fetcher {
    struct fdslots *s;
    CURLM *multi;
    int64_t deadline; /* when libcurl wants to be called, or FDSLOTS_FOREVER */
    int directory;
    long running, max;
    unsigned long started, failed;
};

/* ---- The requests of libcurl ---- */

/* Return a free slot. If there is none, the buffer grows, which ends an iteration that is in
 * progress. Slots that it has not visited are reported again. */
static int64_t free_slot(struct fetcher *f)
{
    int64_t index = fdslots_next_free(f->s, 0);
    if (index >= 0)
        return index;
    uint32_t capacity = fdslots_capacity(f->s);
    int rc = fdslots_resize(&f->s, capacity * 2);
    return rc < 0 ? rc : (int64_t)capacity;
}

/* libcurl keeps a pointer for every socket. Here it is the index of the socket's slot, plus 1. */
static int on_socket(CURL *transfer, curl_socket_t fd, int what, void *arg, void *of_socket)
{
    struct fetcher *f = arg;
    int64_t index = (int64_t)(uintptr_t)of_socket - 1;
    uint32_t events = (what & CURL_POLL_IN ? POLLIN : 0u) | (what & CURL_POLL_OUT ? POLLOUT : 0u);
    (void)transfer;
    if (what == CURL_POLL_REMOVE) /* libcurl may close the socket afterwards */
        return index < 0 ? 0 : fdslots_invalidate_index(f->s, (uint32_t)index);
    if (index >= 0)
        return fdslots_set_events(f->s, (uint32_t)index, events);
    index = free_slot(f);
    if (index < 0)
        return -1;
    curl_multi_assign(f->multi, fd, (void *)(uintptr_t)(index + 1));
    return fdslots_set_index(f->s, (uint32_t)index, fd, events);
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct fetcher *f = arg;
    (void)multi;
    f->deadline = timeout_ms < 0 ? FDSLOTS_FOREVER : now_ns() + timeout_ms * INT64_C(1000000);
    return 0;
}

/* ---- Transfers ---- */

static void complain(struct fetcher *f, const char *what, const char *why)
{
    fprintf(stderr, "curl-multi: %s: %s\n", what, why);
    f->failed++;
}

static FILE *open_file(const struct fetcher *f)
{
    char name[24];
    snprintf(name, sizeof name, "%lu", f->started);
    int fd = openat(f->directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return fd < 0 ? NULL : fdopen(fd, "w");
}

static void start(struct fetcher *f, const char *url)
{
    FILE *file = open_file(f);
    CURL *transfer = curl_easy_init();
    f->started++;
    if (file == NULL || transfer == NULL) {
        complain(f, url, strerror(errno));
        if (file != NULL)
            fclose(file);
        curl_easy_cleanup(transfer);
        return;
    }
    curl_easy_setopt(transfer, CURLOPT_URL, url);
    curl_easy_setopt(transfer, CURLOPT_WRITEDATA, file);
    curl_easy_setopt(transfer, CURLOPT_PRIVATE, file);
    curl_easy_setopt(transfer, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
    curl_multi_add_handle(f->multi, transfer);
    f->running++;
}

/* Start transfers until the allowed number is running. */
static void start_some(struct fetcher *f)
{
    char url[4096];
    while (f->running < f->max && fgets(url, sizeof url, stdin) != NULL) {
        url[strcspn(url, "\n")] = '\0';
        start(f, url);
    }
}

static void end(struct fetcher *f, CURL *transfer, CURLcode result)
{
    const char *url = NULL;
    FILE *file = NULL;
    curl_easy_getinfo(transfer, CURLINFO_EFFECTIVE_URL, &url);
    curl_easy_getinfo(transfer, CURLINFO_PRIVATE, (char **)&file);
    if (fclose(file) != 0)
        complain(f, url, strerror(errno));
    else if (result != CURLE_OK)
        complain(f, url, curl_easy_strerror(result));
    curl_multi_remove_handle(f->multi, transfer);
    curl_easy_cleanup(transfer);
    f->running--;
}

static void end_finished(struct fetcher *f)
{
    int left;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(f->multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            end(f, message->easy_handle, message->data.result);
}

/* ---- The loop ---- */

static int on_ready(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct fetcher *f = arg;
    int running, what = 0;
    (void)index;
    if (revents & (POLLIN | POLLHUP))
        what |= CURL_CSELECT_IN;
    if (revents & POLLOUT)
        what |= CURL_CSELECT_OUT;
    if (revents & POLLERR)
        what |= CURL_CSELECT_ERR;
    return curl_multi_socket_action(f->multi, fd, what, &running) == CURLM_OK ? 0 : -EIO;
}

/* Call libcurl if its deadline has passed. */
static void tell_time(struct fetcher *f)
{
    int running;
    if (f->deadline > now_ns())
        return;
    f->deadline = FDSLOTS_FOREVER; /* libcurl sets another one if it wants to */
    curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static int loop(struct fetcher *f)
{
    for (;;) {
        start_some(f);
        if (f->running == 0)
            return 0;
        int n = fdslots_wait_until(f->s, f->deadline, NULL);
        if (n < 0 && n != -EINTR)
            return n;
        int rc = fdslots_iter_ready(f->s, on_ready, f);
        if (rc < 0)
            return rc;
        tell_time(f);
        end_finished(f);
    }
}

static int run(struct fetcher *f)
{
    int rc = fdslots_create(SLOTS_AT_FIRST, 0, &f->s);
    if (rc < 0)
        return rc;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    f->multi = curl_multi_init();
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
    rc = f->multi != NULL ? loop(f) : -ENOMEM;
    curl_multi_cleanup(f->multi); /* calls on_socket() for the sockets that are open */
    curl_global_cleanup();
    fdslots_destroy(f->s);
    return rc;
}

static int usage(int status)
{
    fprintf(status == 0 ? stdout : stderr,
            "Usage: curl-multi [OPTION]... DIRECTORY\n"
            "Fetch the URLs on standard input, one on each line, into files 0, 1, 2... of "
            "DIRECTORY.\n\n"
            "  --max N  run N transfers at once (default 100)\n"
            "  --help   print this help and exit\n\n"
            "Exit status: 0 success, 1 failure of any transfer, 2 wrong usage.\n");
    return status;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"max", required_argument, NULL, 'm'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct fetcher f = {.deadline = FDSLOTS_FOREVER, .max = 100};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h')
            return usage(0);
        if (option != 'm' || !parse_number(optarg, 1, 10000, &f.max))
            return usage(EXIT_USAGE);
    }
    if (optind != argc - 1)
        return usage(EXIT_USAGE);
    f.directory = open(argv[optind], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = f.directory < 0 ? -errno : run(&f);
    if (rc < 0) {
        fprintf(stderr, "curl-multi: %s\n", strerror(-rc));
        return EXIT_FAILURE;
    }
    close(f.directory);
    printf("%lu transfers, %lu failed\n", f.started, f.failed);
    return f.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
