"""What is served on asyncio's protocols: callbacks, and a hand-written split where messages matter."""

import asyncio

from python_burn import burn_five_milliseconds


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class Lines(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.rest = b""

    def data_received(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.transport.write(line + b"\n")


class Frames(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.rest = b""

    def data_received(self, data):
        data = self.rest + data
        start = 0
        while len(data) - start >= 4:
            end = start + 4 + int.from_bytes(data[start : start + 4], "big")
            if len(data) < end:
                break
            self.transport.write(data[start:end])
            start = end
        self.rest = data[start:]


class Source(asyncio.Protocol):
    CHUNK = b"x" * 65536

    def connection_made(self, transport):
        self.transport = transport
        self.left = 0
        self.has_room = True

    def data_received(self, data):
        self.left = int(data)
        self.fill()

    def pause_writing(self):
        self.has_room = False

    def resume_writing(self):
        self.has_room = True
        self.fill()

    def fill(self):
        while self.left > 0 and self.has_room:
            piece = self.CHUNK if self.left >= len(self.CHUNK) else self.CHUNK[: self.left]
            self.left -= len(piece)
            self.transport.write(piece)
        if self.left == 0:
            self.transport.close()


class Sink(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.received = 0

    def data_received(self, data):
        self.received += len(data)

    def eof_received(self):
        self.transport.write(b"%d" % self.received)
        self.transport.close()
        return True


class Burn(Echo):
    def data_received(self, data):
        burn_five_milliseconds()
        self.transport.write(data)


class DatagramEcho(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


PROTOCOLS = {"echo": Echo, "lines": Lines, "frames": Frames, "source": Source, "sink": Sink, "burn": Burn}
