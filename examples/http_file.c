/* SPDX-License-Identifier: ISC
 *
 * Opens the file of a path. The path is walked one name at a time, never up and never through a
 * symbolic link. Whatever happens to the tree meanwhile, it cannot lead out of the root.
 */
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *type_of(const char *name)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript"},
        {".txt", "text/plain; charset=utf-8"},
        {".json", "application/json"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".svg", "image/svg+xml"},
        {".pdf", "application/pdf"},
    };
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(ending, types[i].ending) == 0)
            return types[i].type;
    return "application/octet-stream";
}

static int status_of(int err)
{
    switch (err) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        return 404;
    case EACCES:
    case EPERM:
    case ELOOP: /* a symbolic link */
    case ENXIO: /* a socket, or a FIFO */
        return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return 503;
    default:
        return 500;
    }
}

/* Open `name` in `directory`. Unless it is the root, `directory` is closed, too. */
static int enter(int directory, int root, const char *name, int flags)
{
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags);
    int err = errno;
    if (directory != root)
        close(directory);
    return fd >= 0 ? fd : -err;
}

/* Return the fd of the file that the path names, and store its name. Returns a negative errno value
 * on failure. */
static int walk(int root, const char *path, char name[NAME_MAX + 1])
{
    int at = root;
    for (;;) {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        bool last = path[length] == '\0';
        bool up = length == 2 && memcmp(path, "..", 2) == 0;
        if (length > NAME_MAX || up) {
            if (at != root)
                close(at);
            return up ? -EACCES : -ENAMETOOLONG;
        }
        memcpy(name, path, length);
        name[length] = '\0';
        if (length == 0) /* the path ended in a slash */
            strcpy(name, "index.html");
        /* The file may be a FIFO or a terminal. Opening it must neither wait nor make it the
         * controlling terminal. */
        at = enter(at, root, name, last ? O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY);
        if (at < 0 || last)
            return at;
        path += length;
    }
}

int file_open(struct file *file, int root, const char *path)
{
    char name[NAME_MAX + 1];
    struct stat info;
    int fd = walk(root, path, name);
    if (fd < 0)
        return status_of(-fd);
    int status = fstat(fd, &info) < 0 ? 500 : S_ISREG(info.st_mode) ? 200 : 403;
    /* Without the slash, the links in a directory would lead elsewhere. */
    if (status == 403 && S_ISDIR(info.st_mode))
        status = 301;
    if (status != 200) {
        close(fd);
        return status;
    }
    *file = (struct file){
        .fd = fd, .size = (uint64_t)info.st_size, .changed = info.st_mtime, .type = type_of(name)};
    return 200;
}
