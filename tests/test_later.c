/* SPDX-License-Identifier: ISC
 *
 * Functions that are declared and linked but not built yet: each says so, and changes nothing. A
 * line goes when its function comes.
 */
#include "common.h"
#include "snapshot.h"

#define NOT_YET(call)                                                                              \
    do {                                                                                           \
        EXPECT(call, -ENOTSUP);                                                                    \
        snapshot_compare(&before, s, #call);                                                       \
    } while (0)

START_TEST(answer_that_they_are_not_there)
{
    struct snapshot before;
    int p[2];
    make_pipe(p, true);
    struct fdslots *s = make_slots(4);
    EXPECT(fdslots_set_index(s, 1, p[0], POLLIN), 0);
    EXPECT(fdslots_poll(s, 4, 0), 1);
    snapshot_take(&before, s);
    NOT_YET(fdslots_waker_open(s, 0));
    NOT_YET(fdslots_wake(s));
    NOT_YET(fdslots_waker_drain(s));
    fdslots_destroy(s);
    close_pipe(p);
}
END_TEST

Suite *suite_later(void)
{
    Suite *suite = suite_create("later");
    TCase *tcase = add_case(suite, "not yet");
    tcase_add_test(tcase, answer_that_they_are_not_there);
    return suite;
}
