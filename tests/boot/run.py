# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the boot tests in one process, so that each image and disk is made once; words of the command
line are parts of names of tests. The images come first: what is wrong with one shows there."""

import sys
import unittest

import scene

if __name__ == "__main__":
    scene.enter()
    words = [part for word in sys.argv[1:] for part in ("-k", word)]
    unittest.main(module=None, verbosity=2,
                  argv=[sys.argv[0], *words, "test_image", "test_boot", "show"])
