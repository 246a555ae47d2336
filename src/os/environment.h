/* SPDX-License-Identifier: ISC
 *
 * The environment belongs to who starts the program. One that has more rights than he has
 * (set-user-ID, set-group-ID, capabilities of its file) goes by none of it.
 */
#ifndef FDSLOTS_ENVIRONMENT_H
#define FDSLOTS_ENVIRONMENT_H

#include <stdbool.h>

/* Whether FDSLOTS_CHECK=1 asks that each buffer be checked. It is read once. */
bool fdslots_environment_checks(void);

#endif
