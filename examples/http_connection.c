/* SPDX-License-Identifier: ISC
 *
 * Requests and responses on one connection, which is in one of three states:
 *
 *     READING     A request is awaited, or has come in part.
 *     SENDING     A response does not fit into the socket yet. Nothing is read meanwhile, so TCP
 *                 itself holds back a client that sends requests but takes no responses.
 *     LINGERING   The last response is sent. All that the client still sends is dropped until it
 *                 closes, because closing first would reset the connection and lose the response.
 */
#include "http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUT_SIZE = 64 << 10 };
_Static_assert(OUT_SIZE >= 2 * RESPONSE_HEAD_SIZE, "a head and a part of a file must fit");

enum state { READING, SENDING, LINGERING };

struct connection {
    struct connection_stats *stats;
    int root;
    enum state state;
    bool keep_alive;
    int file; /* the file that is being sent, or -1 */
    uint64_t file_left;
    size_t in_length, out_start, out_length;
    char in[REQUEST_SIZE];
    char out[OUT_SIZE];
};

struct connection *connections_create(uint32_t count, int root, struct connection_stats *stats)
{
    /* Memory that is never touched costs nothing, so only these members are written. */
    struct connection *connections = calloc(count, sizeof *connections);
    for (uint32_t i = 0; connections != NULL && i < count; i++) {
        connections[i].root = root;
        connections[i].stats = stats;
        connections[i].file = -1;
    }
    return connections;
}

struct connection *connection_at(struct connection *connections, uint32_t number)
{
    return &connections[number];
}

void connection_start(struct connection *c)
{
    c->state = READING;
    c->keep_alive = true;
    c->in_length = c->out_start = c->out_length = 0;
}

void connection_end(struct connection *c)
{
    if (c->file >= 0)
        close(c->file);
    c->file = -1;
}

static bool would_block(int err)
{
    return err == EAGAIN || err == EINTR;
}

/* ---- Responses ---- */

static void answer(struct connection *c, int status, const struct request *request,
                   const struct file *file)
{
    c->stats->requests++;
    c->stats->errors += status >= 400;
    c->keep_alive = request->keep_alive;
    c->out_start = 0;
    c->out_length = response_write(c->out, status, request, file);
    c->state = SENDING;
}

static void answer_with_file(struct connection *c, const struct request *request)
{
    struct file file;
    int status = file_open(&file, c->root, request->path);
    answer(c, status, request, &file);
    if (status != 200)
        return;
    if (request->head) {
        close(file.fd);
    } else {
        c->file = file.fd;
        c->file_left = file.size;
    }
}

/* Answer the first request that was received, if it is complete. */
static bool answer_next(struct connection *c)
{
    struct request request;
    int n = request_parse(&request, c->in, c->in_length);
    if (n == 0)
        return false;
    if (n < 0) {
        request.keep_alive = false; /* the start of the next request is not known */
        answer(c, -n, &request, NULL);
        return true;
    }
    c->in_length -= (size_t)n;
    memmove(c->in, c->in + n, c->in_length);
    answer_with_file(c, &request);
    return true;
}

/* ---- Sending ---- */

/* Returns false if the file has become shorter than announced. */
static bool fill(struct connection *c)
{
    if (c->out_start == c->out_length)
        c->out_start = c->out_length = 0;
    while (c->file_left > 0 && c->out_length < OUT_SIZE) {
        size_t room = OUT_SIZE - c->out_length;
        size_t wanted = c->file_left < room ? (size_t)c->file_left : room;
        ssize_t n = read(c->file, c->out + c->out_length, wanted);
        if (n <= 0)
            return false;
        c->out_length += (size_t)n;
        c->file_left -= (uint64_t)n;
    }
    return true;
}

enum outcome { BROKEN, BLOCKED, SENT };

/* Send as much of the response as the socket takes. */
static enum outcome send_answer(struct connection *c, int fd, bool *progress)
{
    for (;;) {
        if (c->out_start == c->out_length && c->file_left == 0)
            return SENT;
        if (!fill(c))
            return BROKEN;
        size_t length = c->out_length - c->out_start;
        ssize_t n = send(fd, c->out + c->out_start, length, MSG_NOSIGNAL);
        if (n < 0)
            return would_block(errno) ? BLOCKED : BROKEN;
        *progress = true;
        c->out_start += (size_t)n;
        c->stats->bytes += (uint64_t)n;
        /* After every part of a large file, it is the turn of other connections. */
        if ((size_t)n < length || c->file_left > 0)
            return BLOCKED;
    }
}

/* The response has been sent. */
static void finish(struct connection *c, int fd)
{
    connection_end(c);
    c->state = READING;
    if (!c->keep_alive) {
        shutdown(fd, SHUT_WR);
        c->state = LINGERING;
    }
}

/* Answer requests while they are complete and the client takes the responses. */
static uint32_t answer_and_send(struct connection *c, int fd, bool *progress)
{
    while (c->state == SENDING || (c->state == READING && answer_next(c))) {
        enum outcome outcome = send_answer(c, fd, progress);
        if (outcome != SENT)
            return outcome == BLOCKED ? POLLOUT : 0;
        finish(c, fd);
    }
    return POLLIN;
}

/* ---- Receiving ---- */

/* Returns false if the client has gone. */
static bool receive(struct connection *c, int fd, bool *progress)
{
    ssize_t n = recv(fd, c->in + c->in_length, REQUEST_SIZE - c->in_length, 0);
    if (n <= 0)
        return n < 0 && would_block(errno);
    /* Not for every byte, because a request must not take for ever. */
    *progress = c->in_length == 0;
    c->in_length += (size_t)n;
    return true;
}

static bool drop(struct connection *c, int fd)
{
    ssize_t n = recv(fd, c->in, REQUEST_SIZE, 0);
    return n > 0 || (n < 0 && would_block(errno));
}

uint32_t connection_go_on(struct connection *c, int fd, bool *progress)
{
    if (c->state == LINGERING)
        return drop(c, fd) ? POLLIN : 0;
    if (c->state == READING && !receive(c, fd, progress))
        return 0;
    return answer_and_send(c, fd, progress);
}

uint32_t connection_time_out(struct connection *c, int fd)
{
    if (c->state != READING || c->in_length == 0)
        return 0;
    static const struct request none;
    bool progress;
    answer(c, 408, &none, NULL);
    return answer_and_send(c, fd, &progress);
}
