/* SPDX-License-Identifier: ISC
 *
 * Namespaces for this process alone, so that it can mount file systems, name the host and set up a
 * network unnoticed. That takes root; other users go on without them.
 */
#ifndef FDSLOTS_TEST_NAMESPACES_H
#define FDSLOTS_TEST_NAMESPACES_H

#include <stdbool.h>

/* Enter all namespaces that can be had. Call this once, before anything is opened. */
void namespaces_enter(void);

/* Return which namespaces this process has got. */
bool namespaces_have_mounts(void);
bool namespaces_have_host(void);
bool namespaces_have_net(void);

#endif
