"""The command line that every Python peer takes."""

import argparse


def read_server_command(**extra):
    """Reads the common options, and those of `extra` with their choices; the first choice is the default."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--transport", choices=["tcp", "tls", "udp", "unix"], default="tcp")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--path", default="")
    parser.add_argument("--workload", default="echo")
    parser.add_argument("--cert", default="")
    parser.add_argument("--key", default="")
    for name, choices in extra.items():
        parser.add_argument(f"--{name}", choices=choices, default=choices[0])
    return parser.parse_args()


def announce(where):
    """Tells the harness that the program serves, and where."""
    print("listening", where, flush=True)
