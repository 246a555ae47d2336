# SPDX-License-Identifier: ISC
"""The stubs name everything that exists, and nothing else."""

import ast
import pathlib
import unittest

import fdslots

PACKAGE = pathlib.Path(fdslots.__file__).parent


def stub_of(module):
    return ast.parse((PACKAGE / f"{module}.pyi").read_text()).body


def names_in(body):
    """Return the public names that these statements of a stub declare."""
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign):
            yield node.target.id
        elif isinstance(node, ast.ImportFrom) and node.level > 0:
            yield from (alias.name for alias in node.names)


def names_in_class(module, name):
    (body,) = (n.body for n in stub_of(module) if isinstance(n, ast.ClassDef) and n.name == name)
    return public(names_in(body))


def public(names):
    return {name for name in names if not name.startswith("_")}


class Stubs(unittest.TestCase):
    def test_package_is_typed(self):
        self.assertTrue((PACKAGE / "py.typed").exists())

    def test_modules(self):
        self.assertEqual(public(names_in(stub_of("__init__"))), public(fdslots.__all__))
        self.assertEqual(public(names_in(stub_of("_fdslots"))), public(dir(fdslots._fdslots)))

    def test_classes(self):
        self.assertEqual(names_in_class("_fdslots", "Slots"), public(dir(fdslots.Slots)))
        self.assertEqual(names_in_class("_selector", "Selector"), public(dir(fdslots.Selector)))


if __name__ == "__main__":
    unittest.main()
