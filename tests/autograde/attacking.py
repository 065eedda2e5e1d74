"""The files of the attack corpus: which there are, their code, and what each says of itself."""

import uuid

from grading_helpers import ATTACKS, about_attacks

TOKEN, SECRET = f"token-{uuid.uuid4().hex}", f"secret-{uuid.uuid4().hex}"


def attacks(category):
    return sorted(path.stem for path in (ATTACKS / category).glob("*.py"))


def source(category, name, port=0):
    """An attack's code, with the port, the token and the secret that it looks for."""
    text = (ATTACKS / category / f"{name}.py").read_text(encoding="utf-8")
    return text.replace("@PORT@", str(port)).replace("@TOKEN@", TOKEN).replace("@SECRET@", SECRET)


def marked(word, category, name):
    """What an attack's file says of itself in a line ``# word: …``; nothing where it has none."""
    return source(category, name).partition(f"\n# {word}: ")[2].partition("\n")[0]


def about(category):
    """What settles the outcome of one attack of a category, or of all of it."""
    return lambda name="*": about_attacks(category, name)


#: Of the lies about time, false dates, and those of cells that run.
STAMPS = [name for name in attacks("lie_about_time") if "STAMP = " in source("lie_about_time", name)]
WHILE_CELLS_RUN = sorted({*attacks("lie_about_time")} - {*STAMPS})
