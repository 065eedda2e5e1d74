"""Display JSON of millions of empty lists, each many times larger in memory (16 MB of text)."""

from IPython.display import publish_display_data
publish_display_data({"text/plain": "next", "application/json": [[]] * 4_000_000})
