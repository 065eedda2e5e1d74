"""The student's side of the checks: all that may be seen beside a student's code, and nothing else.

A grader mounts this folder as it is, with ``vaelab/checks/__init__.py`` and ``message.py``.
"""
