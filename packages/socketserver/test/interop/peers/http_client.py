"""Talks to the HTTP example with Python's http.client, over one connection: port."""

import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
connection.connect()
first_socket = connection.sock
for method, path, body in (
    ("GET", "/", None),
    ("HEAD", "/about", None),
    ("GET", "/nowhere", None),
    ("POST", "/echo", b"x" * 5000),
    ("GET", "/about", None),
):
    connection.request(method, path, body)
    response = connection.getresponse()
    content = response.read()
    print(method, path, response.status, response.getheader("Content-Length"), len(content))
assert connection.sock is first_socket
connection.request("GET", "/", headers={"Connection": "close"})
response = connection.getresponse()
response.read()
assert response.will_close
assert first_socket.fileno() == -1
