"""Talks to three echo servers with Python's socket module: tcp_port udp_port unix_path."""

import os
import socket
import sys
import threading

tcp_port, udp_port, unix_path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def exchange(stream, payload):
    """Sends everything and shuts down, while reading everything back."""

    def send():
        stream.sendall(payload)
        stream.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    received = bytearray()
    while chunk := stream.recv(65536):
        received += chunk
    sender.join()
    return bytes(received)


payload = os.urandom(4 * 1024 * 1024)

with socket.create_connection(("127.0.0.1", tcp_port)) as tcp:
    assert exchange(tcp, payload) == payload
print("TCP")

with socket.create_connection(("127.0.0.1", tcp_port)) as tcp, tcp.makefile("rwb") as file:
    for number in range(1000):
        file.write(b"line %d\n" % number)
        file.flush()
        assert file.readline() == b"line %d\n" % number
print("TCP lines")

with socket.socket(socket.AF_UNIX) as unix:
    unix.connect(unix_path)
    assert exchange(unix, payload) == payload
print("Unix")

with socket.socket(type=socket.SOCK_DGRAM) as udp:
    for size in (1, 0, 1400, 8192, 65507):
        udp.sendto(payload[:size], ("127.0.0.1", udp_port))
        data, address = udp.recvfrom(65536)
        assert data == payload[:size] and address == ("127.0.0.1", udp_port), (len(data), address)
print("UDP")
