# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole server, as its clients and its administrator see it."""

import contextlib
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from rig import BUILD, DEADLINE, Rig, wait_for  # noqa: E402

QUICK = {"timeout": "PT3S", "interval": "PT1S", "extended_timeout": "PT3S"}


def children(pid):
    """Process IDs of the direct children, with their names."""
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = entry.read_text()
        except OSError:
            continue
        name = text[text.index("(") + 1:text.rindex(")")]
        if int(text[text.rindex(")") + 2:].split()[1]) == pid:
            found[int(entry.parent.name)] = name
    return found


class Serving(unittest.TestCase):
    """Who gets a password, and who does not."""

    def test_known_key_is_given_its_secret(self):
        """SRV-PROTO-1, SRV-PROTO-6, SRV-PROTO-11, SRV-PROTO-14, SRV-PROTO-25, SRV-PROTO-26,
        SRV-PROTO-27: and only its own."""
        with Rig() as rig:
            one, two = rig.keys("one"), rig.keys("two")
            rig.write_clients(rig.section("one", one, b"first", checker="true"),
                              rig.section("two", two, b"second", checker="true"))
            server = rig.start()
            self.assertEqual(rig.ask(one).data, b"first")
            self.assertEqual(rig.ask(two).data, b"second")
            server.wait_line("INFO: Sending secret to two")

    def test_key_types(self):
        """SRV-PROTO-9: any key that GnuTLS takes for a raw public key."""
        with Rig() as rig:
            keys = {kind: rig.keys(kind, kind) for kind in ("ed25519", "ed448", "ecdsa", "rsa")}
            rig.write_clients(*(rig.section(kind, pair, kind.encode(), checker="true")
                                for kind, pair in keys.items()))
            rig.start()
            for kind, pair in keys.items():
                with self.subTest(kind):
                    self.assertEqual(rig.ask(pair).data, kind.encode())

    def test_unknown_key_is_refused(self):
        """SRV-PROTO-20, SRV-CLNT-1: an orderly close without a byte, and one line in the log."""
        with Rig() as rig:
            stranger = rig.keys("stranger")
            rig.write_clients()
            server = rig.start()
            server.wait_line("WARNING: No clients defined")
            self.assertEqual(rig.ask(stranger).kind, "refused")
            server.wait_line("INFO: Client not found for key ID: " + stranger.key_id.upper() +
                             r", address: \('::1', \d+, 0, 0\)")

    def test_disabled_by_configuration_is_refused(self):
        """SRV-PROTO-21, SRV-CLNT-3: enabled = no."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, enabled="no"))
            server = rig.start()
            self.assertEqual(rig.ask(keys).kind, "refused")
            server.wait_line("INFO: Client web1 is disabled")

    def test_secret_sizes(self):
        """SRV-PROTO-26: nothing, and more than any one record or channel message holds."""
        big = os.urandom(300000)
        with Rig() as rig:
            empty, large = rig.keys("empty"), rig.keys("large")
            rig.write_clients(rig.section("empty", empty, b"", checker="true"),
                              rig.section("large", large, big, checker="true"))
            server = rig.start()
            self.assertEqual(rig.ask(large).data, big)
            # To the peer an empty secret looks like a refusal; to the server it is a success.
            self.assertEqual(rig.ask(empty).kind, "refused")
            server.wait_line("INFO: Sending secret to empty")

    def test_greetings(self):
        """SRV-PROTO-1, SRV-PROTO-2, SRV-PROTO-3: no byte is sent before a good line, and none after
        a bad one."""
        with Rig() as rig:
            rig.write_clients()
            server = rig.start()
            for greeting in (b"2\r\n", b"x\n", b"\r\n", b"GET / HTTP/1.0\r\n"):
                with self.subTest(greeting), rig.connect() as peer:
                    peer.sendall(greeting)
                    self.assertEqual(peer.recv(1), b"")
                    server.wait_line("ERROR: Unknown protocol version:")
            for greeting in (b"1\r\n", b"1\n", b"1 future stuff\r\n", b"  1\n"):
                with self.subTest(greeting), rig.connect() as peer:
                    peer.sendall(greeting)
                    # TLS: a handshake record.
                    self.assertEqual(peer.recv(1), b"\x16")

    def test_ipv4_peer_on_the_ipv6_socket(self):
        """SRV-NET-1, SRV-PROTO-29: IPv4 peers reach it, under a mapped address."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients()
            rig.socket = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            rig.socket.bind(("::", 0))
            rig.socket.set_inheritable(True)
            rig.port = rig.socket.getsockname()[1]
            rig.address = lambda: "127.0.0.1"
            server = rig.start()
            self.assertEqual(rig.ask(keys).kind, "refused")
            server.wait_line(r"address: \('::ffff:127.0.0.1', \d+, 0, 0\)")

    def test_ipv4_socket(self):
        """SRV-NET-1, SRV-LOG-8 L17."""
        with Rig(ipv6=False) as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="true"))
            server = rig.start()
            self.assertEqual(rig.ask(keys).data, b"hunter2")
            server.wait_line(r"INFO: Now listening on address '127.0.0.1', port \d+$")

    def test_two_clients_with_one_key(self):
        """SRV-CLNT-13: the first in the file wins, and a warning names both."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("first", keys, b"1st", checker="true"),
                              rig.section("second", keys, b"2nd", checker="true"))
            server = rig.start()
            self.assertEqual(rig.ask(keys).data, b"1st")
            self.assertRegex(server.text(), "WARNING: .*(first.*second|second.*first)")


class Staying(unittest.TestCase):
    """A client that was refused stays refused."""

    def expire(self, rig, keys, **settings):
        """Starts, serves once, lets the client die, waits until it is disabled."""
        alive = rig.folder / "alive"
        alive.touch()
        rig.write_clients(rig.section("web1", keys, checker=f"test -e {alive}",
                                      **{**QUICK, **settings}))
        server = rig.start()
        server.wait_line("INFO: Checker for web1 succeeded")
        self.assertEqual(rig.ask(keys).kind, "given")
        alive.unlink()
        server.wait_line("WARNING: Client web1 is disabled now: it was not seen for its timeout")
        self.assertEqual(rig.ask(keys).kind, "refused")
        return server

    def test_client_that_stops_answering(self):
        """SRV-LIFE-5, SRV-LIFE-10, SRV-LIFE-11, SRV-LIFE-17, SRV-LOG-9: served while alive, refused
        after its timeout."""
        with Rig() as rig:
            self.expire(rig, rig.keys())

    def test_still_refused_after_kill_and_restart(self):
        """SRV-STATE-4, W-02: durable before visible."""
        with Rig() as rig:
            keys = rig.keys()
            self.expire(rig, keys)
            self.assertEqual(rig.stop(signal.SIGKILL), -signal.SIGKILL)
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "refused")

    def test_still_refused_after_orderly_restart(self):
        """SRV-STATE-2, SRV-PROC-8."""
        with Rig() as rig:
            keys = rig.keys()
            self.expire(rig, keys)
            self.assertEqual(rig.stop(), 0)
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "refused")

    def test_stopped_server_checks_before_it_judges(self):
        """SRV-LIFE-5: a pause of the server, longer than the timeout, is not held against anybody
        who is alive; and who is not is disabled as soon as that is known."""
        with Rig() as rig:
            alive, dead = rig.keys("alive"), rig.keys("dead")
            sign = rig.folder / "sign"
            sign.touch()
            rig.write_clients(rig.section("alive", alive, checker="true", **QUICK),
                              rig.section("dead", dead, checker=f"test -e {sign}", **QUICK))
            server = rig.start()
            server.wait_line("INFO: Checker for alive succeeded")
            server.wait_line("INFO: Checker for dead succeeded")
            os.kill(server.pid, signal.SIGSTOP)
            sign.unlink()
            end = time.monotonic() + 6
            wait_for("the pause", lambda: time.monotonic() >= end)
            question = rig.asking(dead)
            os.kill(server.pid, signal.SIGCONT)
            self.assertEqual(rig.ask(alive).kind, "given")
            self.assertEqual(rig.finish(question).kind, "refused")
            server.wait_line("WARNING: Client dead is disabled now")
            self.assertNotIn("Client alive is disabled", server.text())

    def test_no_restore_starts_as_configured(self):
        """SRV-STATE-2: restore off suppresses loading, on the administrator's own word."""
        with Rig() as rig:
            keys = rig.keys()
            self.expire(rig, keys)
            rig.stop()
            rig.start("--no-restore")
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_alive_client_survives_restarts(self):
        """SRV-LIFE-3, SRV-STATE-14, SRV-STATE-19, W-18: a restart is not held against anybody."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="true", **QUICK))
            for end in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
                server = rig.start()
                server.wait_line("INFO: Checker for web1 succeeded")
                self.assertEqual(rig.ask(keys).kind, "given")
                rig.stop(end)
            # As if the server had been away for a week: its own downtime does not count.
            with contextlib.closing(sqlite3.connect(rig.state / "clients.db")) as state:
                state.execute("UPDATE client SET expires = expires - 604800000000")
                state.commit()
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_damaged_state_disables_everybody(self):
        """SRV-STATE-5: set aside, said, and nothing is given on its word."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="true"))
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "given")
            rig.stop()
            for file in rig.state.glob("clients.db*"):
                file.write_bytes(b"not a database at all" * 400)
            server = rig.start()
            server.wait_line("ERROR: Could not load persistent state: ")
            self.assertEqual(rig.ask(keys).kind, "refused")
            rig.stop()
            # And it stays so: the fresh state knows that they are disabled.
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "refused")

    def test_enabled_in_the_file_again(self):
        """SRV-STATE-10, SRV-STATE-15, W-09: from "enabled = no" to yes."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="true", enabled="no"))
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "refused")
            rig.stop()
            rig.write_clients(rig.section("web1", keys, checker="true", enabled="yes"))
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_removed_from_the_file_and_added_again(self):
        """SRV-STATE-17, SRV-STATE-18: dropped with its section, new when it comes back."""
        with Rig() as rig:
            keys = rig.keys()
            self.expire(rig, keys)
            rig.stop()
            rig.write_clients()
            rig.start()
            rig.stop()
            rig.write_clients(rig.section("web1", keys, checker="true"))
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_section_with_an_error_forgets_nobody(self):
        """SRV-CLNT-11, SRV-STATE-17: a typing error leaves a client out, it does not pardon it."""
        with Rig() as rig:
            keys = rig.keys()
            self.expire(rig, keys)
            rig.stop()
            rig.write_clients(rig.section("web1", keys, checker="true", timeout="nonsense"))
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "refused")
            rig.stop()
            rig.write_clients(rig.section("web1", keys, checker="true"))
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "refused")

    def test_missing_or_locked_file_forgets_nobody(self):
        """SRV-INI-2, SRV-STATE-17: only a file that was seen can say that a client is gone."""
        with Rig() as rig:
            keys = rig.keys()
            self.expire(rig, keys)
            file = rig.config / "clients.conf"
            for hide, show in ((lambda: file.rename(file.with_suffix(".away")),
                                lambda: file.with_suffix(".away").rename(file)),
                               (lambda: (file.rename(file.with_suffix(".away")), file.mkdir()),
                                lambda: (file.rmdir(), file.with_suffix(".away").rename(file)))):
                rig.stop()
                hide()
                rig.start()
                self.assertEqual(rig.ask(keys).kind, "refused")
                rig.stop()
                show()
                rig.start()
                self.assertEqual(rig.ask(keys).kind, "refused")


class Checking(unittest.TestCase):
    """Checkers, from the file to the process and back."""

    def test_template_and_quoting(self):
        """SRV-CHK-1, SRV-CHK-2, SRV-CHK-3, SRV-CHK-5, SRV-CLNT-10, SRV-INI-13: a name cannot break
        out of its word."""
        with Rig() as rig:
            out = rig.folder / "out"
            out.mkdir()
            out.chmod(0o777)
            rig.write_clients(rig.section(
                "o'neill; touch pwned", rig.keys(), host="a b'c",
                checker=f"printf '%%%%s|' %%(name)s %%(host)s %%(timeout)s %%(enabled)s "
                        f"> {out}/new && mv {out}/new {out}/done", **QUICK))
            server = rig.start()
            wait_for("the checker", (out / "done").exists)
            self.assertEqual((out / "done").read_text(),
                             "o'neill; touch pwned|a b'c|0:00:03|True|")
            server.wait_line("INFO: Starting checker 'printf ")

    def test_bad_template_is_logged_and_harms_nobody(self):
        """SRV-CHK-6, W-23: an error each time, the timer goes on, others are checked."""
        with Rig() as rig:
            rig.write_clients(rig.section("bad", rig.keys("bad"), checker="true %%(nonsense)s",
                                          **QUICK),
                              rig.section("good", rig.keys("good"), checker="true", **QUICK))
            server = rig.start()
            pattern = "ERROR: Could not format string \"true %\\(nonsense\\)s\""
            server.wait_line(pattern)
            server.wait_line(pattern, after=server.n_lines())
            server.wait_line("INFO: Checker for good succeeded")

    def test_outcomes(self):
        """SRV-CHK-10, SRV-CHK-11, SRV-LIFE-11, SRV-LIFE-12, SRV-LOG-8 L20, L21."""
        with Rig() as rig:
            rig.write_clients(rig.section("ok", checker="true", **QUICK),
                              rig.section("no", checker="exit 3", **QUICK),
                              rig.section("dead", checker="kill -KILL $$", **QUICK))
            server = rig.start()
            server.wait_line("INFO: Checker for ok succeeded")
            server.wait_line("INFO: Checker for no failed")
            server.wait_line(r"WARNING: Checker for dead crashed\?")

    def test_slow_checker_is_not_doubled(self):
        """SRV-CHK-8, SRV-LIFE-4: one at a time, whatever the interval."""
        with Rig() as rig:
            rig.write_clients(rig.section("slow", checker="exec sleep 1000", timeout="PT1H",
                                          interval="PT1S"),
                              rig.section("clock", checker="true", timeout="PT1H",
                                          interval="PT1S"))
            server = rig.start()
            server.wait_line("INFO: Starting checker 'exec sleep 1000' for slow")
            spawner = wait_for("the spawner", lambda: [
                pid for pid, name in children(server.pid).items() if name == "mandos-spawn"])[0]
            wait_for("the checker", lambda: children(spawner))
            for _ in range(3):
                server.wait_line("Checker for clock succeeded", after=server.n_lines())
            self.assertIn("sleep", children(spawner).values())
            self.assertEqual(server.text().count("'exec sleep 1000' for slow"), 1)

    def test_many_checkers_take_turns(self):
        """SRV-CHK-8, SRV-NET-7: a bound on those just started; ones that hang do not keep others
        from starting for ever."""
        with Rig() as rig:
            rig.write_clients(*(f"[c{i}]\nsecret =\nchecker = exec sleep 1000\ntimeout = PT1H\n"
                                "interval = PT1S\n" for i in range(1100)))
            server = rig.start("--debuglevel", "ERROR")
            spawner = wait_for("the spawner", lambda: [
                pid for pid, name in children(server.pid).items() if name == "mandos-spawn"])[0]
            wait_for("the first", lambda: children(spawner))
            all_young = time.monotonic() + 9
            seen = []
            wait_for("nine seconds", lambda: time.monotonic() >= all_young or
                     seen.append(len(children(spawner))))
            # What was counted after the nine seconds is not among them.
            self.assertLessEqual(max(seen[:-1]), 1024)
            wait_for("the others", lambda: len(children(spawner)) == 1100, 2 * DEADLINE)

    def test_disabling_ends_the_checker(self):
        """SRV-CHK-12, SRV-LIFE-17, W-07: the command and what it started are really gone."""
        with Rig() as rig:
            rig.write_clients(rig.section("slow", checker="sleep 1000 & sleep 1001",
                                          timeout="PT2S", interval="PT1S"))
            server = rig.start()
            spawner = wait_for("the spawner", lambda: [
                pid for pid, name in children(server.pid).items() if name == "mandos-spawn"])[0]
            shell = wait_for("the shell", lambda: list(children(spawner)))[0]
            sleeps = wait_for("the commands", lambda: len(children(shell)) == 2 and
                              list(children(shell)))
            server.wait_line("WARNING: Client slow is disabled now")
            wait_for("their end", lambda: not any(
                pathlib.Path(f"/proc/{pid}").exists() for pid in [shell, *sleeps]))

    def test_spawner_is_replaced(self):
        """SRV-CHK-13: checks go on when the spawner was killed."""
        with Rig() as rig:
            rig.write_clients(rig.section("web1", checker="true", timeout="PT1H", interval="PT1S"))
            server = rig.start()
            server.wait_line("INFO: Checker for web1 succeeded")
            os.kill([pid for pid, name in children(server.pid).items()
                     if name == "mandos-spawn"][0], signal.SIGKILL)
            server.wait_line("ERROR: The spawner is gone")
            server.wait_line("INFO: Checker for web1 succeeded", after=server.n_lines())

    def test_checker_environment(self):
        """SRV-CHK-7, SRV-NET-7, W-05: root folder, our environment, no descriptor of ours."""
        with Rig() as rig:
            out = rig.folder / "out"
            out.mkdir()
            out.chmod(0o777)
            rig.write_clients(rig.section(
                "web1", checker=f"(pwd; echo \"$MANDOS_TEST_WORD\"; ls /proc/self/fd | wc -l; "
                                f"readlink /proc/self/fd/0) > {out}/new; mv {out}/new {out}/done",
                **QUICK))
            rig.start(environment={"MANDOS_TEST_WORD": "from the server"})
            wait_for("the checker", (out / "done").exists)
            # ls has 0, 1, 2 and the directory it reads.
            self.assertEqual((out / "done").read_text(),
                             "/\nfrom the server\n4\n/dev/null\n")


class Approving(unittest.TestCase):
    """Waiting for a human, without one."""

    def test_default_yes_after_the_delay(self):
        """SRV-APR-1, SRV-APR-2, SRV-APR-8, SRV-LOG-8 L33."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="true", approval_delay="PT1S"))
            server = rig.start()
            start = time.monotonic()
            self.assertEqual(rig.ask(keys).data, b"hunter2")
            self.assertGreaterEqual(time.monotonic() - start, 1.0)
            server.wait_line("INFO: Client web1 needs approval")

    def test_default_no_after_the_delay(self):
        """SRV-PROTO-23, SRV-APR-2 step 5."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="true", approval_delay="PT1S",
                                          approved_by_default="no"))
            server = rig.start()
            self.assertEqual(rig.ask(keys).kind, "refused")
            server.wait_line("WARNING: Client web1 timed out while waiting for approval")

    def test_disabled_while_waiting(self):
        """SRV-APR-9, W-01: refused at once, not at the end of the wait, and not given."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="false", approval_delay="PT1H",
                                          timeout="PT2S", interval="PT1S"))
            server = rig.start()
            answer = rig.ask(keys)
            self.assertEqual(answer.kind, "refused")
            self.assertIn("established", answer.words)
            server.wait_line("INFO: Client web1 is disabled$")

    def test_peer_that_leaves_is_not_given_anything(self):
        """SRV-APR-10, W-21."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="true", approval_delay="PT2S"))
            server = rig.start()
            question = rig.asking(keys)
            server.wait_line("INFO: Client web1 needs approval")
            question.kill()
            rig.finish(question)
            self.assertEqual(rig.ask(keys).data, b"hunter2")
            server.wait_line("Sending secret to web1")
            self.assertEqual(server.text().count("Sending secret to web1"), 1)


class Starting(unittest.TestCase):
    """What is wrong is said, and what is right goes on."""

    def test_bad_sections_leave_out_those_clients_only(self):
        """SRV-CLNT-11, SRV-CLNT-6, SRV-CLNT-7, SRV-CLNT-8, SRV-CLNT-9, W-12, W-13: each with file,
        line and key."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("good", keys, checker="true"),
                              rig.section("nosecret", secret=None),
                              rig.section("duration", timeout="1h30m"),
                              rig.section("boolean", enabled="perhaps"),
                              rig.section("reference", host="%(nowhere)s"),
                              "[base64]\nsecret = aGVsbG8\n",
                              "[secfile]\nsecfile = /does/not/exist\n",
                              "[bare]\nsecret = aGVsbG8=\n")
            server = rig.start()
            for name in ("nosecret", "duration", "boolean", "reference", "base64", "secfile"):
                with self.subTest(name):
                    server.wait_line(r"ERROR: .*clients\.conf:\d+: \[" + name + r"\]")
            self.assertNotIn("Creating client 'duration'", server.text())
            self.assertIn("Creating client 'bare'", server.text())
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_syntax_error_is_fatal(self):
        """SRV-INI-12, SRV-PROC-10: file and line, status 1, every bad line."""
        with Rig() as rig:
            (rig.config / "clients.conf").write_text("[one]\nsecret =\nbare word\n[one]\n")
            server = rig.start(ready=False)
            self.assertEqual(server.wait(), 1)
            self.assertRegex(server.text(), r"clients\.conf:3: ")
            self.assertRegex(server.text(), r"clients\.conf:4: ")

    def test_check_config(self):
        """SRV-CLNT-11: mandos --check-config reports all, and its status tells."""
        with Rig() as rig:
            check = [BUILD / "mandos", "--check-config", "--configdir", rig.config]
            rig.write_clients(rig.section("good"))
            good = subprocess.run(check, capture_output=True, text=True, check=False)
            self.assertEqual((good.returncode, good.stderr.count("error:")), (0, 0), good)
            rig.write_clients(rig.section("good"), rig.section("a", timeout="soon"),
                              rig.section("b", enabled="perhaps"))
            bad = subprocess.run(check, capture_output=True, text=True, check=False)
            self.assertEqual(bad.returncode, 1)
            self.assertEqual(bad.stderr.count("error:"), 2, bad)

    def test_bad_priority_string(self):
        """SRV-CONF-6, W-40: refused at the start, with the part that is wrong."""
        with Rig() as rig:
            rig.write_clients()
            server = rig.start("--priority", "SECURE128:+NONSENSE", ready=False)
            self.assertEqual(server.wait(), 1)
            self.assertIn("NONSENSE", server.text())

    def test_address_in_use(self):
        """SRV-NET-4, SRV-PROC-10: fatal, status 1, and said."""
        with Rig() as rig, socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as other:
            other.bind(("::1", 0))
            other.listen()
            rig.write_clients()
            server = rig.spawn(rig.argv("--debug", "--address", "::1", "--port",
                                        other.getsockname()[1]))
            self.assertEqual(server.wait(), 1)
            self.assertIn("Address already in use", server.text())

    def test_address_of_the_other_family(self):
        """SRV-NET-2: with IPv6, a plain IPv4 address is an error, a mapped one is not."""
        with Rig() as rig:
            rig.write_clients()
            server = rig.spawn(rig.argv("--debug", "--address", "127.0.0.1", "--port", "4711"))
            self.assertEqual(server.wait(), 1)
        with Rig() as rig, socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as unbound:
            rig.write_clients()
            # With only an address, the system chooses the port (SRV-NET-4).
            server = rig.spawn(rig.argv("--debug", "--address", "::ffff:127.0.0.1",
                                        "--socket", unbound.fileno()), pass_fds=[unbound.fileno()])
            server.wait_line(r"Now listening on address '::ffff:127.0.0.1', port [1-9]\d*,")

    def test_no_such_interface(self):
        """SRV-NET-3, SRV-LOG-8 L1, K-17: said, and the server goes on without it."""
        with Rig() as rig:
            rig.write_clients()
            server = rig.start("--interface", "nosuch0")
            self.assertIn("ERROR: Interface nosuch0 does not exist, cannot bind", server.text())

    def test_bad_inherited_sockets(self):
        """SRV-NET-5: no socket, or one of the wrong kind, is fatal."""
        with Rig() as rig, open("/dev/null", "rb") as file, socket.socket() as ipv4:
            rig.write_clients()
            for fd in (file.fileno(), ipv4.fileno()):
                with self.subTest(fd):
                    server = rig.spawn(rig.argv("--debug", "--socket", fd), pass_fds=[fd])
                    self.assertEqual(server.wait(), 1)
                    self.assertIn("Cannot use the inherited socket", server.text())

    def test_inherited_socket_that_listens_already(self):
        """SRV-NET-5, SRV-NET-6."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="true"))
            rig.open_socket()
            rig.socket.listen(1)
            rig.start()
            self.assertEqual(rig.ask(keys).kind, "given")

    def test_self_test(self):
        """SRV-CLI-9: needs nothing, and ends with OK."""
        done = subprocess.run([BUILD / "mandos", "--check", "--port", "nonsense"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(done.stderr.splitlines()[-1], "OK")


class Succeeding(unittest.TestCase):
    """A server that takes over from another one."""

    def test_address_that_is_left_a_moment_later(self):
        """SRV-NET-4, W-05: as the gates of a server that was killed leave theirs."""
        with Rig() as rig, socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as other:
            other.bind(("::1", 0))
            other.listen()
            port = other.getsockname()[1]
            rig.write_clients()
            server = rig.spawn(["strace", "-f", "-qq", "-e", "trace=bind", *rig.argv(
                "--debug", "--address", "::1", "--port", port)])
            server.wait_line("EADDRINUSE")
            other.close()
            server.wait_line(f"Now listening on address '::1', port {port},")


class Ending(unittest.TestCase):
    """Promptly, whatever others do."""

    def test_busy_server_ends_promptly(self):
        """SRV-PROC-8, SRV-PROC-10, W-05, W-06: peers wait, checkers run; the port is free again."""
        with Rig() as rig:
            keys = rig.keys()
            rig.write_clients(rig.section("web1", keys, checker="trap '' TERM; sleep 1000",
                                          approval_delay="PT1H", interval="PT1S"))
            server = rig.start()
            server.wait_line("INFO: Starting checker")
            question = rig.asking(keys)
            server.wait_line("INFO: Client web1 needs approval")
            with rig.connect():
                start = time.monotonic()
                self.assertEqual(rig.stop(), 0)
                self.assertLess(time.monotonic() - start, 10)
            self.assertEqual(rig.finish(question).kind, "failed")
            rig.start()

    def test_each_signal_ends_it(self):
        """SRV-PROC-8, but for SIGHUP: test_reload.py."""
        for sig in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(sig), Rig() as rig:
                rig.write_clients()
                rig.start()
                self.assertEqual(rig.stop(sig), 0)

    def test_gates_end_with_the_core(self):
        """W-05: nothing that holds the listening socket outlives a killed server."""
        with Rig() as rig:
            rig.write_clients(rig.section("web1", checker="sleep 1000", **QUICK))
            server = rig.start()
            server.wait_line("INFO: Starting checker")
            family = list(children(server.pid))
            self.assertGreaterEqual(len(family), 2)
            os.kill(server.pid, signal.SIGKILL)
            wait_for("their end", lambda: not any(
                pathlib.Path(f"/proc/{pid}").exists() for pid in family))


if __name__ == "__main__":
    unittest.main(verbosity=2)
