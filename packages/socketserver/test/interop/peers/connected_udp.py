"""Asks a UDP server at each of several hosts, by a connected socket, which hears nobody else."""

import socket
import sys

port, *hosts = sys.argv[1:]
for host in hosts:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect((host, int(port)))
        client.send(b"who are you?")
        print(client.recv(100).decode())
