/* SPDX-License-Identifier: ISC
 *
 * Text for people to read, and what the library says about itself.
 */
#include "common.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    uint32_t events;
    const char *text;
} texts[] = {
    {0, "0"},
    {POLLIN, "IN"},
    {POLLPRI, "PRI"},
    {POLLOUT, "OUT"},
    {POLLERR, "ERR"},
    {POLLHUP, "HUP"},
    {POLLNVAL, "NVAL"},
    {POLLRDHUP, "RDHUP"},
    {POLLRDNORM, "RDNORM"},
    {POLLRDBAND, "RDBAND"},
    {POLLWRNORM, "WRNORM"},
    {POLLWRBAND, "WRBAND"},
    {FDSLOTS_EDGE, "EDGE"},
    {FDSLOTS_ONESHOT, "ONESHOT"},
    {FDSLOTS_EXCLUSIVE, "EXCLUSIVE"},
    {POLLIN | POLLOUT | POLLHUP, "IN|OUT|HUP"},
    {POLLIN | FDSLOTS_EDGE, "IN|EDGE"},
    {0x80000000, "0x80000000"},
    {POLLIN | 0x4000, "IN|0x4000"},
};

START_TEST(events_have_names)
{
    char text[64];
    int length = (int)strlen(texts[_i].text);
    memset(text, '#', sizeof text);
    EXPECT(fdslots_format_events(text, sizeof text, texts[_i].events), length);
    ck_assert_str_eq(text, texts[_i].text);
    ck_assert_int_eq(text[length + 1], '#');
}
END_TEST

/* Every size from none to enough. Nothing is written beyond the size. */
START_TEST(text_is_cut_as_by_snprintf)
{
    const char *whole = "IN|OUT|HUP";
    char cut[16];
    EXPECT(fdslots_format_events(NULL, 0, POLLIN | POLLOUT | POLLHUP), 10);
    for (size_t size = 0; size < sizeof cut; size++) {
        char text[16];
        memset(text, '#', sizeof text);
        EXPECT(fdslots_format_events(text, size, POLLIN | POLLOUT | POLLHUP), 10);
        for (size_t i = size; i < sizeof text; i++)
            ck_assert_int_eq(text[i], '#');
        if (size == 0)
            continue;
        snprintf(cut, size, "%s", whole);
        ck_assert_str_eq(text, cut);
    }
}
END_TEST

START_TEST(all_events_have_a_text)
{
    char text[256];
    int length = fdslots_format_events(text, sizeof text, UINT32_MAX);
    ck_assert_int_eq(length, (int)strlen(text));
    for (int t = 1; t < LENGTH(texts); t++)
        if ((texts[t].events & (texts[t].events - 1)) == 0 && texts[t].events != 0x80000000)
            ck_assert_ptr_nonnull(strstr(text, texts[t].text));
    ck_assert_ptr_nonnull(strstr(text, "|0x"));
}
END_TEST

/* ---- dump ---- */

static char *dump_of(const struct fdslots *s)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(stream);
    EXPECT(fdslots_dump(s, stream), 0);
    fclose(stream);
    return text;
}

