"""Python's socketserver: the module whose shape is ours."""

import socketserver

from python_burn import burn_five_milliseconds
from python_command_line import announce, read_server_command


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Lines(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)


class Frames(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while header := self.rfile.read(4):
            payload = self.rfile.read(int.from_bytes(header, "big"))
            self.wfile.write(header + payload)


class Source(socketserver.StreamRequestHandler):
    def handle(self):
        left = int(self.rfile.readline())
        chunk = b"x" * 65536
        while left > 0:
            piece = chunk if left >= len(chunk) else chunk[:left]
            self.request.sendall(piece)
            left -= len(piece)


class Sink(socketserver.BaseRequestHandler):
    def handle(self):
        received = 0
        while data := self.request.recv(65536):
            received += len(data)
        self.request.sendall(b"%d" % received)


class Burn(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            burn_five_milliseconds()
            self.request.sendall(data)


class DatagramEcho(socketserver.BaseRequestHandler):
    def handle(self):
        packet, socket = self.request
        socket.sendto(packet, self.client_address)


STREAM_HANDLERS = {"echo": Echo, "lines": Lines, "frames": Frames, "source": Source, "sink": Sink, "burn": Burn}
SERVERS = {
    ("serial", "tcp"): socketserver.TCPServer,
    ("threading", "tcp"): socketserver.ThreadingTCPServer,
    ("forking", "tcp"): socketserver.ForkingTCPServer,
    ("serial", "udp"): socketserver.UDPServer,
    ("threading", "udp"): socketserver.ThreadingUDPServer,
    ("forking", "udp"): socketserver.ForkingUDPServer,
    ("serial", "unix"): socketserver.UnixStreamServer,
    ("threading", "unix"): socketserver.ThreadingUnixStreamServer,
}


def main():
    command = read_server_command(model=["threading", "forking", "serial"])
    handler = DatagramEcho if command.transport == "udp" else STREAM_HANDLERS[command.workload]
    server_class = SERVERS[command.model, command.transport]
    server_class.request_queue_size = 1024
    address = command.path if command.transport == "unix" else ("127.0.0.1", command.port)
    with server_class(address, handler) as server:
        announce(command.path if command.transport == "unix" else server.server_address[1])
        server.serve_forever()


main()
