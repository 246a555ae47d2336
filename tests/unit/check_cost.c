/* SPDX-License-Identifier: ISC
 *
 * The suite of the choice once more, with other prices, as somebody may give them to configure:
 * where a slot costs poll(2) little, a caller who changes his ways can do most harm.
 */
#include "common.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(suite_cost());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
