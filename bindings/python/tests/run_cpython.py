# SPDX-License-Identifier: ISC
"""Run suites of CPython with fdslots.Selector instead of EpollSelector and DefaultSelector.

    python3 run_cpython.py [test.SUITE...]

Every suite also runs with the selectors of the standard library, in a process of its own. The
outcome of every test must be the same, except of those in MAY_DIFFER.
"""

import concurrent.futures
import json
import selectors
import subprocess
import sys
import unittest

SUITES = [
    "test.test_selectors",
    "test.test_socketserver",
    "test.test_asyncio.test_events",
    "test.test_asyncio.test_selector_events",
    "test.test_asyncio.test_sendfile",
    "test.test_asyncio.test_server",
    "test.test_asyncio.test_sock_lowlevel",
    "test.test_asyncio.test_streams",
    "test.test_asyncio.test_unix_events",
]
# Classes that test another selector by name.
OTHERS = ("SelectSelector", "PollSelector", "SelectEventLoop", "PollEventLoop")
MAY_DIFFER = (
    # EpollSelector refuses a regular file. Selector answers as SelectSelector and PollSelector do.
    "EpollSelectorTestCase.test_register_file",
    # The test puts a mock inside EpollSelector, and skips selectors that it does not know.
    "SelectorTestCase.test_modify_unregister",
)


class Outcomes(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.by_test = {}

    def note(self, test, outcome):
        self.by_test[test.id()] = outcome

    def addSuccess(self, test):
        self.note(test, "passed")

    def addSkip(self, test, reason):
        self.note(test, "skipped: " + reason)

    def addFailure(self, test, error):
        self.note(test, "failed")
        sys.stderr.write(self._exc_info_to_string(error, test))

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.addFailure(subtest, error)


def tests_in(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_in(test)
        elif not type(test).__name__.startswith(OTHERS):
            yield test


def run_one(which, suite):
    """Run a suite in this process, and print the outcomes."""
    if which == "fdslots":
        import fdslots

        selectors.EpollSelector = selectors.DefaultSelector = fdslots.Selector
    outcomes = Outcomes()
    unittest.TestSuite(tests_in(unittest.defaultTestLoader.loadTestsFromName(suite))).run(outcomes)
    json.dump(outcomes.by_test, sys.stdout)


def start(which, suite):
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, "--only", which, suite],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def outcomes_of(process):
    out, errors = process.communicate()
    if process.returncode != 0 or not out:
        sys.exit(f"{process.args} ended with {process.returncode}\n{errors}")
    return json.loads(out.splitlines()[-1]), errors


def compare(suite):
    """Return the number of tests, and a list of those that differ, with our errors."""
    processes = [start(which, suite) for which in ("epoll", "fdslots")]
    (theirs, _), (ours, errors) = map(outcomes_of, processes)
    tests = {test for test in theirs.keys() | ours.keys() if not test.endswith(MAY_DIFFER)}
    differing = [
        f"{test}: {theirs.get(test)} by epoll, {ours.get(test)} by fdslots"
        for test in sorted(tests)
        if theirs.get(test) != ours.get(test)
    ]
    return len(tests), differing, errors


def main(suites):
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = dict(zip(suites, pool.map(compare, suites)))
    passed = failed = 0
    for suite, (count, differing, errors) in results.items():
        if differing:  # tests of time fail on a loaded machine, so these run again alone
            count, differing, errors = compare(suite)
        print(f"{suite}: {count - len(differing)} of {count} are the same")
        if differing:
            print(*differing, errors, sep="\n")
        passed += count - len(differing)
        failed += len(differing)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--only"]:
        run_one(*sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:] or SUITES))
