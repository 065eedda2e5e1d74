"""Isolation: sandboxes for untrusted code, the processes they are forked from, and the watch over their limits."""
