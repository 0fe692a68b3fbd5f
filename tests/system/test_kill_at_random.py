# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 of the core, of gates and of the spawner at random, with clients, checks and reloads.

Every run draws another order of events from a seed, which is printed; MANDOS_SEED=N draws the same
order again. When things happen within it is up to the machine.
"""

import collections
import os
import pathlib
import random
import re
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from rig import Rig, wait_for  # noqa: E402
from test_server import children  # noqa: E402

SECONDS = 25.0  # of killing; goes on until every kind of event has come up
N_STEADY = 3
N_MORTAL = 8
N_GATES = 3
N_WAITING = 4  # questions that wait for approval when a gate is killed
SELDOM = 4.0
PAUSE = 0.02  # between the questions of one asker: load, but the machine has other work as well

STEADY = {"checker": "true", "timeout": "PT1H", "interval": "PT1S"}
WAITING = {"checker": "true", "timeout": "PT1H", "interval": "PT30M", "approval_delay": "PT3S"}
ENDS = re.compile(r"Client (\S+) is (?:disabled|removed)")
RELOADED = r"INFO: Configuration reloaded: "


class Mortal:
    """A client whose checks succeed as long as its sign exists."""

    def __init__(self, rig, name):
        self.name = name
        self.keys = rig.keys(name)
        self.sign = rig.folder / f"{name}-sign"
        self.sign.touch()
        self.settings = {"checker": f"test -e {self.sign}", "timeout": "PT2S", "interval": "PT1S",
                         "extended_timeout": "PT1S"}
        self.is_configured = True
        self.asked = 0.0


class Gone:
    """Who has been called disabled or removed so far, by what the server printed.

    Only what had been printed before a question began counts against its answer.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._read = {}
        self._names = set()

    def look(self, server):
        with self._lock:
            for line in server.lines[self._read.get(server, 0):server.n_lines()]:
                self._names.update(ENDS.findall(line))
                self._read[server] = self._read.get(server, 0) + 1
            return set(self._names)


def socket_inodes(pid):
    found = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
        try:
            match = re.match(r"socket:\[(\d+)\]", os.readlink(fd))
        except OSError:
            continue
        if match:
            found.add(match[1])
    return found


def gate_of(server, question):
    """The gate that has the other end of a question's connection; None if there is none now."""
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    mine = socket_inodes(question.pid)
    local = next((row[1] for row in rows if row[9] in mine), None)
    theirs = next((row[9] for row in rows if row[2] == local and row[9] != "0"), None)
    for gate in helpers(server, "mandos-gate"):
        if theirs in socket_inodes(gate):
            return gate
    return None


def helpers(server, name):
    return [pid for pid, its in children(server.pid).items() if its == name]


class Load:
    """Threads that ask as random clients, all the time, and judge every answer."""

    def __init__(self, trial, seed):
        self.trial = trial
        self.wrongs = []
        self.n_answers = {"given": 0, "refused": 0, "failed": 0}
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(random.Random(seed + i),))
                         for i in (1, 2)]
        for thread in self._threads:
            thread.start()

    def _ask(self, rng):
        while not self._end.wait(PAUSE):
            name, keys = self.trial.draw(rng)
            try:
                kind, wrong = self.trial.judge(name, keys)
            except Exception as error:  # of the test's own: no answer is not no wrong
                kind, wrong = "failed", f"{name}: {error!r}"
            with self._lock:
                self.n_answers[kind] += 1
                if wrong:
                    self.wrongs.append(wrong)

    def stop(self):
        self._end.set()
        for thread in self._threads:
            thread.join()


