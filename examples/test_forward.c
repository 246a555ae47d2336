/* SPDX-License-Identifier: ISC
 *
 * The forward example, between sockets of this process: half-closes, back-pressure, a target that
 * refuses, idle pairs, and many pairs at once.
 */
#include <fdslots.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_SKIP = 77, SECONDS = 60, PAIRS = 200, QUIET_MS = 300, MOST_IN_TRANSIT = 64 << 20 };

static pid_t forward;
static FILE *printed;
static uint16_t port; /* port of the forward example */
static int target;    /* the listener to which it forwards */
static uint16_t target_port;

static void check(bool it, const char *what)
{
    if (it)
        return;
    printf("FAIL: %s\n", what);
    kill(forward, SIGKILL);
    exit(EXIT_FAILURE);
}

/* ---- Sockets, all of which block ---- */

static struct sockaddr_in loopback(uint16_t at)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(at), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void open_target(void)
{
    struct sockaddr_in name = loopback(0);
    socklen_t size = sizeof name;
    target = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(bind(target, (struct sockaddr *)&name, size) == 0 && listen(target, SOMAXCONN) == 0 &&
              getsockname(target, (struct sockaddr *)&name, &size) == 0,
          "a listener");
    target_port = ntohs(name.sin_port);
}

static int connect_client(void)
{
    struct sockaddr_in name = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(connect(fd, (struct sockaddr *)&name, sizeof name) == 0, "connect");
    return fd;
}

static int accept_forwarded(void)
{
    int fd = accept(target, NULL, NULL);
    check(fd >= 0, "accept");
    return fd;
}

static void put(int fd, const char *text)
{
    check(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text), "send");
}

/* Read until the end of the stream. It must be this text. */
static void expect(int fd, const char *text)
{
    char got[64] = "";
    size_t length = 0;
    ssize_t n;
    while ((n = recv(fd, got + length, sizeof got - 1 - length, 0)) > 0)
        length += (size_t)n;
    check(n == 0 && strcmp(got, text) == 0, text);
}

/* ---- The program ---- */

static void start(const char *idle_ms)
{
    int ends[2];
    char target_text[8], line[64];
    snprintf(target_text, sizeof target_text, "%d", target_port);
    check(pipe(ends) == 0, "pipe");
    forward = fork();
    if (forward == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* the program must not outlive this test */
        dup2(ends[1], STDOUT_FILENO);
        execl("examples/forward", "forward", "--idle", idle_ms, "127.0.0.1", target_text,
              (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    printed = fdopen(ends[0], "r");
    int number = 0;
    check(fgets(line, sizeof line, printed) != NULL &&
              sscanf(line, "listening on port %d", &number) == 1,
          "forward starts");
    port = (uint16_t)number;
}

static void stop(int connections)
{
    char line[128], expected[64];
    int status;
    kill(forward, SIGTERM);
    check(fgets(line, sizeof line, printed) != NULL && strncmp(line, "ended by", 8) == 0, "end");
    snprintf(expected, sizeof expected, "%d connections, ", connections);
    check(fgets(line, sizeof line, printed) != NULL &&
              strncmp(line, expected, strlen(expected)) == 0,
          line);
    fclose(printed);
    check(waitpid(forward, &status, 0) == forward && status == 0, "status");
}

/* ---- Checks ---- */

static void half_close(void)
{
    int client = connect_client(), server = accept_forwarded();
    put(client, "ping");
    shutdown(client, SHUT_WR);
    expect(server, "ping");
    put(server, "pong"); /* after the other direction has ended */
    close(server);
    expect(client, "pong");
    close(client);
}

/* The target ends first, and the client goes on. */
static void half_close_of_target(void)
{
    int client = connect_client(), server = accept_forwarded();
    put(server, "hello");
    shutdown(server, SHUT_WR);
    expect(client, "hello");
    put(client, "late");
    close(client);
    expect(server, "late");
    close(server);
}

static char byte_at(size_t offset)
{
    return (char)(offset * 31 + (offset >> 12));
}

/* Write until the socket takes no more. Returns the number of bytes. */
static size_t fill(int client)
{
    size_t sent = 0;
    struct pollfd writable = {.fd = client, .events = POLLOUT};
    while (sent < MOST_IN_TRANSIT && poll(&writable, 1, QUIET_MS) == 1) {
        char part[4096];
        for (size_t i = 0; i < sizeof part; i++)
            part[i] = byte_at(sent + i);
        ssize_t n = send(client, part, sizeof part, MSG_DONTWAIT | MSG_NOSIGNAL);
        check(n > 0 || errno == EAGAIN, "send");
        sent += n > 0 ? (size_t)n : 0;
    }
    return sent;
}

static void back_pressure(void)
{
    int client = connect_client(), server = accept_forwarded();
    size_t sent = fill(client), received = 0;
    check(sent < MOST_IN_TRANSIT, "a fast sender is held back");
    shutdown(client, SHUT_WR);
    char part[65536];
    ssize_t n;
    while ((n = recv(server, part, sizeof part, 0)) > 0)
        for (ssize_t i = 0; i < n; i++)
            check(part[i] == byte_at(received++), "bytes as they were sent");
    check(n == 0 && received == sent, "all bytes");
    close(server);
    expect(client, "");
    close(client);
}

static void many(void)
{
    int clients[PAIRS], servers[PAIRS];
    char text[32];
    for (int i = 0; i < PAIRS; i++) {
        clients[i] = connect_client();
        /* The connection of this client, because there is no other. */
        servers[i] = accept_forwarded();
    }
    for (int i = 0; i < PAIRS; i++) {
        snprintf(text, sizeof text, "to %d", i);
        put(clients[i], text);
        snprintf(text, sizeof text, "from %d", i);
        put(servers[i], text);
        shutdown(clients[i], SHUT_WR);
        shutdown(servers[i], SHUT_WR);
    }
    for (int i = 0; i < PAIRS; i++) {
        snprintf(text, sizeof text, "to %d", i);
        expect(servers[i], text);
        snprintf(text, sizeof text, "from %d", i);
        expect(clients[i], text);
        close(clients[i]);
        close(servers[i]);
    }
}

static void idle(void)
{
    int client = connect_client(), server = accept_forwarded();
    expect(client, "");
    expect(server, "");
    close(client);
    close(server);
}

static void refused(void)
{
    close(target);
    int client = connect_client();
    char byte;
    check(recv(client, &byte, 1, 0) <= 0, "the client sees the end");
    close(client);
}

int main(void)
{
    if (fdslots_has(FDSLOTS_HAS_PPOLL) != 1 && fdslots_has(FDSLOTS_HAS_EPOLL) != 1)
        return EXIT_SKIP;
    alarm(SECONDS);
    open_target();
    start("60000");
    half_close();
    half_close_of_target();
    back_pressure();
    many();
    stop(3 + PAIRS);
    start("50");
    idle();
    refused();
    stop(2);
    printf("forwarded as it was sent\n");
    return EXIT_SUCCESS;
}
