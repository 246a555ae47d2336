/* SPDX-License-Identifier: ISC
 *
 * The work: the checksum of a file, as POSIX defines it for cksum(1). No poller can make reading a
 * file asynchronous, because a file always reads as ready, and the read then waits for the disk.
 */
#include "workers.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { CHUNK = 64 << 10 };

static uint32_t add_byte(uint32_t crc, unsigned char byte)
{
    crc ^= (uint32_t)byte << 24;
    for (int bit = 0; bit < 8; bit++)
        crc = (crc << 1) ^ ((crc >> 31) != 0 ? UINT32_C(0x04C11DB7) : 0);
    return crc;
}

static int checksum(int fd, uint32_t *crc, uint64_t *length)
{
    unsigned char bytes[CHUNK];
    ssize_t n;
    *crc = 0;
    *length = 0;
    while ((n = read(fd, bytes, sizeof bytes)) != 0) {
        if (n < 0)
            return -errno;
        for (ssize_t i = 0; i < n; i++)
            *crc = add_byte(*crc, bytes[i]);
        *length += (uint64_t)n;
    }
    for (uint64_t rest = *length; rest != 0; rest >>= 8)
        *crc = add_byte(*crc, (unsigned char)rest);
    *crc = ~*crc;
    return 0;
}

void cksum(struct job *job)
{
    int fd = open(job->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    job->error = fd < 0 ? -errno : checksum(fd, &job->checksum, &job->length);
    if (fd >= 0)
        close(fd);
}
