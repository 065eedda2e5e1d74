def shift(text, by):
    return "".join(chr(ord(c) + by) if c.islower() else c for c in text)
