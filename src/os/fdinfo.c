/* SPDX-License-Identifier: ISC */
#include "fdinfo.h"

#include "sys.h"

#include <stdio.h>

static int open_info(int fd)
{
    char path[sizeof "/proc/self/fdinfo/2147483647"];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    return SYS(open(path, O_RDONLY | O_CLOEXEC));
}

int fdslots_fdinfo_read(int fd, char *text, size_t size)
{
    const int cancel = sys_disable_cancel(); /* it would leave the fd open */
    int info = open_info(fd);
    int length = info < 0 ? info : sys_read(info, text, size - 1);
    if (info >= 0)
        sys_close(info);
    sys_restore_cancel(cancel);
    text[length > 0 ? length : 0] = '\0';
    return length;
}
