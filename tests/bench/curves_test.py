#!/usr/bin/env python3
"""The rows, tables and plots of series, from values."""

import sys
import unittest
import xml.etree.ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import curves
from curves import AXES, Found, Series

SVG = "{http://www.w3.org/2000/svg}"


def found(*consumers):
    """Of each round: a consumer that takes so much, beside a broker and a Redis that take 2 and 1."""
    return [Found(100_000 / c, {"consumer": c, "broker": 2.0, "redis": 1.0}) for c in consumers]


def grants():
    return Series(AXES["grants"], {10_000: found(3.0, 4.0), 100_000: found(4.0, 5.0), 1_000_000: found(6.0, 5.0)})


def row_of(series, what):
    return next(row for row in curves.rows(series) if row.what == what)


class Rows(unittest.TestCase):
    def test_each_value_has_a_rate_and_the_cpu_of_each_process(self):
        told = [row.what for row in curves.rows(Series(AXES["consumers"], {1: found(1.0), 2: found(1.5)}))]
        self.assertEqual(told[:3], ["commands, 1 consumer", "commands, 2 consumers", "CPU of the consumer, 1 consumer"])
        self.assertEqual(len(told), 2 * 4)

    def test_a_value_stands_beside_the_base_of_the_same_round(self):
        row = row_of(grants(), "CPU of the consumer, 1,000,000 grants in the index")
        self.assertEqual((row.beside, row.beside_values), ("100,000 grants in the index", [4.0, 5.0]))
        self.assertEqual(row.ratios(), [1.5, 1.0])
        self.assertIsNone(row_of(grants(), "CPU of the consumer, 100,000 grants in the index").beside)

    def test_a_series_without_the_base_stands_beside_its_first(self):
        series = Series(AXES["partitions"], {16: found(1.0), 64: found(2.0)})
        self.assertEqual(series.base(), 16)
        self.assertEqual(row_of(series, "CPU of the consumer, 64 partitions").ratios(), [2.0])

    def test_only_the_consumer_is_judged_and_only_over_the_index(self):
        judged = {row.what: row.verdict() for row in curves.rows(grants()) if row.bound}
        self.assertEqual(
            judged,
            {
                "CPU of the consumer, 10,000 grants in the index": "met",
                "CPU of the consumer, 1,000,000 grants in the index": "missed by 4%",
            },
        )
        for axis in ("consumers", "shared", "partitions"):
            series = Series(AXES[axis], {100_000: found(1.0), 200_000: found(9.0)})
            self.assertFalse(any(row.bound for row in curves.rows(series)), axis)

    def test_one_is_singular(self):
        told = [Series(axis, {}).name_of(1) for axis in AXES.values()]
        self.assertEqual(told, ["1 consumer", "1 grant in the index", "1 grant a workspace", "1 partition"])

    def test_growth_from_another_base_is_not_judged(self):
        small = Series(AXES["grants"], {100: found(1.0), 200: found(9.0)})
        self.assertFalse(any(row.bound for row in curves.rows(small)))


class Tables(unittest.TestCase):
    def test_a_line_has_the_spread_of_each_figure(self):
        lines = curves.table(grants()).splitlines()
        self.assertEqual(len({len(line) for line in lines}), 1)
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
        self.assertEqual(cells[0][0], "grants in the index")
        self.assertEqual(cells[3][-1], "1")
        self.assertEqual(cells[4][0], "1,000,000")
        self.assertEqual(cells[4][2:], ["5.50 (5–6)", "2 (2–2)", "1 (1–1)", "1.25 (1–1.50)"])

    def test_the_document_shows_the_picture_and_every_series(self):
        told = curves.document([grants(), Series(AXES["consumers"], {1: found(1.0)})], "How it grows", "scale.svg")
        for text in ("# How it grows\n", "![How it grows](scale.svg)", "## grants in the index\n", "## consumers\n"):
            self.assertIn(text, told)


class Plots(unittest.TestCase):
    def drawn(self, *series):
        return xml.etree.ElementTree.fromstring(curves.plot(series, "a <title>"))

    def dots(self, *series):
        """{what a dot says: (left, top)}"""
        return {c[0].text: (float(c.get("cx")), float(c.get("cy"))) for c in self.drawn(*series).iter(SVG + "circle")}

    def test_an_axis_ends_above_the_greatest_value(self):
        for value, top in ((0.3, 0.5), (1, 1), (3.2, 5), (5.1, 10), (42_000, 50_000), (0, 1)):
            self.assertAlmostEqual(curves.nice_top(value), top, msg=value)

    def test_values_are_placed_by_their_logarithm(self):
        values = [10_000, 100_000, 1_000_000]
        for value, at in zip(values, (0, 0.5, 1)):
            self.assertAlmostEqual(curves.place(values, value), at)
        self.assertEqual(curves.place([7], 7), 0.5)

    def test_more_cpu_is_higher_and_a_greater_value_further_right(self):
        dots = self.dots(grants())
        small, large = dots["consumer, 10,000: 3.50"], dots["consumer, 1,000,000: 5.50"]
        self.assertLess(small[0], large[0])
        self.assertGreater(small[1], large[1])  # of a drawing, the top is 0

    def test_every_value_of_every_process_is_drawn_within_the_page(self):
        root = self.drawn(grants(), Series(AXES["consumers"], {1: found(1.0), 2: found(2.0)}))
        width, height = float(root.get("width")), float(root.get("height"))
        dots = list(root.iter(SVG + "circle"))
        self.assertEqual(len(dots), (3 + 2) * 4)
        for dot in dots:
            self.assertTrue(0 < float(dot.get("cx")) < width and 0 < float(dot.get("cy")) < height)

    def test_a_series_of_one_value_is_drawn(self):
        self.assertEqual(len(self.dots(Series(AXES["shared"], {10: found(1.0)}))), 4)


if __name__ == "__main__":
    unittest.main()
