def primes(n):
    found = [True] * (n + 1)
    for i in range(2, n + 1):
        for k in range(2 * i, n + 1, i):
            found[k] = False
    return [i for i in range(2, n + 1) if found[i]]
