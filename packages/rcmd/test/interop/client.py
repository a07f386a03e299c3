"""A client of rcmd in another language, written from docs/protocol.md alone: what it does without, that page does not need.

usage: client.py HOST:PORT|unix:PATH KEY.pem FINGERPRINT, and one JSON object a line on standard input: an OPEN without
its credit, and perhaps "input" (text), "signal" or "abandon" (sent once something was written) and "stopAfter" (bytes of stdout).
Each is answered with one line: {"failed": ...} or {"exit": ..., "stdout": ..., "stderr": ...}.
"""

import base64
import hashlib
import json
import socket
import ssl
import struct
import subprocess
import sys

PREFACE = bytes.fromhex("0072636d640d0a1a")
HELLO, PING, PONG, GOAWAY, STATUS, STATUS_ANSWER = range(1, 7)
OPEN, STARTED, FAILED, EXIT, SIGNAL, CREDIT, STOP, EOF, ABANDON = range(0x10, 0x19)
STDIN, STDOUT, STDERR = range(0x20, 0x23)
MAX_PAYLOAD = 65_536
WINDOW = 65_536


def connect(address, pem, fingerprint):
    if address.startswith("unix:"):
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(address[len("unix:") :])
        return stream
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # its key counts, below, and no authority
    context.set_alpn_protocols(["rcmd/1"])
    context.load_cert_chain(pem)
    host, port = address.rsplit(":", 1)
    stream = context.wrap_socket(socket.create_connection((host, int(port))))
    command = ["openssl", "x509", "-inform", "DER", "-pubkey", "-noout"]
    public = subprocess.run(command, input=stream.getpeercert(True), capture_output=True, check=True).stdout
    spki = base64.b64decode(b"".join(public.splitlines()[1:-1]))
    shown = "SHA256:" + base64.b64encode(hashlib.sha256(spki).digest()).decode().rstrip("=")
    if shown != fingerprint:
        sys.exit(f"the server shows another key: {shown}")
    return stream


class Connection:
    def __init__(self, stream):
        self.stream = stream
        self.channel = -1
        stream.sendall(PREFACE)
        self.send(HELLO, 0, {"min": 1, "max": 1, "features": [], "software": "client.py/1"})
        self.send(PING, 0, b"at once.")  # nobody waits for the answer to HELLO
        kind, _, payload = self.receive()
        if kind != HELLO:
            sys.exit(f"turned away: {payload.decode()}")
        answer = self.receive()
        if answer != (PONG, 0, b"at once."):
            sys.exit(f"no answer to PING: {answer}")

    def send(self, kind, channel, payload=b""):
        if isinstance(payload, dict):
            payload = json.dumps(payload).encode()
        self.stream.sendall(struct.pack(">I", len(payload) << 8 | kind) + struct.pack(">I", channel) + payload)

    def read(self, count):
        pieces = b""
        while len(pieces) < count:
            piece = self.stream.recv(count - len(pieces))
            if not piece:
                sys.exit("the connection is over")
            pieces += piece
        return pieces

    def receive(self):
        """The next frame that is not about keeping the connection."""
        while True:
            word, channel = struct.unpack(">II", self.read(8))
            payload = self.read(word >> 8)
            kind = word & 0xFF
            if kind == PING:
                self.send(PONG, 0, payload)
            elif kind == GOAWAY and self.channel > 0:
                sys.exit(f"the server leaves: {payload.decode()}")
            elif kind & 0x80 == 0:
                return kind, channel, payload

    def status(self):
        self.send(STATUS, 0)
        _, _, payload = self.receive()
        return json.loads(payload)

    def run(self, request):
        text = request.pop("input", None)
        signal = request.pop("signal", None)
        stop_after = request.pop("stopAfter", None)
        abandon = request.pop("abandon", False)
        self.channel += 2
        mine = self.channel
        credit = {"stdout": WINDOW, "stderr": WINDOW}
        self.send(OPEN, mine, {**request, "stdin": text is not None, "credit": credit})
        waiting = (text or "").encode()
        allowed, has_ended = 0, text is None
        output = {STDOUT: b"", STDERR: b""}
        while True:
            kind, channel, payload = self.receive()
            if channel != mine:
                sys.exit(f"a frame for channel {channel}")
            if kind == FAILED:
                return {"failed": json.loads(payload)}
            if kind == EXIT:
                texts = {"stdout": output[STDOUT].decode(), "stderr": output[STDERR].decode()}
                return {"exit": json.loads(payload), **texts}
            if kind == STARTED:
                allowed = json.loads(payload)["credit"]
            elif kind == CREDIT:
                stream, count = struct.unpack(">BI", payload)
                allowed += count if stream == 0 else 0
            elif kind == STOP:
                has_ended = True
            elif kind in output:
                output[kind] += payload
                if signal is not None:
                    self.send(SIGNAL, mine, signal.encode())
                    signal = None
                if abandon:
                    self.send(ABANDON, mine)
                    abandon = False
                if kind == STDOUT and stop_after is not None and len(output[STDOUT]) >= stop_after:
                    self.send(STOP, mine, bytes([1]))
                    stop_after = None
                else:
                    self.send(CREDIT, mine, struct.pack(">BI", kind - STDIN, len(payload)))
            while waiting and allowed > 0 and not has_ended:
                piece = waiting[: min(allowed, MAX_PAYLOAD)]
                waiting = waiting[len(piece) :]
                allowed -= len(piece)
                self.send(STDIN, mine, piece)
            if not waiting and not has_ended and kind != STOP:
                self.send(EOF, mine, bytes([0]))
                has_ended = True


connection = Connection(connect(*sys.argv[1:4]))
for line in sys.stdin:
    request = json.loads(line)
    answer = connection.status() if request == "status" else connection.run(request)
    print(json.dumps(answer), flush=True)
