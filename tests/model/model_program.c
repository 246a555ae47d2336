/* SPDX-License-Identifier: ISC
 *
 * The operations of the model by their codes, and how they are printed.
 */
#include "model_world.h"

/* The buffers only wait. */
static void op_nothing(const struct op *op)
{
    (void)op;
}

static const struct {
    const char *name;
    void (*run)(const struct op *op);
    unsigned weight;
} operations[] = {
    {"set", op_set, 14},
    {"set_events", op_set_events, 10},
    {"poke", op_poke, 24},
    {"open", op_open, 6},
    {"invalidate", op_invalidate, 3},
    {"pause", op_pause, 5},
    {"resume", op_resume, 5},
    {"set_same", op_set_same, 3},
    {"swap", op_swap, 2},
    {"close", op_close, 2},
    {"reuse", op_reuse, 3},
    {"close_index", op_close_index, 2},
    {"keep", op_keep, 3},
    {"dup2", op_dup2, 2},
    {"set_number", op_set_number, 1},
    {"rebuild", op_rebuild, 1},
    {"fork", op_fork, 1},
    {"iterate", op_iterate, 2},
    {"clear", op_clear, 1},
    {"nest", op_nest, 1},
    {"wake", op_wake, 1},
    {"grow", op_grow, 2},
    {"child_goes_on", op_child_goes_on, 1},
    {"share", op_share, 1},
    {"limit", op_limit, 1},
    {"nothing", op_nothing, 1},
};
#define OPERATIONS (sizeof operations / sizeof operations[0])

static unsigned operation_of(uint8_t code)
{
    unsigned total = 0;
    for (unsigned i = 0; i < OPERATIONS; i++)
        total += operations[i].weight;
    unsigned at = code % total;
    unsigned i = 0;
    while (at >= operations[i].weight)
        at -= operations[i++].weight;
    return i;
}

uint8_t model_code_of_nothing(void)
{
    uint8_t code = 0;
    while (operations[operation_of(code)].run != op_nothing)
        code++;
    return code;
}

static void print_op(FILE *out, const struct op *op)
{
    fprintf(out, "    {%3u, %3u, %3u, %3u}, /* %s", op->code, op->a, op->b, op->c,
            operations[operation_of(op->code)].name);
    void (*run)(const struct op *) = operations[operation_of(op->code)].run;
    if (run == op_poke)
        fprintf(out, " object %u %s", op->a % OBJECTS, object_poke_name(op->b % object_pokes()));
    else if (run == op_open || run == op_reuse)
        fprintf(out, " object %u %s", op->a % OBJECTS, object_kind_name(op->b % object_kinds()));
    else if (run == op_set)
        fprintf(out, " slot %u object %u events 0x%x", op->a % SLOTS, op->b % OBJECTS,
                (unsigned)model_events(op->c));
    else if (run == op_close || run == op_keep || run == op_dup2 || run == op_close_index)
        fprintf(out, " object %u", op->a % OBJECTS);
    else
        fprintf(out, " slot %u%s events 0x%x", op->a % SLOTS,
                op->b % 4 == 0 ? " or a ready one" : "", (unsigned)model_events(op->c));
    fprintf(out, " */\n");
}

void model_print(FILE *out, const struct op *program, size_t length)
{
    for (size_t i = 0; i < length; i++)
        print_op(out, &program[i]);
}

void model_operate(const struct op *op)
{
    operations[operation_of(op->code)].run(op);
}
