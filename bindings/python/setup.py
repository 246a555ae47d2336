# SPDX-License-Identifier: ISC
"""The extension; everything else is in pyproject.toml. pkg-config finds the library."""

import glob
import shlex
import subprocess

from setuptools import Extension, setup


def pkg_config(what):
    output = subprocess.run(
        ["pkg-config", what, "fdslots"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return shlex.split(output)


setup(
    ext_modules=[
        Extension(
            "fdslots._fdslots",
            sources=sorted(glob.glob("ext/*.c")),
            depends=["ext/slots.h"],
            extra_compile_args=["-std=c11", "-D_GNU_SOURCE", *pkg_config("--cflags")],
            extra_link_args=pkg_config("--libs"),
            py_limited_api=True,
        )
    ]
)
