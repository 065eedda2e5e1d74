def primes(n):
    return [i for i in range(2, n + 1) if all(i % k for k in range(2, int(i**0.5)))]
