# SPDX-License-Identifier: ISC
# Print the C code in the EXAMPLES of manual pages: the indented literal blocks that hold a
# function, or that begin with an #include line. Text blocks, such as output, are left out.
# With -v everywhere=1, the code in all sections.

/^\.Sh / { in_examples = (everywhere || $2 == "EXAMPLES") }
/^\.Bd -literal -offset indent/ && in_examples { in_block = 1; block = ""; is_code = 0; next }
/^\.Ed/ { if (in_block && is_code) printf "%s", block; in_block = 0 }
in_block {
    if (/^#include/ || /^static/)
        is_code = 1
    gsub(/\\-/, "-")
    gsub(/\\e/, "\\")
    gsub(/\\\(aq/, "'")
    gsub(/\\&/, "")
    block = block $0 "\n"
}
