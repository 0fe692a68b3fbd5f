# SPDX-License-Identifier: GPL-3.0-or-later
"""A private message bus, and a peer on it that speaks the D-Bus protocol by itself.

The bus is a real dbus-daemon with the rules of a system bus and the access policy that is installed.
The peer is this file's own, so that a test sees every message, in order, as it was sent: it can send
calls without waiting, ask for no reply, and send what no library would.
"""

import os
import select
import signal
import socket
import struct
import time
from pathlib import Path

from rig import DEADLINE, TimedOut, wait_for

POLICY = Path(__file__).resolve().parents[2] / "integration/dbus/mandos.conf"
NAME = "se.recompile.Mandos"
OLD_NAME = "se.bsnet.fukt.Mandos"
CLIENT = NAME + ".Client"
OLD_CLIENT = OLD_NAME + ".Client"
# Not the reference's.
SERVER = NAME + ".Server"
STATUS = CLIENT + ".Status"
DBUS = "org.freedesktop.DBus"
PROPERTIES = DBUS + ".Properties"
MANAGER = DBUS + ".ObjectManager"
INTROSPECTABLE = DBUS + ".Introspectable"
ERROR = DBUS + ".Error."

# As /usr/share/dbus-1/system.conf has it, as far as it matters here.
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default">
<allow user="*"/><deny own="*"/><deny send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/>
<allow receive_type="error"/><allow receive_type="signal"/>
<allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
<allow send_destination="org.freedesktop.DBus"
       send_interface="org.freedesktop.DBus.Introspectable"/>
<allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
</policy>
<include>{policy}</include>
</busconfig>
"""


# ---- the bytes ----

NUMBERS = {"y": "B", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d"}


def split(signature):
    """The complete types of a signature."""
    types, at = [], 0
    while at < len(signature):
        end = type_end(signature, at)
        types.append(signature[at:end])
        at = end
    return types


def type_end(signature, at):
    if signature[at] == "a":
        return type_end(signature, at + 1)
    if signature[at] in "({":
        at += 1
        while signature[at] not in ")}":
            at = type_end(signature, at)
    return at + 1


def alignment(kind):
    if kind[0] in NUMBERS:
        return struct.calcsize(NUMBERS[kind[0]])
    return {"b": 4, "s": 4, "o": 4, "g": 1, "v": 1, "a": 4, "(": 8, "{": 8}[kind[0]]


class Variant:
    """A value with its type, to be sent; received ones are plain values."""

    def __init__(self, signature, value):
        self.signature, self.value = signature, value


def put(out, kind, value):
    out += b"\0" * (-len(out) % alignment(kind))
    if kind in NUMBERS:
        out += struct.pack("<" + NUMBERS[kind], value)
    elif kind == "b":
        out += struct.pack("<I", value)
    elif kind in "so":
        data = value.encode()
        out += struct.pack("<I", len(data)) + data + b"\0"
    elif kind == "g":
        out += bytes([len(value)]) + value.encode() + b"\0"
    elif kind == "v":
        put(out, "g", value.signature)
        put(out, value.signature, value.value)
    elif kind == "ay":
        out += struct.pack("<I", len(value)) + value
    elif kind[0] == "a":
        start = len(out)
        out += b"\0\0\0\0"
        out += b"\0" * (-len(out) % alignment(kind[1:]))
        first = len(out)
        for element in value.items() if kind[1] == "{" else value:
            put(out, kind[1:], element)
        out[start:start + 4] = struct.pack("<I", len(out) - first)
    else:
        for part, element in zip(split(kind[1:-1]), value):
            put(out, part, element)


def get(data, at, kind):
    """(value, offset behind it)"""
    at += -at % alignment(kind)
    if kind in NUMBERS:
        size = struct.calcsize(NUMBERS[kind])
        return struct.unpack_from("<" + NUMBERS[kind], data, at)[0], at + size
    if kind == "b":
        return bool(struct.unpack_from("<I", data, at)[0]), at + 4
    if kind in "so":
        size = struct.unpack_from("<I", data, at)[0]
        return data[at + 4:at + 4 + size].decode(), at + 5 + size
    if kind == "g":
        return data[at + 1:at + 1 + data[at]].decode(), at + 2 + data[at]
    if kind == "v":
        signature, at = get(data, at, "g")
        return get(data, at, signature)
    if kind[0] == "a":
        size = struct.unpack_from("<I", data, at)[0]
        at += 4
        at += -at % alignment(kind[1:])
        end, elements = at + size, []
        if kind == "ay":
            return bytes(data[at:end]), end
        while at < end:
            element, at = get(data, at, kind[1:])
            elements.append(element)
        return dict(elements) if kind[1] == "{" else elements, at
    elements = []
    for part in split(kind[1:-1]):
        element, at = get(data, at, part)
        elements.append(element)
    return tuple(elements), at


CALL, RETURN, FAILURE, SIGNAL = 1, 2, 3, 4
FIELDS = {1: "path", 2: "interface", 3: "member", 4: "error", 5: "reply_to", 6: "destination",
          7: "sender", 8: "signature"}
FIELD_TYPES = {1: "o", 2: "s", 3: "s", 4: "s", 5: "u", 6: "s", 7: "s", 8: "g"}


class Message:
    """A message that was received."""

    path = interface = member = error = destination = sender = None
    reply_to = 0
    signature = ""

    def __init__(self, data):
        self.kind = data[1]
        self.serial = struct.unpack_from("<I", data, 8)[0]
        fields, at = get(data, 12, "a(yv)")
        for code, value in fields:
            setattr(self, FIELDS.get(code, f"field{code}"), value)
        at += -at % 8
        self.size = len(data)
        self._data, self._at = data, at

    @property
    def body(self):
        values, at = [], self._at
        for kind in split(self.signature):
            value, at = get(self._data, at, kind)
            values.append(value)
        return tuple(values)

    def first_type(self):
        """Of the variant that the body begins with."""
        return get(self._data, self._at, "g")[0]

    def __repr__(self):
        return f"<{self.kind} {self.path} {self.interface}.{self.member} {self.error} {self.body}>"


class Failed(Exception):
    """An error as answer to a call."""

    def __init__(self, message):
        super().__init__(message.error, *message.body)
        self.name = message.error


class Peer:
    """A connection to the bus, of this process or of another user."""

    def __init__(self, path, uid=None):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if uid is not None:
            os.seteuid(uid)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise
        finally:
            if uid is not None:
                os.seteuid(0)
        who = str(os.geteuid() if uid is None else uid).encode().hex()
        self.socket.sendall(b"\0AUTH EXTERNAL " + who.encode() + b"\r\n")
        self.buffer = bytearray()
        line = self._line()
        if not line.startswith(b"OK"):
            raise AssertionError(f"the bus says {line!r}")
        self.socket.sendall(b"BEGIN\r\n")
        self.serial = 0
        self.signals = []  # received and not yet looked at
        self.replies = {}
        self.calls = []
        self.name = self.call(DBUS, "/org/freedesktop/DBus", DBUS, "Hello")[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def _line(self):
        while b"\r\n" not in self.buffer:
            self._receive(DEADLINE)
        line, _, rest = bytes(self.buffer).partition(b"\r\n")
        self.buffer = bytearray(rest)
        return line

    def _receive(self, timeout):
        if not select.select([self.socket], [], [], max(0, timeout))[0]:
            raise TimedOut("nothing from the bus")
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the bus hung up")
        self.buffer += data

    def _message(self, end):
        while True:
            if len(self.buffer) >= 16:
                body, _, fields = struct.unpack_from("<III", self.buffer, 4)
                size = 16 + fields + (-fields % 8) + body
                if len(self.buffer) >= size:
                    message = Message(bytes(self.buffer[:size]))
                    del self.buffer[:size]
                    return message
            self._receive(end - time.monotonic())

    def _sort(self, message):
        if message.kind == SIGNAL:
            if message.sender != DBUS:
                self.signals.append(message)
        elif message.kind == CALL:
            self.calls.append(message)
        else:
            self.replies[message.reply_to] = message

    def send(self, destination, path, interface, member, signature="", *arguments, flags=0,
             kind=CALL, reply_to=0, error=""):
        """Returns the serial number, for reply()."""
        self.serial += 1
        body = bytearray()
        for part, value in zip(split(signature), arguments):
            put(body, part, value)
        fields = [(1, path), (2, interface), (3, member), (4, error), (5, reply_to),
                  (6, destination), (8, signature)]
        out = bytearray(struct.pack("<BBBBII", ord("l"), kind, flags, 1, len(body), self.serial))
        put(out, "a(yv)", [(code, Variant(FIELD_TYPES[code], value)) for code, value in fields
                           if value])
        out += b"\0" * (-len(out) % 8)
        self.socket.sendall(out + body)
        return self.serial

    def next_call(self, deadline=DEADLINE):
        """A call that somebody else has made."""
        end = time.monotonic() + deadline
        while not self.calls:
            self._sort(self._message(end))
        return self.calls.pop(0)

    def answer(self, call, signature="", *arguments):
        self.send(call.sender, "", "", "", signature, *arguments, kind=RETURN,
                  reply_to=call.serial)

    def refuse(self, call, name):
        self.send(call.sender, "", "", "", kind=FAILURE, reply_to=call.serial, error=ERROR + name)

    def emit(self, path, interface, member, signature="", *arguments):
        """A signal to everybody who listens."""
        self.send("", path, interface, member, signature, *arguments, kind=SIGNAL)

    def reply_message(self, serial, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while serial not in self.replies:
            self._sort(self._message(end))
        return self.replies.pop(serial)

    def reply(self, serial, deadline=DEADLINE):
        message = self.reply_message(serial, deadline)
        if message.kind == FAILURE:
            raise Failed(message)
        return message.body

    def call(self, destination, path, interface, member, signature="", *arguments):
        return self.reply(self.send(destination, path, interface, member, signature, *arguments))

    def bus(self, member, signature="", *arguments):
        return self.call(DBUS, "/org/freedesktop/DBus", DBUS, member, signature, *arguments)

    def has_owner(self, name=NAME):
        return self.bus("NameHasOwner", "s", name)[0]

    def subscribe(self, rule=f"type='signal',sender='{NAME}'"):
        self.bus("AddMatch", "s", rule)

    def next_signal(self, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while not self.signals:
            self._sort(self._message(end))
        return self.signals.pop(0)

    def signals_until(self, member, deadline=DEADLINE, path=None):
        """Every signal up to and with the first that has this name."""
        seen = []
        end = time.monotonic() + deadline
        while not seen or seen[-1].member != member or (path and seen[-1].path != path):
            try:
                seen.append(self.next_signal(end - time.monotonic()))
            except TimedOut:
                raise TimedOut(f"no {member}, but {seen}") from None
        return seen

    # ---- the server ----

    def server(self, member, signature="", *arguments, interface=NAME, name=NAME):
        return self.call(name, "/", interface, member, signature, *arguments)

    def client(self, path, member, signature="", *arguments, interface=CLIENT, name=NAME):
        return self.call(name, path, interface, member, signature, *arguments)

    def get(self, path, name, interface=CLIENT):
        return self.call(NAME, path, PROPERTIES, "Get", "ss", interface, name)[0]

    def type_of(self, path, name):
        """The type inside the variant that Get answers with."""
        message = self.reply_message(self.send(NAME, path, PROPERTIES, "Get", "ss", CLIENT, name))
        return message.first_type()

    def get_all(self, path, interface=CLIENT):
        return self.call(NAME, path, PROPERTIES, "GetAll", "s", interface)[0]

    def set(self, path, name, signature, value, interface=CLIENT):
        return self.call(NAME, path, PROPERTIES, "Set", "ssv", interface, name,
                         Variant(signature, value))

    def introspect(self, path):
        return self.call(NAME, path, INTROSPECTABLE, "Introspect")[0]


def events(signals, path=None):
    """Signals as (member, argument...) and (property, value), each of them once.

    What the reference has no properties for is left out. That each comes for both generations of interfaces, and in which order, is checked on the way
    (DBUS-CHG-1, DBUS-CHG-2, DBUS-OLD-2).
    """
    rest = [signal for signal in signals if path in (None, signal.path)]
    seen = []
    while rest:
        first = rest.pop(0)
        if first.interface == MANAGER:
            seen.append((first.member, *first.body))
            continue
        if first.interface == PROPERTIES:
            interface, changed, invalidated = first.body
            if interface in (SERVER, STATUS):
                continue
            assert (interface, changed) == (CLIENT, {}), first
            seen.append(("invalidated", *invalidated))
            continue
        twin = rest.pop(0)
        assert first.interface in (NAME, CLIENT), first
        assert twin.interface == first.interface.replace(NAME, OLD_NAME), (first, twin)
        assert (twin.member, twin.path, twin.body) == (first.member, first.path, first.body)
        if first.member != "PropertyChanged":
            seen.append((first.member, *first.body))
            continue
        standard = rest.pop(0)
        name, value = first.body
        assert (standard.interface, standard.path) == (PROPERTIES, first.path), standard
        assert standard.body == (CLIENT, {name: value}, []), standard
        seen.append((name, value))
    return seen


class Bus:
    """A dbus-daemon in a rig's folder; start() again after stop() uses the same address."""

    def __init__(self, rig, policy=POLICY):
        self.rig = rig
        self.path = rig.folder / "bus"
        self.config = rig.folder / "bus.conf"
        self.config.write_text(CONFIG.format(path=self.path, policy=policy))
        self.process = None
        self.is_stopped = False

    @property
    def environment(self):
        return {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.path}"}

    def start(self):
        self.path.unlink(missing_ok=True)
        self.process = self.rig.spawn(["dbus-daemon", f"--config-file={self.config}", "--nofork",
                                       "--nopidfile", "--nosyslog"])
        wait_for("the bus", self._answers)

    def _answers(self):
        try:
            Peer(self.path).close()
        except (FileNotFoundError, ConnectionError):
            return False
        return True

    def freeze(self):
        self.process.popen.send_signal(signal.SIGSTOP)
        self.is_stopped = True

    def thaw(self):
        self.process.popen.send_signal(signal.SIGCONT)
        self.is_stopped = False

    def stop(self):
        self.process.stop()
        self.rig.forget(self.process)
        self.process = None

    def peer(self, uid=None):
        return Peer(self.path, uid)
