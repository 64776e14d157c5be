"""The first process of a sandbox of Linux namespaces: makes its file system, gives up all rights, becomes
the command.

Started by `unshare` with fresh mount, process, network, IPC and host name namespaces; a process that waits
stays outside the process namespace, since util-linux 2.38 does not pass on a death by SIGKILL. Standard
input holds a JSON object (what to mount and to run), then an archive of files, then the command's standard
input. What fails before the command starts is told after a mark on standard error, with exit code 120.
Standard library only; every import is done before the old root goes away.
"""

import ctypes
import encodings.ascii
import encodings.latin_1
import encodings.utf_8  # noqa: F401
import fcntl
import io
import json
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile

libc = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 32, 4096, 16384
MS_PRIVATE, MNT_DETACH = 1 << 18, 2
SYS_PIVOT_ROOT, SYS_MOUNT_SETATTR, SYS_CAPSET = {
    "x86_64": (155, 442, 126), "aarch64": (41, 442, 91),
}.get(os.uname().machine, (None, None, None))
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
DEVICES = ("null", "zero", "full", "random", "urandom")


def checked(result, what):
    """The result, or an OSError that tells what failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (what, os.strerror(number)))
    return result


def mount(source, target, kind="", flags=0, data=""):
    done = libc.mount(
        source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None
    )
    checked(done, "mount %s at %s" % (kind or source, target))


def bind(source, target, writable=False):
    """Show a file or folder of the host with what is mounted below it, read-only unless told otherwise."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    mount(source, target, flags=MS_BIND | MS_REC)
    wanted = MS_NOSUID | (0 if writable else MS_RDONLY)
    attributes = struct.pack("=QQQQ", wanted, 0, 0, 0)  # MOUNT_ATTR_RDONLY and _NOSUID have the same values
    if libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, target.encode(), AT_RECURSIVE, attributes, 32) < 0:
        locked = os.statvfs(target).f_flag & (MS_NODEV | MS_NOSUID | 8 | 1024 | 2048)  # keep what it has
        mount("none", target, flags=MS_REMOUNT | MS_BIND | wanted | locked)


def tmpfs(target, size, mode=0o755, owner=None):
    os.makedirs(target, exist_ok=True)
    mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, "mode=%o,size=%d" % (mode, size))
    if owner is not None:
        os.chown(target, owner, owner)


def make_root(job, owner):
    """The new root below `job["mount_at"]`; a host path appears only where the job names it."""
    root = job["mount_at"]
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    tmpfs(root, 16 << 20)
    for path in job["system"]:
        inside = root + path
        if os.path.islink(path):
            os.makedirs(os.path.dirname(inside), exist_ok=True)
            os.symlink(os.readlink(path), inside)
        elif os.path.exists(path):
            bind(path, inside)
    for path, text in job["written"].items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        with open(root + path, "w", encoding="utf-8") as file:
            file.write(text)
    for target, size, mode in job["memory"]:
        tmpfs(root + target, size, mode, owner)
    for source, target, writable in job["binds"]:
        bind(source, root + target, writable)
    make_devices(root)
    os.makedirs(root + "/proc")
    mount("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV | 8)
    return root


def make_devices(root):
    dev = root + "/dev"
    os.makedirs(dev)
    for name in DEVICES:
        os.close(os.open(dev + "/" + name, os.O_CREAT | os.O_WRONLY, 0o666))
        mount("/dev/" + name, dev + "/" + name, flags=MS_BIND)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
                         ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx")):
        os.symlink(target, dev + "/" + name)
    tmpfs(dev + "/shm", 64 << 20, 0o1777)
    os.makedirs(dev + "/pts")
    try:
        mount("devpts", dev + "/pts", "devpts", MS_NOSUID | 8, "newinstance,ptmxmode=0666,mode=0620")
    except OSError:
        os.rmdir(dev + "/pts")  # a kernel that does not let us: there are no terminals then


def enter(root):
    """Make it the root, seal it, and let go of the old one."""
    os.chdir(root)
    checked(libc.syscall(SYS_PIVOT_ROOT, b".", b"."), "pivot_root")
    checked(libc.umount2(b".", MNT_DETACH), "unmount the old root")
    os.chdir("/")
    mount("none", "/", flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(sock, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def give_up_rights(job):
    """Become the unprivileged user, in a user namespace of its own, with no capability left to gain."""
    uid, outer = job["uid"], job["uid"] if job["root"] else 0
    if job["root"]:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # else our /proc/self belongs to root
    if libc.unshare(CLONE_NEWUSER) == 0:
        for name, text in (("setgroups", "deny"), ("gid_map", "%d %d 1" % (uid, outer)),
                           ("uid_map", "%d %d 1" % (uid, outer))):
            with open("/proc/self/" + name, "w") as file:
                file.write(text)
    elif not job["root"]:
        checked(-1, "unshare the user namespace")
    for name, value in job["rlimits"]:
        number = getattr(resource, "RLIMIT_" + name)
        hard = resource.getrlimit(number)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (value, value))
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("=Ii", 0x20080522, 0)
    checked(libc.syscall(SYS_CAPSET, header, bytes(24)), "drop capabilities")
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs")
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # changing the user cleared it


def put_files(packed):
    """Write the archive's members; what is in their place goes first, so that no link is followed."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        for member in tar:
            path = "/" + member.name
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.islink(path) or os.path.isfile(path):
                os.unlink(path)
            with open(path, "wb") as file:
                shutil.copyfileobj(tar.extractfile(member), file)
            os.chmod(path, member.mode)


def copy(source, target, owner):
    """Copy a tree, links as links, for its new owner to write to."""
    for command in (["/bin/cp", "-a", "--no-preserve=ownership", source + "/.", target + "/"],
                    ["/bin/chown", "-R", "-h", "%d:%d" % (owner, owner), target]):
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def exactly(count):
    parts = []
    while count:
        data = os.read(0, min(count, 1 << 20))
        if not data:
            raise OSError("standard input ended early")
        parts.append(data)
        count -= len(data)
    return b"".join(parts)


def prepare():
    """Everything up to the command; returns the job."""
    os.umask(0o022)
    job = json.loads(exactly(int(exactly(12))))
    packed, stdin = exactly(job["packed"]), exactly(job["stdin"])
    if not job["network"]:
        loopback_up()
    socket.sethostname("sandbox")
    owner = job["uid"] if job["root"] else 0
    enter(make_root(job, owner))
    for source, target in job["copies"]:
        copy(source, target, owner)
    give_up_rights(job)
    put_files(packed)
    if not job["goes_on"]:
        place = "/tmp/.smith-stdin"
        with open(place, "w+b") as file:
            file.write(stdin)
            file.seek(0)
            os.dup2(file.fileno(), 0)
        os.unlink(place)
    os.chdir(job["cwd"])
    return job


def wait_for(child):
    """Outside the process namespace: end the way its first process ends."""
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


def main():
    mark = sys.argv[1]
    child = os.fork()
    if child:
        wait_for(child)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        job = prepare()
    except (OSError, ValueError, KeyError, subprocess.SubprocessError, tarfile.TarError) as error:
        os.write(2, ("%s %s\n" % (mark, error)).encode())
        os._exit(120)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # what Python ignores, the command may want
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(job["command"][0], job["command"], job["environ"])  # noqa: S606
    except OSError as error:
        os.write(2, ("%s: %s\n" % (job["command"][0], error.strerror)).encode())
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


if __name__ == "__main__":
    main()
