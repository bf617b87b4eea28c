"""How much memory is left: what the system has, or the container it runs in if that allows less."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

UNLIMITED = 1 << 60  # cgroup v1 writes “no limit” as a number near 2**63


def free_bytes(root: Path = Path("/")) -> int:
    """Bytes that can still be taken before something swaps or is killed; `root` is another one in tests only."""
    left = [_system(root)]
    for limit, used in _groups(root):
        left.append(limit - used)
    return max(0, min(left))


def _system(root: Path) -> int:
    """What the operating system calls available."""
    meminfo = root / "proc/meminfo"
    if meminfo.exists():
        fields = dict(line.split(":", 1) for line in meminfo.read_text("ascii").splitlines() if ":" in line)
        return int(fields["MemAvailable"].split()[0]) * 1024
    if sys.platform == "win32":
        return _windows()
    # macOS does not say what is available without a tool of its own: a desktop usually leaves half
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _windows() -> int:
    """GlobalMemoryStatusEx: available physical memory."""
    import ctypes

    status = (ctypes.c_uint64 * 8)()  # two 32-bit fields (length, load), then seven 64-bit ones
    ctypes.cast(status, ctypes.POINTER(ctypes.c_uint32))[0] = ctypes.sizeof(status)
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined,unused-ignore]
    return int(status[2])


def _groups(root: Path) -> Iterator[tuple[int, int]]:
    """(limit, bytes in use that cannot be given back) of every control group around this process."""
    listing = root / "proc/self/cgroup"
    if not listing.exists():
        return
    for line in listing.read_text("utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _levels(root / "sys/fs/cgroup", path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _levels(root / "sys/fs/cgroup/memory", path, *names)


def _levels(mount: Path, path: str, limit: str, usage: str, cache: str) -> Iterator[tuple[int, int]]:
    """The group and those around it: each may set a limit. Inside a container the path may not be there at all."""
    group = mount / path.strip("/")
    for folder in [group, *group.parents]:
        try:
            most = (folder / limit).read_text("ascii").strip()
            used = int((folder / usage).read_text("ascii"))
            stat = (folder / "memory.stat").read_text("ascii")
        except OSError:
            most = "max"
        if most != "max" and int(most) < UNLIMITED:
            counts = dict(line.split()[:2] for line in stat.splitlines())
            yield int(most), used - int(counts.get(cache, 0))  # file pages are dropped when memory runs short
        if folder == mount:
            return
