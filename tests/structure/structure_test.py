#!/usr/bin/env python3
"""The architecture, proven from the text of the tree: who may include whom, no circles, short functions,
and the house's words. Knows no compiler, network or clock.

    python3 tests/structure/structure_test.py [-v]

known.txt lists the breaches that are not yet mended. A line that is no longer needed fails, too."""

import statistics
import sys
import unittest
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import documents  # noqa: E402
import rules  # noqa: E402
from tree import Tree, read_tree  # noqa: E402

RULES = rules.ALL + documents.ALL
ROOT = Path(__file__).resolve().parents[2]
KNOWN = Path(__file__).with_name("known.txt")


def read_known():
    """rule: key, one a line; "#" begins a comment."""
    known = defaultdict(set)
    for line in KNOWN.read_text().splitlines() if KNOWN.exists() else ():
        if line and not line.startswith("#"):
            rule, key = line.split(": ", 1)
            known[rule].add(key)
    return known


class TheTree(unittest.TestCase):
    """One test per rule, made below from RULES."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.tree = read_tree(ROOT)
        cls.known = read_known()

    def check(self, rule):
        findings = list(rule(self.tree))
        known = self.known[rule.__name__]
        new = [f.message for f in findings if f.key not in known]
        stale = sorted(known - {f.key for f in findings})
        if stale:
            new.append("mended: delete these lines from tests/structure/known.txt")
            new += [f"{rule.__name__}: {key}" for key in stale]
        if new:
            self.fail("\n" + "\n".join(new))

    def test_the_whole_tree_was_read(self):
        self.assertGreater(len(self.tree.sources()), 100)
        self.assertGreater(sum(len(f.functions) for f in self.tree.sources()), 1000)

    def test_known_names_rules_that_exist(self):
        self.assertLessEqual(set(self.known), {rule.__name__ for rule in RULES})

    def test_functions_are_short(self):
        lengths = sorted(f.length for file in self.tree.sources() for f in file.functions)
        median = statistics.median(lengths)
        if "-v" in sys.argv:
            print(
                f"{len(lengths)} functions: median {median:g} lines, 90 % have at most "
                f"{lengths[len(lengths) * 9 // 10]}, the longest {lengths[-1]}",
                file=sys.stderr,
            )
        self.assertLessEqual(median, rules.MEDIAN_MAX, "the median function has too many lines")


for each in RULES:
    setattr(TheTree, f"test_{each.__name__}", lambda self, rule=each: self.check(rule))


class ABrokenTree(unittest.TestCase):
    """Each rule finds its breach, and says where and what to do."""

    def broken(self, rule, files, *said):
        found = [f.message for f in rule(Tree(files))]
        self.assertEqual(len(found), len(said), found)
        for message, (where, what) in zip(found, said):
            self.assertTrue(message.startswith(where), message)
            self.assertIn(what, message)

    def test_an_include_against_the_order(self):
        files = {
            "cache/a.c": '#include "schemas/s.h"\n#include "consumer/c.h"\n',
            "producer/cli/p.c": '#include "producer/sharebus.h"\n#include "cache/a.h"\n',
            "consumer/c.c": '#include "producer/bus.h"\n#include "producer/client.h"\n',
            "schemas/s.c": '#include "tests/t.h"\n#include "s.h"\n',
        }
        headers = "schemas/s.h consumer/c.h cache/a.h producer/sharebus.h producer/bus.h producer/client.h"
        files.update({header: "" for header in headers.split() + ["tests/t.h"]})
        self.broken(
            rules.include_directions,
            files,
            ("cache/a.c:2: ", 'must not include "consumer/c.h"'),
            ("consumer/c.c:2: ", 'must not include "producer/client.h"'),
            ("producer/cli/p.c:2: ", 'must not include "cache/a.h"'),
            ("schemas/s.c:1: ", 'must not include "tests/t.h"'),
            ("schemas/s.c:2: ", "path from the root"),
        )

    def test_a_library_where_it_does_not_belong(self):
        files = {
            "cache/a.c": "#include <hiredis/hiredis.h>\n#include <librdkafka/rdkafka.h>\n",
            "producer/p.h": "#include <stdio.h>\n#include <jansson.h>\n",
            "schemas/s.c": "#include <event2/http.h>\n",
            "cache/b.c": "#include <uthash.h>\n",
            "ops/support/hash.h": "#include <uthash.h>\n",
        }
        self.broken(
            rules.libraries,
            files,
            ("cache/a.c:2: ", "only producer/ and consumer/"),
            ("cache/b.c:1: ", "only ops/support/hash.h"),
            ("producer/p.h:2: ", "no header"),
            ("schemas/s.c:1: ", "not in LIBRARIES"),
        )

    def test_a_circle_that_a_forward_declaration_hides(self):
        files = {
            "consumer/a.h": '#include "consumer/b.h"\n',
            "consumer/b.h": "struct a;\n",
            "consumer/b.c": '#include "consumer/b.h"\n#include "consumer/c.h"\n',
            "consumer/c.h": "",
            "consumer/c.c": '#include "consumer/a.h"\n',
            "consumer/d.c": '#include "consumer/a.h"\n',
        }
        circle = "consumer/a, consumer/b, consumer/c"
        said = [(f"consumer/{module}.c and .h", circle) for module in "abc"]
        self.broken(rules.circles, files, *said)

    def test_a_long_function_and_a_name_of_one_word(self):
        body = "\t/* not\n\t * counted */\n\n" + "\tstep();\n" * 38
        text = "enum { A };\n\n/* of */\nstatic int find(int a,\n\t\tint b)\n{\n" + body + "}\n"
        self.broken(rules.function_lengths, {"cache/a.c": text}, ("cache/a.c:4: ", "find() has 42 lines"))
        self.broken(rules.static_names, {"cache/a.c": text}, ("cache/a.c:4: ", "static find()"))
        self.broken(rules.function_lengths, {"cache/a.c": text.replace("\tstep();\n", "", 2)})

    def test_a_result_that_may_be_dropped(self):
        text = (
            "MUST_USE int good(struct error *err);\n/* int old(struct error *err); */\n"
            "typedef int visit_fn(void *p, struct error *err);\nint bad(int a,\n\tstruct error *err);\n"
        )
        self.broken(rules.must_use, {"cache/a.h": text}, ("cache/a.h:4: ", "bad() may fail"))

    def test_a_banned_function(self):
        text = '/* atoi(s) */\nint a = strlen("gets(s)");\nint b = atoi (s);\n'
        self.broken(rules.banned_functions, {"cache/a.c": text}, ("cache/a.c:3: ", "atoi() is banned"))

    def test_words_that_are_gone(self):
        text = (
            "/* It lags\n * behind the log. What is over\n * goes, and behind it: struct place. */\n"
            "int size_most;\n"
        )
        self.broken(
            rules.words,
            {"cache/a.c": text},
            ("cache/a.c:2: ", "What is over goes"),
            ("cache/a.c:3: ", "struct position"),
            ("cache/a.c:4: ", "max"),
            ("cache/a.c:3: ", "after"),
        )

    def test_a_document_that_names_what_is_gone(self):
        text = "See `cache/a.c`, `cache/`, [b](b.c#x), `run()`.\nNot `cache/c.c`, [d](../d.md), `go()`.\n"
        files = {"cache/README.md": text, "cache/a.c": "int run(void);\n", "cache/b.c": "/* go() */\n"}
        said = ["cache/c.c, which", "d.md, which", "go(), which"]
        self.broken(documents.documents, files, *[("cache/README.md:2: ", what) for what in said])

    def test_a_setting_without_a_row(self):
        table = (
            'static const struct config_setting own[] = {\n\t{ "brokers", "SHAREBUS_BROKERS" },\n'
            '\t{ "redis", NULL },\n\t{ NULL, NULL },\n};\n'
        )
        files = {"consumer/s.c": table, "ops/SETTINGS.md": "`--brokers`, `--old FILE`\n"}
        said = ["lacks --redis", "lacks SHAREBUS_BROKERS of consumer/s.c", "has --old"]
        self.broken(documents.settings, files, *[("ops/SETTINGS.md: ", what) for what in said])

    def test_a_setting_that_the_sample_lacks(self):
        place = (
            'const struct config_setting settings_a[] = {\n\t{ "brokers", "LIST", NULL, "here:1",\n\t  "x" },\n'
            '\t{ "redis", NULL, NULL, NULL, "y" },\n\t{ "as", NULL,\n\t  NULL, NULL, "z" },\n};\n'
            "const struct config_setting settings_b[] = {\n};\n"
            "const struct config_setting *const settings_all[] = { settings_a, NULL };\n"
        )
        text = "# x = y\n#brokers = there:2\n#old = 1\n#as = me\n#as = you\n[kafka]\n#acks = 1\n"
        files = {
            "ops/support/settings.c": place,
            "cache/a.c": "static const struct config_setting own[] = {\n};\n",
            "ops/packaging/sharebus.conf": text,
        }
        sample = "ops/packaging/sharebus.conf: "
        self.broken(
            documents.sample,
            files,
            ("cache/a.c:1: ", "do not know the settings in own"),
            ("ops/support/settings.c:8: ", "do not know the settings in settings_b"),
            (sample, "the default of brokers is here:1"),
            (sample, "has old, which is no setting"),
            (sample, "has redis 0 times"),
            (sample, "has as 2 times"),
            (sample, '"[kafka]" would be in force'),
        )

    def test_a_stage_without_a_row(self):
        loop = 'static const struct stage stages[] = {\n\t{ "fetch", f, NULL },\n\t{ "apply", g, NULL },\n};\n'
        files = {"consumer/loop.c": loop, "ARCHITECTURE.md": "| stage |\n| fetch | does |\n"}
        self.broken(documents.contract, files, ("ARCHITECTURE.md: ", "lacks apply of consumer/loop.c"))

    def test_a_guarantee_without_a_test(self):
        files = {
            "README.md": "# x\n\n## What is guaranteed\n\n* **One\n  and two.** A.\n* **Three**: B.\n\n## End\n",
            "tests/README.md": "# y\n\n| `integration/a_test.py` | all |\n\n## What proves each guarantee\n\n"
            "| sentence | test |\n|---|---|\n| **One and two** | `integration/a_test.py` `test_one`, `test_two` |\n"
            "| A | – |\n| **Four** | `unit/b_test.c` `five`; `unit/c_test.c` |\n\n## End\n",
            "tests/integration/a_test.py": "def test_one(world):\n",
            "tests/integration/d_test.py": "",
            "tests/unit/b_test.c": "static void five(void **state)\n",
        }
        said = [
            'lacks the guarantee "Three"',
            'has "Four"',
            "names test_two",
            'no test that "A" holds',
            "names unit/c_test.c",
            "lacks integration/d_test.py",
        ]
        self.broken(documents.proofs, files, *[("tests/README.md: ", what) for what in said])

    def test_a_test_that_nothing_runs(self):
        cmake = "foreach(name b c)\n  sb_test(${name} unit/${name}_test.c)\nendforeach()\nsb_pytest(x FILES tests/e)\n"
        there = ["tests/unit/b_test.c", "tests/e/f_test.py", "tests/unit/d_test.c", "tests/xunit/c_test.c"]
        files = {"tests/CMakeLists.txt": cmake, **dict.fromkeys(there, "")}
        lacking = ["runs no tests/unit/d_test.c", "runs no tests/xunit/c_test.c"]
        self.broken(documents.runs, files, *[("tests/CMakeLists.txt: ", what) for what in lacking])


if __name__ == "__main__":
    unittest.main()
