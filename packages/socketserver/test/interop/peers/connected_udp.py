"""Asks a UDP server at each of several hosts, by a connected socket, which hears nobody else.

An argument is a host, or with a comma behind it the address of ours that is written from.
"""

import socket
import sys

port, *hosts = sys.argv[1:]
for host, _, own in (host.partition(",") for host in hosts):
    [(family, _, _, _, address)] = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        if own:
            client.bind((own, 0))
        client.connect(address)
        client.send(b"who are you?")
        print(client.recv(100).decode())
