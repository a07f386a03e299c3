"""Runs a program in a terminal of its own: what is piped in is typed there, what it shows is piped out."""

import os
import pty
import sys

if __name__ == "__main__":
    sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
