# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules themselves: each is shown something bad and has to say so."""

import tempfile
import unittest
from pathlib import Path

import layers
import links
import looks
import man
import size


class Layers(unittest.TestCase):
    def problems(self, file, text):
        return layers.violations(file, text, lambda header: header != "base/missing.h")

    def test_upward_include_is_refused(self):
        self.assertTrue(self.problems("base/log.c", '#include "wire/ini.h"\n'))
        self.assertTrue(self.problems("wire/ini.c", '#include "tls/tls.h"\n'))
        self.assertTrue(self.problems("openpgp/key.c", '#include "wire/text.h"\n'))
        self.assertFalse(self.problems("wire/pickle.c", '#include "openpgp/symmetric.h"\n'))

    def test_program_includes_no_other_program(self):
        self.assertTrue(self.problems("gate/main.c", '#include "core/client.h"\n'))
        self.assertFalse(self.problems("core/main.c", '#include "core/client.h"\n'))

    def test_shared_room_is_for_its_programs(self):
        for program in ("ctl", "monitor"):
            self.assertFalse(self.problems(f"{program}/main.c", '#include "admin/clients.h"\n'))
        self.assertTrue(self.problems("core/main.c", '#include "admin/clients.h"\n'))
        self.assertTrue(self.problems("wire/ini.c", '#include "admin/clients.h"\n'))
        self.assertTrue(self.problems("admin/clients.c", '#include "ctl/options.h"\n'))
        self.assertTrue(self.problems("admin/clients.c", '#include "tls/tls.h"\n'))
        self.assertFalse(self.problems("admin/clients.c", '#include "wire/text.h"\n'))

    def test_downward_include_is_allowed(self):
        self.assertFalse(self.problems("gate/main.c", '#include "tls/tls.h"\n#include <errno.h>\n'))

    def test_include_is_written_from_src(self):
        self.assertTrue(self.problems("base/log.c", '#include "util.h"\n'))
        self.assertTrue(self.problems("base/log.c", '#include "base/missing.h"\n'))

    def test_libraries_have_their_rooms(self):
        self.assertTrue(self.problems("client/session.c", "#include <gnutls/gnutls.h>\n"))
        self.assertFalse(self.problems("tls/tls.c", "#include <gnutls/gnutls.h>\n"))
        self.assertTrue(self.problems("core/registry.c", "#include <sqlite3.h>\n"))
        self.assertFalse(self.problems("core/store-sqlite.c", "#include <sqlite3.h>\n"))
        self.assertTrue(self.problems("core/checkers.c", "#include <ares.h>\n"))
        self.assertTrue(self.problems("gate/main.c", "#include <systemd/sd-bus.h>\n"))
        self.assertFalse(self.problems("gate/main.c", "#include <systemd/sd-event.h>\n"))

    def test_unknown_room_is_refused(self):
        self.assertTrue(self.problems("misc/x.c", ""))


class Looks(unittest.TestCase):
    def test_licence_line(self):
        self.assertFalse(looks.lacks_licence(f"/* {looks.LICENCE} */\nint x;\n"))
        self.assertFalse(looks.lacks_licence(f"#!/bin/sh\n# {looks.LICENCE}\n"))
        self.assertTrue(looks.lacks_licence(f"int x;\n/* {looks.LICENCE} */\n"))

    def test_pragma_once(self):
        self.assertTrue(looks.lacks_pragma_once("int x;\n\n\n#pragma once\n"))

    def test_foreign_paths(self):
        self.assertTrue(looks.foreign_paths("see /ho" + "me/someone/mandos"))
        self.assertTrue(looks.foreign_paths("cd /wo" + "rk/main"))
        self.assertFalse(looks.foreign_paths("files under /home and /root are not readable"))

    def test_readme(self):
        good = "# room\nWhat it is.\n\n- Bounds: one.\n"
        self.assertIsNone(looks.readme_problem(good))
        self.assertTrue(looks.readme_problem(good + "more\n" * looks.README_LINES_MAX))
        self.assertTrue(looks.readme_problem("nothing\n"))


class Size(unittest.TestCase):
    def text(self, n_lines):
        return ("int f(int a,\n\tint b)\n{\n" + "\ta++;\n" * n_lines + "}\n\n"
                "struct s {\n\tint x;\n};\n")

    def test_lines_are_counted_from_the_signature(self):
        self.assertEqual(list(size.functions(self.text(10))), [("f", 14)])

    def test_long_is_reported_and_too_long_fails(self):
        self.assertEqual(size.lengths("x.c", self.text(10)), ([], []))
        report, problems = size.lengths("x.c", self.text(60))
        self.assertTrue(report and not problems)
        self.assertTrue(size.lengths("x.c", self.text(100))[1])
        self.assertTrue(size.lengths("x.c", "\n" * 701)[1])


