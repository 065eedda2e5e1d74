"""Put pages with scripts into cells of raw text, of types that a converter passes on, and with text it cannot render."""


def forge(notebook):
    for n, kind in enumerate(("text/html", "text/restructuredtext", "", "text/latex")):
        notebook["cells"].append({"cell_type": "raw", "id": f"r{n}", "metadata": {"raw_mimetype": kind, "format": kind},
                                  "source": "[" * 300 + "<script>document.title = 'EFFECT'</script><img src=/logout>"})
