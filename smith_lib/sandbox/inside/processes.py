"""What can be seen of the processes of a sandbox. Standard library only, Python 3.8 and newer."""

import os
import resource

_LIMITS = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
_TICK = os.sysconf("SC_CLK_TCK")


def pids():
    """The processes of this sandbox."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def runs(pid):
    """Whether a process has not ended yet."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def standing(pid):
    """What another process of the same user can change of a process."""
    return ([resource.prlimit(pid, limit) for limit in _LIMITS], os.getpriority(os.PRIO_PROCESS, pid),
            os.sched_getscheduler(pid), os.sched_getaffinity(pid))


def seconds(mine):
    """CPU seconds so far of all processes but those, and of what they have collected."""
    ticks = 0
    for pid in pids():
        if pid not in mine:
            try:
                with open("/proc/%d/stat" % pid, "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
                ticks += sum(map(int, fields[11:15]))
            except (OSError, ValueError, IndexError):
                continue
    return ticks / _TICK