class Links(unittest.TestCase):
    def problems(self, name, libraries, imports):
        return links.program_problems(name, links.PROGRAMS[name], libraries, imports)

    def test_core_links_no_tls(self):
        self.assertTrue(self.problems("mandos", {"libgnutls.so.30"}, set()))
        self.assertFalse(self.problems("mandos", {"libsqlite3.so.0", "libc.so.6"}, {"fork"}))

    def test_gate_has_of_systemd_only_the_event_loop(self):
        self.assertTrue(self.problems("mandos-gate", set(), {"sd_bus_open_system"}))
        self.assertFalse(self.problems("mandos-gate", {"libsystemd.so.0"}, {"sd_event_new"}))
        self.assertTrue(self.problems("mandos-gate", set(), {"execve"}))
        self.assertTrue(self.problems("mandos-gate", set(), {"open64"}))

    def test_prober_connects_but_starts_and_writes_nothing(self):
        for symbol in ("execve", "fork", "posix_spawn", "fopen64", "unlink", "listen", "getaddrinfo",
                       "pthread_create", "sqlite3_open"):
            self.assertTrue(self.problems("mandos-probe", set(), {symbol}))
        self.assertFalse(self.problems("mandos-probe", {"libcares.so.2"}, {"connect"}))
        self.assertTrue(self.problems("mandos", {"libcares.so.2"}, set()))

    def test_spawner_has_no_network(self):
        for symbol in ("connect", "bind", "listen", "accept4"):
            self.assertTrue(self.problems("mandos-spawn", set(), {symbol}))
        self.assertFalse(self.problems("mandos-spawn", set(), {"sendmsg", "recvmsg"}))

    def test_client_has_no_systemd_and_no_glib(self):
        self.assertTrue(self.problems("mandos-client", {"libsystemd.so.0"}, set()))
        self.assertTrue(self.problems("mandos-client", {"libglib-2.0.so.0"}, set()))

    def test_ctl_has_the_bus_and_no_network(self):
        self.assertFalse(self.problems("mandos-ctl", {"libsystemd.so.0"}, {"sd_bus_open_system"}))
        self.assertTrue(self.problems("mandos-ctl", {"libgnutls.so.30"}, set()))
        for symbol in ("connect", "execve", "sd_event_new", "getaddrinfo"):
            self.assertTrue(self.problems("mandos-ctl", set(), {symbol}))

    def test_pure_rooms_do_no_io(self):
        self.assertTrue(links.object_problems("wire/ini.c", {"open64"}))
        self.assertTrue(links.object_problems("openpgp/message.c", {"getrandom"}))
        self.assertTrue(links.object_problems("core/client.c", {"malloc"}))
        self.assertTrue(links.object_problems("gate/session.c", {"clock_gettime"}))
        self.assertTrue(links.object_problems("monitor/view.c", {"sd_bus_send"}))
        self.assertFalse(links.object_problems("monitor/feed.c", {"sd_bus_send"}))
        self.assertFalse(links.object_problems("base/clock.c", {"clock_gettime"}))

    def test_checked_variants_are_the_same_symbol(self):
        self.assertEqual(links.plain("__fprintf_chk@GLIBC_2.3.4"), "fprintf")
        self.assertEqual(links.plain("__open64_2@GLIBC_2.7"), "open64")

    def test_hardening(self):
        good = "FLAGS_1 Flags: NOW PIE", "GNU_STACK 0x0 RW 0x10\nGNU_RELRO"
        self.assertFalse(links.hardening_problems("x", *good))
        self.assertEqual(len(links.hardening_problems("x", "", "GNU_STACK RWE")), 4)


class Man(unittest.TestCase):
    def test_options_are_compared_both_ways(self):
        page = man.page_options(".It Fl i , Fl -interface Ar name\n.It Fl -debug\ntext Fl -other\n")
        self.assertEqual(page, {"--interface", "--debug"})
        shown = man.help_options("  -i, --interface=NAME  text\n  --check  self-test\n")
        self.assertEqual(len(man.differences("p", page, shown)), 2)

    def test_html_that_leads_nowhere_is_refused(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file in ("a.8", "b.8mandos", "plugin-runner.conf.5mandos"):
                (folder / f"{file}.html").write_text('<a href="a.8.html#x"><a href="https://host/gpg.1">')
            (folder / "index.html").write_text('<a href="a.8.html"><a href="b.8mandos.html">')
            pages = [Path("man/a.8"), Path("man/b.8mandos")]
            self.assertEqual(man.html_problems(pages, folder), [])
            (folder / "a.8.html").write_text('<a href="https://host/b.8mandos"><a href="c.8.html">')
            self.assertEqual(len(man.html_problems(pages, folder)), 2)
            (folder / "index.html").write_text("")
            self.assertEqual(len(man.html_problems(pages, folder)), 4)
            (folder / "b.8mandos.html").unlink()
            self.assertEqual(len(man.html_problems(pages, folder)), 5)


if __name__ == "__main__":
    unittest.main()
