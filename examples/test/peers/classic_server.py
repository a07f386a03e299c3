"""The server of the classic remote command exercise on Python's socketserver: a peer for the tests.

Prints the port it listens on, then what each client acknowledges.
"""

import socketserver
import subprocess

NO_RESULTS = b"command exec success, but do not have results"


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        while True:
            command = self.request.recv(1024)
            if not command:
                print("client closed")
                return
            finished = subprocess.run(command.decode(), shell=True, stdout=subprocess.PIPE)
            output = finished.stdout or NO_RESULTS
            self.request.sendall(str(len(output)).encode())
            ack = self.request.recv(1024)
            print("ack:", ack.decode())
            self.request.sendall(output)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Handler) as server:
        print("listening on", server.server_address[1])
        server.serve_forever()
