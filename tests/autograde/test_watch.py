"""What counts as memory of a sandbox."""

from autograde.isolation import watch
from autograde.isolation.limits import Limits

STATUS = b"Name:\tpython\nVmPeak:\t 9000 kB\nVmRSS:\t 5000 kB\nRssAnon:\t 100 kB\nRssFile:\t 4000 kB\nRssShmem:\t 20 kB\nVmPTE:\t 3 kB\nVmSwap:\t 7000 kB\n"  # fmt: skip
ROLLUP = "00400000-7fff ---p 00000000 00:00 0 [rollup]\nRss: 900 kB\nPss: 500 kB\nPss_Anon: 40 kB\nPss_File: 300 kB\nPss_Shmem: 5 kB\nSwap: 70 kB\nSwapPss: 60 kB\n"  # fmt: skip


def test_swapped_pages_are_memory():
    assert watch.taken(STATUS) == 1024 * (100 + 20 + 3 + 7000)
    assert watch.taken(STATUS, watch.TABLES) == 1024 * 3
    assert watch.proportional(ROLLUP) == 1024 * (40 + 5 + 60)


def test_a_sandbox_whose_pages_were_swapped_out_is_over_its_limit(monkeypatch):
    monkeypatch.setattr(watch, "anonymous_memory", lambda pid, which=watch.TAKEN: watch.taken(STATUS, which))
    monkeypatch.setattr(watch, "memory", lambda pids: watch.proportional(ROLLUP) + 1024 * 7000)
    assert "more than 6 MB" in watch.Watch(1, Limits(memory=6 * 2**20)).exceeded()
    assert watch.Watch(1, Limits(memory=8 * 2**20)).exceeded() is None
