/* SPDX-License-Identifier: ISC
 *
 * Clients of a server whose every reply begins with PREFIX and ends with "END\r\n", and has that
 * nowhere else. They come and go: some make one request, some several, some leave in the middle
 * of a request, and some in the middle of the reply.
 *
 *     load PORT CLIENTS PREFIX REQUEST...
 *
 * Prints how many replies were complete, how many clients left early and how many were let down.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE    64
#define KEPT       16 /* requests by a client that stays */
#define WATCHDOG_S 120

enum plan { ONE_REQUEST, SEVERAL, HALF_A_REQUEST, HALF_A_REPLY, PLANS };

struct client {
    enum plan plan;
    int requests_left;
    const char *request; /* what is still to be sent of it */
    size_t received;
    char reply[16]; /* how it begins */
    char end[5];    /* its last bytes so far */
};

static struct client clients[AT_ONCE];
static struct pollfd fds[AT_ONCE];
static in_port_t port;
static const char *prefix;
static char **requests;
static unsigned long requests_count, turn, to_come, replies, left_early, let_down;

static void next_request(struct client *c)
{
    c->request = requests[turn++ % requests_count];
    c->received = 0;
}

/* A small window, so that the server has to wait until there is room. */
static int connected(void)
{
    const int window = 4096;
    const struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    if (connect(fd, (const struct sockaddr *)&server, sizeof server) == 0 &&
        fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
        return fd;
    close(fd);
    return -1;
}

static void begin(int i)
{
    struct client *c = &clients[i];
    fds[i] = (struct pollfd){.fd = -1, .events = POLLOUT};
    while (to_come > 0 && fds[i].fd < 0) {
        *c = (struct client){.plan = (enum plan)(to_come-- % PLANS)};
        c->requests_left = c->plan == SEVERAL ? KEPT : 1;
        next_request(c);
        fds[i].fd = connected();
        let_down += fds[i].fd < 0;
    }
}

static void end(int i)
{
    close(fds[i].fd);
    begin(i);
}

static void send_more(int i)
{
    struct client *c = &clients[i];
    const size_t all = strlen(c->request);
    const size_t size = c->plan == HALF_A_REQUEST ? all / 2 : all;
    const ssize_t sent = send(fds[i].fd, c->request, size, MSG_NOSIGNAL);
    if (sent < 0) {
        let_down++;
        end(i);
    } else if (c->plan == HALF_A_REQUEST) {
        left_early++;
        end(i);
    } else {
        c->request += sent;
        fds[i].events = *c->request != '\0' ? POLLOUT : POLLIN;
    }
}

static void keep_end(struct client *c, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size && c->received + i < sizeof c->reply; i++)
        c->reply[c->received + i] = bytes[i];
    for (size_t i = size > sizeof c->end ? size - sizeof c->end : 0; i < size; i++) {
        memmove(c->end, c->end + 1, sizeof c->end - 1);
        c->end[sizeof c->end - 1] = bytes[i];
    }
    c->received += size;
}

static bool is_reply(const struct client *c)
{
    const size_t known = c->received < sizeof c->reply ? c->received : sizeof c->reply;
    return strncmp(c->reply, prefix, strlen(prefix) < known ? strlen(prefix) : known) == 0;
}

static void receive_more(int i)
{
    char bytes[4096];
    struct client *c = &clients[i];
    const ssize_t size = recv(fds[i].fd, bytes, sizeof bytes, 0);
    if (size > 0)
        keep_end(c, bytes, (size_t)size);
    if (size <= 0 || !is_reply(c)) {
        let_down++;
        end(i);
    } else if (c->plan == HALF_A_REPLY) {
        left_early++;
        end(i);
    } else if (memcmp(c->end, "END\r\n", sizeof c->end) == 0) {
        replies++;
        next_request(c);
        fds[i].events = POLLOUT;
        if (--c->requests_left == 0)
            end(i);
    }
}

static bool anyone_left(void)
{
    for (int i = 0; i < AT_ONCE; i++)
        if (fds[i].fd >= 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return fprintf(stderr, "load PORT CLIENTS PREFIX REQUEST...\n"), 2;
    port = (in_port_t)atoi(argv[1]);
    to_come = strtoul(argv[2], NULL, 10);
    prefix = argv[3];
    requests = argv + 4;
    requests_count = (unsigned long)argc - 4;
    alarm(WATCHDOG_S);
    for (int i = 0; i < AT_ONCE; i++)
        begin(i);
    while (anyone_left() && poll(fds, AT_ONCE, -1) > 0)
        for (int i = 0; i < AT_ONCE; i++)
            if (fds[i].revents != 0)
                fds[i].events == POLLOUT ? send_more(i) : receive_more(i);
    printf("%lu %lu %lu\n", replies, left_early, let_down);
    return let_down > 0;
}
