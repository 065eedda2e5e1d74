def longest(words):
    if len(words) == 0:
        raise ValueError
    return sorted(words, key=len)[-1]
