#!/usr/bin/env python3
"""The statistics and verdicts of the benchmark, as tables of values."""

import contextlib
import io
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import figures
from figures import Row, minimum, maximum


class Figures(unittest.TestCase):
    def test_spread_has_the_middle_of_the_rounds(self):
        self.assertEqual(figures.spread([3, 1, 10]), {"min": 1, "median": 3, "max": 10})
        self.assertEqual(figures.spread([1, 2])["median"], 1.5)

    def test_quantile_is_the_smallest_value_that_the_part_does_not_exceed(self):
        values = list(range(100, 0, -1))
        self.assertEqual([figures.quantile(values, of) for of in (0, 0.5, 0.99, 1)], [1, 50, 99, 100])
        self.assertEqual(figures.quantile([7], 0.99), 7)

    def test_ratio_is_of_the_same_round(self):
        """The medians alone would say 1."""
        row = Row("a", "/s", [10, 20, 30], minimum(0.9, ratio=True), "b", [20, 10, 20])
        self.assertEqual(row.ratios(), [0.5, 2, 1.5])
        self.assertEqual(row.judged(), 1.5)

    def test_rounds_that_lack_their_companion_are_refused(self):
        with self.assertRaises(ValueError):
            Row("a", "/s", [1, 2], None, "b", [1]).ratios()

    def test_verdict_says_by_how_much(self):
        for row, verdict in (
            (Row("a", "/s", [90, 100, 300], minimum(100)), "met"),
            (Row("a", "/s", [90, 80, 70], minimum(100)), "missed by 20%"),
            (Row("a", "s", [5, 5, 50], maximum(5)), "met"),
            (Row("a", "s", [5, 15, 50], maximum(5)), "missed by 200%"),
            (Row("a", "s", [5.001], maximum(5)), "missed by less than 1%"),
            (Row("a", "/s", [30], minimum(0.6, ratio=True), "b", [100]), "missed by 50%"),
            (Row("a", "/s", [60], minimum(0.6, ratio=True), "b", [100]), "met"),
            (Row("a", "/s", [1]), "not judged"),
        ):
            self.assertEqual(row.verdict(), verdict, row)
            self.assertEqual(row.as_json()["met"], row.bound and verdict == "met", row)

    def test_numbers_keep_the_digits_that_count(self):
        told = [figures.number(n) for n in (123456.7, 12.34, 1.234, 0.5, 2000)]
        self.assertEqual(told, ["123,457", "12.3", "1.23", "0.50", "2,000"])

    def test_table_shows_every_row_and_every_process(self):
        rows = [Row("rate", "/s", [1.0], minimum(2), "bare", [4.0]), Row("time", "s", [3])]
        cpu = {"sharebus": {"consumer": [1.5], "broker": [0.5]}}
        told = figures.table([figures.Report("apply", {}, rows, cpu).as_json()])
        for text in ("| rate | /s   | 1   ", "missed by 50%", "0.25 (0.25–0.25)", "| time ", "consumer", "broker"):
            self.assertIn(text, told)
        self.assertEqual(len({len(line) for line in told.splitlines()[:4]}), 1)

    def test_exit_status_and_json_say_what_is_missed(self):
        for limit, status in ((2, 1), (1, 0)):
            report = figures.Report("apply", {"rounds": 1}, [Row("rate", "/s", [1.0], minimum(limit))])
            with contextlib.redirect_stdout(io.StringIO()) as out:
                self.assertEqual(figures.print_report(report, "json", {"cores": 2}), status)
            told = json.loads(out.getvalue())
            self.assertEqual((told["met"], told["machine"], told["rows"][0]["min"]), (not status, {"cores": 2}, 1))


if __name__ == "__main__":
    unittest.main()
