"""Make system calls that honest code does not need, and those of 32-bit programs, which have other numbers."""

import ctypes, errno, mmap, os
intel = os.uname().machine == "x86_64"
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
CALLS = {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "bpf": 321 if intel else 280,
         "perf_event_open": 298 if intel else 241, "userfaultfd": 323 if intel else 282}
for name, number in CALLS.items():
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, (-1, 0, 0, -1, 0, 0))) >= 0 or ctypes.get_errno() != errno.ENOSYS:
        print("EFFECT", name, errno.errorcode.get(ctypes.get_errno()))
if intel:
    if libc.syscall(ctypes.c_long(0x40000000 | 41), *map(ctypes.c_long, (40, 1, 0))) >= 0:  # socket, in the numbers of x32
        print("EFFECT x32")
    page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20 (getpid, of 32 bits); int 0x80; ret
    child = os.fork()
    if child == 0:  # Linux without such calls ends whoever makes one
        os._exit(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))() > 0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1:
        print("EFFECT int 0x80")
