/* SPDX-License-Identifier: ISC
 *
 * OCaml's signals. Sys.sigint and the others are negative numbers that only OCaml uses.
 */
#define CAML_INTERNALS /* for caml_convert_signal_number(), which OCaml's own Unix uses, too */
#include "stubs.h"

#include <signal.h>

#include <caml/signals.h>

const sigset_t *fdslots_ml_mask(value v_signals, sigset_t *set, int *error)
{
    *error = 0;
    if (v_signals == Val_int(0)) /* None */
        return NULL;
    sigemptyset(set);
    for (value l = Field(v_signals, 0); l != Val_emptylist; l = Field(l, 1))
        if (sigaddset(set, caml_convert_signal_number(Int_val(Field(l, 0)))) < 0)
            *error = -EINVAL;
    return set;
}
