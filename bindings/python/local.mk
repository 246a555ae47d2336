# SPDX-License-Identifier: ISC
# The Python binding is part of the tarball. pip builds it; make never does.
EXTRA_DIST += \
	bindings/python/MANIFEST.in \
	bindings/python/README.md \
	bindings/python/bench.py \
	bindings/python/ext/guests.c \
	bindings/python/ext/module.c \
	bindings/python/ext/ready.c \
	bindings/python/ext/select.c \
	bindings/python/ext/slots.c \
	bindings/python/ext/slots.h \
	bindings/python/ext/slots_call.c \
	bindings/python/ext/slots_get.c \
	bindings/python/ext/slots_set.c \
	bindings/python/ext/slots_wait.c \
	bindings/python/ext/text.c \
	bindings/python/ext/timeout.c \
	bindings/python/ext/values.c \
	bindings/python/ext/view.c \
	bindings/python/ext/wait.c \
	bindings/python/pyproject.toml \
	bindings/python/setup.py \
	bindings/python/src/fdslots/__init__.py \
	bindings/python/src/fdslots/__init__.pyi \
	bindings/python/src/fdslots/_fdslots.pyi \
	bindings/python/src/fdslots/_selector.py \
	bindings/python/src/fdslots/_selector.pyi \
	bindings/python/src/fdslots/py.typed \
	bindings/python/tests/run_cpython.py \
	bindings/python/tests/test_leaks.py \
	bindings/python/tests/test_selector.py \
	bindings/python/tests/test_slots.py \
	bindings/python/tests/test_stubs.py
