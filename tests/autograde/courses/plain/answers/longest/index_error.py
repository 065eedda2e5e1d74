def longest(words):
    return sorted(words, key=len)[-1]
