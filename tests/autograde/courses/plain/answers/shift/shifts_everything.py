def shift(text, by):
    return "".join(chr(ord(c) + by) for c in text)
