#!/usr/bin/env python3
"""Folding and drawing of sampled stacks."""

import sys
import unittest
import xml.etree.ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import flame

SAMPLES = """\
sharebus-consum 123 4567.890: 1 cycles:
\t    55d0c0ffee00 decide_share+0x1f (/usr/bin/sharebus-consumer)
\t    55d0c0ffee01 main+0x2 (/usr/bin/sharebus-consumer)

sharebus-consum 123 4567.891: 1 cycles:
\t    55d0c0ffee00 decide_share+0x20 (/usr/bin/sharebus-consumer)
\t    55d0c0ffee01 main+0x2 (/usr/bin/sharebus-consumer)

rdk:broker1 124 4567.892: 1 cycles:
\t    7f0000000000 [unknown] (/usr/lib/librdkafka.so.1)
""".splitlines()

FOLDED = {"sharebus-consum;main;decide_share": 2, "rdk:broker1;[librdkafka.so.1]": 1}


class Flame(unittest.TestCase):
    def test_stacks_are_folded_from_the_outermost(self):
        self.assertEqual(flame.fold(SAMPLES), FOLDED)

    def test_a_box_is_as_wide_as_its_part(self):
        root = xml.etree.ElementTree.fromstring(flame.draw(FOLDED, "a <title>"))
        boxes = {
            g[0].text.partition(":")[0]: (float(g[1].get("x")), float(g[1].get("width")), int(g[1].get("y")))
            for g in root.iter("{http://www.w3.org/2000/svg}g")
        }
        self.assertAlmostEqual(boxes["main"][1], 800, delta=0.1)
        self.assertEqual(boxes["main"][:2], boxes["decide_share"][:2])
        self.assertEqual(boxes["main"][2] - boxes["decide_share"][2], flame.ROW_HEIGHT)

    def test_the_innermost_are_counted(self):
        self.assertEqual(flame.innermost(FOLDED, 1), [("decide_share", 2 / 3)])

    def test_nothing_is_drawn_of_nothing(self):
        self.assertIn("<svg", flame.draw({}, "empty"))


if __name__ == "__main__":
    unittest.main()
