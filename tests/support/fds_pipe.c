/* SPDX-License-Identifier: ISC
 *
 * Pipes and fifos.
 */
#include "fds_kinds.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The subject is the read end. Returns the write end, which is kept. */
static int read_end(struct subject *f)
{
    int p[2];
    MUST(pipe2(p, O_NONBLOCK | O_CLOEXEC));
    f->fd = p[0];
    fds_keep(f, p[1]);
    return p[1];
}

static int write_end(struct subject *f)
{
    int writer = read_end(f);
    int reader = f->fd;
    f->fd = writer;
    f->keep[0] = reader;
    return reader;
}

/* Close the fd that was kept last, and take it from the list. */
static void drop_last(struct subject *f)
{
    MUST(close(f->keep[--f->kept]));
}

static void reader_empty(struct subject *f)
{
    read_end(f);
}

static void reader_data(struct subject *f)
{
    fds_put(read_end(f), "data");
}

static void reader_full(struct subject *f)
{
    fds_fill(read_end(f));
}

static void reader_alone(struct subject *f)
{
    read_end(f);
    drop_last(f);
}

static void reader_alone_data(struct subject *f)
{
    reader_data(f);
    drop_last(f);
}

static void reader_dup(struct subject *f)
{
    reader_data(f);
    fds_keep(f, f->fd);
    f->fd = MUST(dup(f->fd));
}

static void writer_empty(struct subject *f)
{
    write_end(f);
}

static void writer_full(struct subject *f)
{
    write_end(f);
    fds_fill(f->fd);
}

static void writer_alone(struct subject *f)
{
    write_end(f);
    drop_last(f);
}

static void writer_full_alone(struct subject *f)
{
    writer_full(f);
    drop_last(f);
}

/* Open the ends of a fifo, and remove its name. If `second` is negative, only one end is opened. */
static void open_fifo(struct subject *f, int first, int second)
{
    char dir[] = "/tmp/fdslots-XXXXXX";
    char path[sizeof dir + sizeof "/fifo"];
    if (mkdtemp(dir) == NULL)
        MUST(-1);
    snprintf(path, sizeof path, "%s/fifo", dir);
    MUST(mkfifo(path, 0600));
    f->fd = MUST(open(path, first | O_NONBLOCK | O_CLOEXEC));
    if (second >= 0)
        fds_keep(f, MUST(open(path, second | O_NONBLOCK | O_CLOEXEC)));
    MUST(unlink(path));
    MUST(rmdir(dir));
}

static void fifo_unopened(struct subject *f)
{
    open_fifo(f, O_RDONLY, -1);
}

static void fifo_empty(struct subject *f)
{
    open_fifo(f, O_RDONLY, O_WRONLY);
}

static void fifo_data(struct subject *f)
{
    fifo_empty(f);
    fds_put(f->keep[0], "data");
}

static void fifo_writer_gone(struct subject *f)
{
    fifo_empty(f);
    drop_last(f);
}

static void fifo_both(struct subject *f)
{
    open_fifo(f, O_RDWR, -1);
}

static void fifo_reader_gone(struct subject *f)
{
    open_fifo(f, O_RDWR, O_WRONLY);
    MUST(close(f->fd));
    f->fd = f->keep[--f->kept];
}

static const struct fd_kind rows[] = {
    {"pipe reader, empty", reader_empty},
    {"pipe reader, data", reader_data},
    {"pipe reader, full", reader_full},
    {"pipe reader, writer gone", reader_alone},
    {"pipe reader, data and writer gone", reader_alone_data},
    {"pipe reader, a dup", reader_dup},
    {"pipe writer, empty", writer_empty},
    {"pipe writer, full", writer_full},
    {"pipe writer, reader gone", writer_alone},
    {"pipe writer, full and reader gone", writer_full_alone},
    {"fifo reader, no writer yet", fifo_unopened},
    {"fifo reader, empty", fifo_empty},
    {"fifo reader, data", fifo_data},
    {"fifo reader, writer gone", fifo_writer_gone},
    {"fifo, both ends in one", fifo_both},
    {"fifo writer, reader gone", fifo_reader_gone},
};
const struct fd_kinds pipe_kinds = FD_KINDS(rows);
