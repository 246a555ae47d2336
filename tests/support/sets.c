/* SPDX-License-Identifier: ISC */
#include "sets.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define INFO "/proc/self/fdinfo"

static int times_in(const char *set, int fd)
{
    char path[sizeof INFO + 256];
    char line[256];
    int times = 0;
    snprintf(path, sizeof path, INFO "/%s", set);
    FILE *info = fopen(path, "re");
    if (info == NULL)
        return 0; /* closed in the meantime */
    while (fgets(line, sizeof line, info) != NULL) {
        int number;
        times += sscanf(line, "tfd: %d", &number) == 1 && number == fd;
    }
    fclose(info);
    return times;
}

int set_holds(int set, int fd)
{
    char name[16];
    snprintf(name, sizeof name, "%d", set);
    return times_in(name, fd);
}

int sets_hold(int fd)
{
    int times = 0;
    DIR *all = opendir(INFO);
    if (all == NULL)
        abort();
    for (const struct dirent *one; (one = readdir(all)) != NULL;)
        times += one->d_name[0] == '.' ? 0 : times_in(one->d_name, fd);
    closedir(all);
    return times;
}
