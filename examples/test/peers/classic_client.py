"""The client of the classic remote command exercise on Python's sockets: a peer for the tests.

Runs the lines of standard input on the server at the given host and port. Prints for each the size that the
server announced and the SHA-256 of exactly so many bytes.
"""

import hashlib
import socket
import sys


def run(connection, command):
    connection.sendall(command.encode())
    size = int(connection.recv(1024))
    connection.sendall(b"receive ok")
    digest = hashlib.sha256()
    missing = size
    while missing:
        piece = connection.recv(min(missing, 65536))
        if not piece:
            raise SystemExit(f"the server left {missing} bytes before the end")
        missing -= len(piece)
        digest.update(piece)
    return size, digest.hexdigest()


if __name__ == "__main__":
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection:
        for line in sys.stdin:
            print(*run(connection, line.rstrip("\n")))
        connection.setblocking(False)
        try:
            extra = connection.recv(1)
        except BlockingIOError:
            extra = None
        if extra is not None:
            raise SystemExit(f"the server sent more than it announced, or left: {extra!r}")
