import string


def shift(text, by):
    letters = string.ascii_lowercase
    by %= 26
    return text.translate(str.maketrans(letters, letters[by:] + letters[:by]))