static int lines(const char *text)
{
    int count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* Check the line of a slot: index and fd come first, then `parts` in this order. */
static void has_line(const char *dump, uint32_t index, int fd, const char *const parts[])
{
    char start[32];
    snprintf(start, sizeof start, "\n%8u %8d ", (unsigned)index, fd);
    const char *at = strstr(dump, start);
    ck_assert_msg(at != NULL, "no line for slot %u in\n%s", (unsigned)index, dump);
    const char *end = strchr(at + 1, '\n');
    for (; *parts != NULL; parts++) {
        at = strstr(at, *parts);
        ck_assert_msg(at != NULL && at < end, "slot %u lacks %s in\n%s", (unsigned)index, *parts,
                      dump);
        at += strlen(*parts);
    }
}

START_TEST(dump_shows_the_used_slots)
{
    int p[2];
    make_pipe(p, true);
    struct fdslots *s = make_slots(1000);
    char *dump = dump_of(s);
    ck_assert_int_eq(lines(dump), 2); /* the two lines of the heading */
    free(dump);
    ck_assert_int_eq(fdslots_set_index(s, 0, p[0], POLLIN), 0);
    ck_assert_int_eq(fdslots_set_index(s, 7, p[1], POLLIN | POLLPRI), 0);
    ck_assert_int_eq(fdslots_set_index(s, 500, p[0], POLLIN), 0);
    ck_assert_int_eq(fdslots_pause_index(s, 500), 0);
    ck_assert_int_eq(fdslots_set_index(s, 999, p[1], POLLOUT | FDSLOTS_ONESHOT), 0);
    ck_assert_int_eq(fdslots_poll(s, 1000, 0), 2);
    dump = dump_of(s);
    ck_assert_int_eq(lines(dump), 2 + 4);
    has_line(dump, 0, p[0], (const char *const[]){"IN", "IN", NULL});
    has_line(dump, 7, p[1], (const char *const[]){"IN|PRI", "0", NULL});
    has_line(dump, 500, p[0], (const char *const[]){"IN", "0", "paused", NULL});
    has_line(dump, 999, p[1], (const char *const[]){"OUT|ONESHOT", "OUT", "fired", NULL});
    ck_assert_ptr_nonnull(strstr(dump, "4 of 1000 slots used, 2 ready"));
    free(dump);
    ck_assert_int_eq(fdslots_invalidate_index(s, 500), 0);
    ck_assert_int_eq(fdslots_set_index(s, 999, p[1], POLLOUT), 0);
    ck_assert_int_eq(fdslots_set_index(s, 0, -1, 0), 0);
    fdslots_clear_ready(s);
    dump = dump_of(s);
    ck_assert_int_eq(lines(dump), 2 + 2);
    ck_assert_ptr_nonnull(strstr(dump, "2 of 1000 slots used, 0 ready"));
    free(dump);
    fdslots_destroy(s);
    close_pipe(p);
}
END_TEST

/* Every write to the stream fails. The stream is unbuffered, so it reports that at once. */
START_TEST(dump_reports_a_broken_stream)
{
    FILE *stream = fopen("/dev/full", "w");
    struct fdslots *s = make_slots(1);
    ck_assert_ptr_nonnull(stream);
    setvbuf(stream, NULL, _IONBF, 0);
    EXPECT(fdslots_dump(s, stream), -EIO);
    fclose(stream);
    fdslots_destroy(s);
}
END_TEST

START_TEST(version_is_that_of_the_package)
{
    ck_assert_str_eq(fdslots_version(), PACKAGE_VERSION);
    int major;
    int minor;
    int patch;
    char more;
    ck_assert_int_eq(sscanf(fdslots_version(), "%d.%d.%d%c", &major, &minor, &patch, &more), 3);
}
END_TEST

START_TEST(has_says_yes_or_no)
{
    for (unsigned feature = FDSLOTS_HAS_PPOLL; feature <= FDSLOTS_HAS_EPOLL_NS; feature++) {
        errno = ERRNO_BEFORE;
        int has = fdslots_has(feature);
        ck_assert_int_eq(errno, ERRNO_BEFORE);
        ck_assert(has == 0 || has == 1);
    }
    struct fdslots *s = make_slots(1);
    const sigset_t mask = {0};
    const struct timespec at_once = {0, 0};
    EXPECT(fdslots_ppoll(s, 1, &at_once, &mask),
           fdslots_has(FDSLOTS_HAS_PPOLL) == 1 ? 0 : -ENOTSUP);
    EXPECT(fdslots_epoll_wait(s, 0), fdslots_has(FDSLOTS_HAS_EPOLL) == 1 ? 0 : -ENOTSUP);
    fdslots_destroy(s);
}
END_TEST

Suite *suite_text(void)
{
    Suite *suite = suite_create("text");
    TCase *tcase = add_case(suite, "text");
    tcase_add_loop_test(tcase, events_have_names, 0, LENGTH(texts));
    tcase_add_test(tcase, text_is_cut_as_by_snprintf);
    tcase_add_test(tcase, all_events_have_a_text);
    tcase_add_test(tcase, dump_shows_the_used_slots);
    tcase_add_test(tcase, dump_reports_a_broken_stream);
    tcase_add_test(tcase, version_is_that_of_the_package);
    tcase_add_test(tcase, has_says_yes_or_no);
    return suite;
}
