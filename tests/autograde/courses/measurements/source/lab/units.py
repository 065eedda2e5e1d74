def to_kelvin(celsius):
    return celsius + 273.15
