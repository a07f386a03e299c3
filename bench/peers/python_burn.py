"""The computing of the workload `burn`."""

import time


def burn_five_milliseconds():
    until = time.thread_time() + 0.005
    while time.thread_time() < until:
        pass
