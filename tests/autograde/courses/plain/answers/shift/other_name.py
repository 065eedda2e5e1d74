def caesar(text, by):
    return text
