/* SPDX-License-Identifier: ISC
 *
 * Terminals. They are raw and do not echo, so that a byte arrives as it is written.
 */
#include "object_kinds.h"

#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int open_pty(struct object *o)
{
    struct termios raw;
    int master;
    int slave;
    if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
        return -1;
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    object_unblock(master);
    object_unblock(slave);
    return object_keep(o, slave, master);
}

static int open_pty_master(struct object *o)
{
    int rc = open_pty(o);
    return rc < 0 ? rc : object_keep(o, o->peer, o->fd);
}

/* In packet mode, PRI tells the reader of changes to the slave. */
static int open_pty_packet(struct object *o)
{
    int on = 1;
    int rc = open_pty_master(o);
    if (rc == 0)
        ioctl(o->fd, TIOCPKT, &on);
    return rc;
}

static void act_pty_packet(struct object *o)
{
    if (o->peer < 0)
        return;
    switch (o->phase++ % 3) {
    case 0:
        tcflow(o->peer, TCOOFF);
        break;
    case 1:
        tcflow(o->peer, TCOON);
        break;
    default:
        tcflush(o->peer, TCIOFLUSH);
    }
}

static const struct kind rows[] = {
    {"pty", open_pty, NULL, 0},
    {"pty_master", open_pty_master, NULL, 0},
    {"pty_packet", open_pty_packet, act_pty_packet, 0},
};
const struct kinds terminal_kinds = KINDS(rows);
