def primes(n):
    for i in range(2, n + 1):
        if all(i % k for k in range(2, i)):
            print(i)
