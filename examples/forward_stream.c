/* SPDX-License-Identifier: ISC
 *
 * One direction of a forwarded connection. It reads only when it holds no data, so that a receiver
 * that takes nothing holds back the sender, by TCP itself. The end of the input is passed on as a
 * half-close, after all the data before it.
 */
#include "forward.h"

#include <errno.h>

static bool would_block(int err)
{
    return err == EAGAIN || err == EINTR;
}

bool stream_wants_to_read(const struct stream *stream)
{
    return !stream->ended && stream->length == 0;
}

bool stream_wants_to_write(const struct stream *stream)
{
    return stream->length > 0 || (stream->ended && !stream->finished);
}

bool stream_read(struct stream *stream, int fd)
{
    ssize_t n = recv(fd, stream->data, sizeof stream->data, 0);
    if (n < 0)
        return would_block(errno);
    stream->start = 0;
    stream->length = (size_t)n;
    stream->ended = n == 0;
    return true;
}

bool stream_write(struct stream *stream, int fd, uint64_t *bytes)
{
    if (stream->length > 0) {
        ssize_t n = send(fd, stream->data + stream->start, stream->length, MSG_NOSIGNAL);
        if (n < 0)
            return would_block(errno);
        stream->start += (size_t)n;
        stream->length -= (size_t)n;
        *bytes += (uint64_t)n;
    }
    if (stream->length == 0 && stream->ended && !stream->finished) {
        stream->finished = true;
        return shutdown(fd, SHUT_WR) == 0;
    }
    return true;
}
