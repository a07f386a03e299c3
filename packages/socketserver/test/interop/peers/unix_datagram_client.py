"""Talks to an echo server over Unix datagrams: its path, and a path of our own."""

import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
    client.bind(sys.argv[2])
    for size in (1, 0, 8192, 65536):
        client.sendto(b"x" * size, sys.argv[1])
        data, address = client.recvfrom(100000)
        assert data == b"x" * size and address == sys.argv[1], (len(data), address)
print("Unix datagrams")