class Trial:
    """One server, its clients, and what is done to them."""

    def __init__(self, rig, case, seed):
        self.rig = rig
        self.case = case
        self.rng = random.Random(seed)
        self.gone = Gone()
        self.n_events = collections.Counter()
        self.steady = {f"steady{i}": rig.keys(f"steady{i}") for i in range(N_STEADY)}
        self.mortal = [Mortal(rig, f"mortal{i}") for i in range(N_MORTAL)]
        self.waiting = rig.keys("waiting")
        rig.write_server(f"gates = {N_GATES}\n")
        self.write()
        rig.start()

    def write(self):
        """In one piece: a reload that was asked for before may be reading."""
        sections = [
            *(self.rig.section(name, keys, name.encode(), **STEADY)
              for name, keys in self.steady.items()),
            *(self.rig.section(one.name, one.keys, one.name.encode(), **one.settings)
              for one in self.mortal if one.is_configured),
            self.rig.section("waiting", self.waiting, b"waiting", **WAITING)]
        new = self.rig.config / "clients.new"
        new.write_text("\n".join(sections))
        new.rename(self.rig.config / "clients.conf")

    def draw(self, rng):
        """Whom to ask as. A client that is given a password lives for another extended timeout: those
        that are to expire are asked for too seldom to be kept alive by that."""
        one = rng.choice(self.mortal)
        now = time.monotonic()
        if one.name in self.gone.look(self.rig.server) or now - one.asked > SELDOM:
            one.asked = now
            return one.name, one.keys
        return rng.choice(list(self.steady.items()))

    def judge(self, name, keys):
        """Asks; returns how it ended, and what is wrong about that, if anything."""
        gone = self.gone.look(self.rig.server)
        answer = self.rig.ask(keys)
        wrong = None
        if answer.kind == "given" and name in gone:
            wrong = f"{name} had been refused for good, and was given its password"
        elif answer.kind == "given" and answer.data != name.encode():
            wrong = f"{name} was given {answer.data!r}"
        elif answer.kind == "refused" and name in self.steady:
            wrong = f"{name} is alive, and was refused"
        elif "too slow" in answer.words:
            wrong = f"{name} got no answer"
        return answer.kind, wrong

    def check_serving(self):
        """Nothing is being killed at the moment: the living are given, the gone are refused."""
        name = self.rng.choice(list(self.steady))
        self.case.assertEqual(self.judge(name, self.steady[name]), ("given", None))
        gone = self.gone.look(self.rig.server)
        for one in self.mortal:
            if one.name in gone:
                self.case.assertEqual(self.judge(one.name, one.keys), ("refused", None))

    def kill_core(self):
        """The next server does not wait for the helpers of the last, which end by themselves. What
        was printed before the kill must be true from then on."""
        old = self.rig.server
        family = children(old.pid)
        os.kill(old.pid, signal.SIGKILL)
        self.case.assertEqual(old.popen.wait(), -signal.SIGKILL)
        self.rig.start()
        # The end of its output is the end of all that had inherited it.
        old.wait()
        self.gone.look(old)
        wait_for("the end of its helpers", lambda: not any(
            pathlib.Path(f"/proc/{pid}").exists() for pid in family))

    def kill_gate(self):
        """Sessions of that gate end with it; those of the others do not notice."""
        server = self.rig.server
        before = wait_for("all gates", lambda: self.full_set("mandos-gate", N_GATES))
        questions = [self.rig.asking(self.waiting) for _ in range(N_WAITING)]
        try:
            gates = [wait_for("a session", lambda q=q: gate_of(server, q)) for q in questions]
            victim = self.rng.choice(gates)
            os.kill(victim, signal.SIGKILL)
            answers = [self.rig.finish(q) for q in questions]
        finally:
            for question in questions:
                question.kill()
                question.wait()
        for gate, answer in zip(gates, answers):
            self.case.assertEqual(answer.kind, "failed" if gate == victim else "given", answer)
        wait_for("another gate", lambda: set(self.full_set("mandos-gate", N_GATES)) - set(before))

    def full_set(self, name, n):
        found = helpers(self.rig.server, name)
        return found if len(found) == n else []

    def kill_spawner(self):
        """Checks go on."""
        server = self.rig.server
        victim = wait_for("the spawner", lambda: self.full_set("mandos-spawn", 1))[0]
        after = server.n_lines()
        os.kill(victim, signal.SIGKILL)
        server.wait_line("ERROR: The spawner is gone", after=after)
        wait_for("another spawner", lambda: self.full_set("mandos-spawn", 1) not in ([], [victim]))
        server.wait_line("INFO: Checker for steady0 succeeded", after=server.n_lines())

    def lose_client(self):
        """One more stops answering."""
        living = [one for one in self.mortal if one.sign.exists()]
        if living:
            self.rng.choice(living).sign.unlink()

    def reload(self):
        """A change of the files; whether it has been read when the next kill comes is left open."""
        one = self.rng.choice(self.mortal)
        what = self.rng.choice(["remove", "disable", "timeout", "checker"])
        if what == "remove":
            one.is_configured = False
        elif what == "disable":
            one.settings["enabled"] = "no"
        elif what == "timeout":
            one.settings["timeout"] = self.rng.choice(["PT2S", "PT3S", "PT4S"])
        else:
            one.settings["checker"] += " # again"
        self.write()
        server, after = self.rig.server, self.rig.server.n_lines()
        server.popen.send_signal(signal.SIGHUP)
        if self.rng.random() < 0.5:
            server.wait_line(RELOADED, after=after)

    def run(self):
        events = [self.kill_core, self.kill_gate, self.kill_spawner, self.lose_client, self.reload]
        order = self.rng.sample(events, len(events)) + [self.kill_core]
        end = time.monotonic() + SECONDS
        while order or time.monotonic() < end:
            event = order.pop() if order else self.rng.choice(events)
            event()
            self.n_events[event.__name__] += 1
            self.check_serving()

    def wait_for_the_ends(self):
        """Whoever stopped answering is disabled in the end, whatever was killed meanwhile."""
        for one in self.mortal:
            one.sign.unlink(missing_ok=True)
        for one in self.mortal:
            if one.is_configured:
                wait_for(f"the end of {one.name}",
                         lambda name=one.name: name in self.gone.look(self.rig.server))
        self.check_serving()


class Killing(unittest.TestCase):
    def test_promises_hold_through_kills(self):
        """SRV-STATE-4, SRV-CHK-13, SRV-LIFE-5, W-02, W-05: who was called disabled is never given a
        password again; who is alive always is; what was killed comes back; nothing hangs."""
        seed = int(os.environ.get("MANDOS_SEED") or random.SystemRandom().randrange(1 << 32))
        print(f"MANDOS_SEED={seed}", file=sys.stderr, flush=True)
        with Rig() as rig:
            trial = Trial(rig, self, seed)
            load = Load(trial, seed)
            try:
                trial.run()
                trial.wait_for_the_ends()
            except BaseException:
                print(rig.server.text(), file=sys.stderr)
                raise
            finally:
                load.stop()
            self.assertEqual(load.wrongs, [])
            trial.kill_core()
            trial.check_serving()
            self.assertEqual(rig.stop(), 0)
            print(f"{dict(trial.n_events)}, answers: {load.n_answers}", file=sys.stderr)
            self.assertGreater(load.n_answers["given"], 0)
            self.assertGreater(load.n_answers["refused"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
