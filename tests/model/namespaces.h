/* SPDX-License-Identifier: ISC
 *
 * Namespaces of this process's own, so that it can mount, name the host and set up a network
 * without anybody noticing. As root; elsewhere it goes on without.
 */
#ifndef FDSLOTS_TEST_NAMESPACES_H
#define FDSLOTS_TEST_NAMESPACES_H

#include <stdbool.h>

/* Enter those that may be had. Once, before anything is opened. */
void namespaces_enter(void);

/* Which this process has got. */
bool namespaces_have_mounts(void);
bool namespaces_have_host(void);
bool namespaces_have_net(void);

#endif
