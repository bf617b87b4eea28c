"""A Ray cluster of two machines on this one, for tests: `python -m tests.jobs.cluster`, in a network of its own.

It says where it is in a line of JSON, then does what lines on its input say: "add" or "remove" the second machine.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_USAGE_STATS_ENABLED": "0"}
PLACES = 6  # to work, on each machine: room for all workers of two engines when the other is gone
# a machine that is gone is missed within two seconds (twenty as Ray comes); one that is only slow has five to answer
PULSE = {"health_check_period_ms": 500, "health_check_timeout_ms": 5_000, "health_check_failure_threshold": 3}
ALONE = ["unshare", "--user", "--map-root-user", "--net"]  # a network that has a loopback and nothing else


def main() -> None:
    """Serve the cluster."""
    from ray.cluster_utils import Cluster

    with contextlib.suppress(OSError):
        _raise_loopback()
    folder = tempfile.mkdtemp(prefix="hl-ray-")
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": PLACES, "include_dashboard": False, "temp_dir": folder, "_system_config": PULSE},
    )
    second = cluster.add_node(num_cpus=PLACES)
    said = {"address": cluster.address, "pid": os.getpid()}
    print(json.dumps(said), flush=True)
    for line in sys.stdin:
        if line.strip() == "remove":
            cluster.remove_node(second, allow_graceful=False)
        else:
            second = cluster.add_node(num_cpus=PLACES)
        print(json.dumps({"did": line.strip()}), flush=True)
    cluster.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


def _raise_loopback() -> None:
    """What `ip link set lo up` does, where there is no `ip`."""
    import fcntl

    get, put, up = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    with socket.socket() as any_socket:
        flags = fcntl.ioctl(any_socket, get, struct.pack("16sh14x", b"lo", 0))
        fcntl.ioctl(any_socket, put, struct.pack("16sh14x", b"lo", struct.unpack("16sh14x", flags)[1] | up))


@dataclass
class TwoMachines:
    """The cluster as a test sees it; `inside` is what a command begins with that is to run in its network."""

    process: subprocess.Popen[str]
    address: str
    inside: list[str]

    def tell(self, what: str) -> None:
        """Have the second machine "add"ed or "remove"d; adding waits until it is there."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        if what == "add":
            while json.loads(self.process.stdout.readline())["did"] != "add":
                pass


@contextlib.contextmanager
def two_machines() -> Iterator[TwoMachines]:
    """A running cluster: alone in a network where the system allows that, behind a token everywhere."""
    can = shutil.which("unshare") and shutil.which("nsenter")
    alone = can is not None and subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0
    command = [*(ALONE if alone else []), sys.executable, "-m", "tests.jobs.cluster"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | TOKEN, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        said = next(json.loads(line) for line in process.stdout if line.startswith("{"))
        pid = str(said["pid"])
        inside = ["nsenter", "--target", pid, "--user", "--net", "--preserve-credentials"] if alone else []
        yield TwoMachines(process, said["address"], inside)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
