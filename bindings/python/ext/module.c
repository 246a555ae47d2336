/* SPDX-License-Identifier: ISC
 *
 * The module: its types, functions and constants.
 */
#include "slots.h"

struct constant {
    const char *name;
    long value;
};

static const struct constant constants[] = {
    {"POLLIN", POLLIN},
    {"POLLPRI", POLLPRI},
    {"POLLOUT", POLLOUT},
    {"POLLERR", POLLERR},
    {"POLLHUP", POLLHUP},
    {"POLLNVAL", POLLNVAL},
    {"POLLRDNORM", POLLRDNORM},
    {"POLLRDBAND", POLLRDBAND},
    {"POLLWRNORM", POLLWRNORM},
    {"POLLWRBAND", POLLWRBAND},
#ifdef POLLRDHUP
    {"POLLRDHUP", POLLRDHUP},
#endif
    {"EDGE", FDSLOTS_EDGE},
    {"ONESHOT", FDSLOTS_ONESHOT},
    {"EXCLUSIVE", FDSLOTS_EXCLUSIVE},
    {"POLLED", FDSLOTS_POLLED},
    {"NO_EPOLL", FDSLOTS_NO_EPOLL},
    {"CHECK", FDSLOTS_CHECK},
    {"HAS_PPOLL", FDSLOTS_HAS_PPOLL},
    {"HAS_EPOLL", FDSLOTS_HAS_EPOLL},
    {"HAS_EPOLL_NS", FDSLOTS_HAS_EPOLL_NS},
    {NULL, 0},
};

static PyObject *has(PyObject *module, PyObject *value)
{
    (void)module;
    uint32_t feature;
    if (!index_from(value, &feature))
        return NULL;
    int rc = fdslots_has(feature);
    return rc < 0 ? raise_error(rc) : PyBool_FromLong(rc);
}

static PyObject *version(PyObject *module, PyObject *none)
{
    (void)module, (void)none;
    return PyUnicode_FromString(fdslots_version());
}

static PyMethodDef functions[] = {
    {"format_events", format_events, METH_O, "Events as text, 'IN|OUT|HUP'."},
    {"has", has, METH_O, "Tell whether a feature works in this process now."},
    {"version", version, METH_NOARGS, "The version of the library at run time."},
    {"guests_admit", guests_admit, METH_O, "For Selector: other threads may call during a wait."},
    {"select_keys", FAST(select_keys), METH_FASTCALL, "For Selector.select()."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject *make_type(PyObject *module, PyType_Spec *spec)
{
    return (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
}

static int execute(PyObject *module)
{
    struct module_state *state = PyModule_GetState(module);
    for (const struct constant *c = constants; c->name != NULL; c++)
        if (PyModule_AddIntConstant(module, c->name, c->value) < 0)
            return -1;
    state->slots_type = make_type(module, &slots_type_spec);
    state->ready_type = make_type(module, &ready_type_spec);
    if (state->slots_type == NULL || state->ready_type == NULL || !guests_prepare())
        return -1;
    return PyModule_AddType(module, state->slots_type);
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
    struct module_state *state = PyModule_GetState(module);
    Py_VISIT(state->slots_type);
    Py_VISIT(state->ready_type);
    return 0;
}

static int clear(PyObject *module)
{
    struct module_state *state = PyModule_GetState(module);
    Py_CLEAR(state->slots_type);
    Py_CLEAR(state->ready_type);
    return 0;
}

static void release(void *module)
{
    clear(module);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, execute},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "fdslots._fdslots",
    .m_size = sizeof(struct module_state),
    .m_methods = functions,
    .m_slots = module_slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = release,
};

PyMODINIT_FUNC PyInit__fdslots(void)
{
    return PyModuleDef_Init(&definition);
}
