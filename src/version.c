/* SPDX-License-Identifier: ISC */
#include "slots.h"

const char *fdslots_version(void)
{
    return PACKAGE_VERSION;
}
