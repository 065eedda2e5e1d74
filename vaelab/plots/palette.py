"""The course's colours, told apart by the colour-blind as well, and the markers that always go with them."""

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, YELLOW, BLACK = "#E69F00", "#56B4E9", "#F0E442", "#000000"
GREY, BROWN = "#9A9A9A", "#7A3B12"  # the two that a ten-class plot adds to Okabe and Ito's eight

# One colour and one marker a class. Of all assignments this one keeps classes that meet in
# latent space (the tops 0, 2, 3, 4, 6; the shoes 5, 7, 9; 8 with the tops) furthest apart,
# as seen with normal vision and as simulated for protanopia, deuteranopia and tritanopia.
CLASS_COLOURS = (BLUE, PURPLE, BROWN, BLACK, ORANGE, GREEN, GREY, YELLOW, SKY, VERMILLION)
CLASS_MARKERS = ("o", "|", "s", "^", "v", "P", "D", "X", "*", "<")
