/* SPDX-License-Identifier: ISC
 *
 * Runs all suites in two processes at a time. Check's own variables choose among them: CK_RUN_SUITE
 * and CK_RUN_CASE (the chosen tests then all run in this process), CK_FORK=no and
 * CK_VERBOSITY=verbose. CK_EXCLUDE_TAGS=long leaves out long computations.
 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef Suite *make_suite(void);

#define ADDRESS(name) suite_##name,
static make_suite *const first_half[] = {SUITES_OF_FIRST_HALF(ADDRESS) NULL};
static make_suite *const second_half[] = {SUITES_OF_SECOND_HALF(ADDRESS) NULL};

static void add_suites(SRunner *runner, make_suite *const suites[])
{
    for (; *suites != NULL; suites++)
        srunner_add_suite(runner, (*suites)());
}

static int run(make_suite *const suites[], make_suite *const more_suites[])
{
    SRunner *runner = srunner_create(NULL);
    add_suites(runner, suites);
    add_suites(runner, more_suites);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static make_suite *const none[] = {NULL};

/* The output of the other process is kept in a file until that process ends, so that the two
 * outputs do not mix. */
static pid_t start_second_half(FILE *output)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    dup2(fileno(output), STDOUT_FILENO);
    exit(run(second_half, none));
}

static int end_second_half(pid_t pid, FILE *output)
{
    int status = -1;
    waitpid(pid, &status, 0);
    rewind(output);
    for (int c; (c = getc(output)) != EOF;)
        putchar(c);
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_halves(void)
{
    FILE *output = tmpfile();
    if (output == NULL)
        return EXIT_FAILURE;
    pid_t pid = start_second_half(output);
    int status = run(first_half, none);
    status |= end_second_half(pid, output);
    fclose(output);
    return status;
}

/* Some tests need the lowest numbers for files of their own. Terminals and editors leave fds open
 * in the programs that they start, with free numbers between them. */
static void close_inherited_fds(void)
{
    for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
        close(fd);
}

int main(void)
{
    const struct entry *e;
    close_inherited_fds();
    for (int i = 0; (e = entry_at(i)) != NULL; i++)
        printf("entry point %d: %s\n", i, e->name);
    fflush(stdout);
    const bool chosen = getenv("CK_RUN_SUITE") != NULL || getenv("CK_RUN_CASE") != NULL;
    return chosen ? run(first_half, second_half) : run_halves();
}
