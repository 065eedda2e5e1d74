def read(path):
    with open(path) as stream:
        return [row["celsius"] for row in csv.DictReader(stream)]
