/* SPDX-License-Identifier: ISC
 *
 * The parts of the forward example. Functions return 0 or more on success and a negative errno
 * value on failure, as fdslots does.
 */
#ifndef FORWARD_H
#define FORWARD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* ---- forward_stream.c: copies bytes from one socket to another; never waits ---- */

enum { STREAM_SIZE = 16384 };

struct stream {
    size_t start, length; /* data that was read and is still to be written */
    bool ended;           /* nothing more will be read */
    bool finished;        /* the end was passed on to the other socket */
    char data[STREAM_SIZE];
};

/* Both functions return false if the socket has failed. */
bool stream_read(struct stream *stream, int fd);
bool stream_write(struct stream *stream, int fd, uint64_t *bytes);
bool stream_wants_to_read(const struct stream *stream);
bool stream_wants_to_write(const struct stream *stream);

/* ---- forward_server.c: the loop ---- */

struct forwarding {
    uint16_t port;
    uint32_t max_pairs;
    int64_t patience_ns; /* how long a pair may be idle */
    const struct sockaddr *target;
    socklen_t target_size;
    void (*ready)(uint16_t port);
    uint64_t connections, bytes; /* so far */
};

/* Serve until end_signal_came(). */
int forward_run(struct forwarding *f, const sigset_t *mask);

#endif
