/* SPDX-License-Identifier: ISC
 *
 * The environment belongs to the user who starts the program. A program that has more rights than
 * that user (by set-user-ID, set-group-ID or file capabilities) ignores the environment.
 */
#ifndef FDSLOTS_ENVIRONMENT_H
#define FDSLOTS_ENVIRONMENT_H

#include <stdbool.h>

/* Whether FDSLOTS_CHECK=1 asks for checks of every buffer. The environment is read once. */
bool fdslots_environment_checks(void);

#endif
