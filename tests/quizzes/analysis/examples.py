"""Published data, and the figures that were published of it.

LSAT: answers of 1,000 candidates to five questions of the Law School Admission Test, section
VI; R. D. Bock & M. Lieberman, "Fitting a response model for n dichotomously scored items",
Psychometrika 35 (1970), 179–197. Its classical figures are those that ``descript(LSAT)`` of
the R package ltm prints (D. Rizopoulos, Journal of Statistical Software 17 (2006), no. 5).
"""

LSAT_PATTERNS = {
    "00000": 3, "00001": 6, "00010": 2, "00011": 11, "00100": 1, "00101": 1, "00110": 3,
    "00111": 4, "01000": 1, "01001": 8, "01011": 16, "01101": 3, "01110": 2, "01111": 15,
    "10000": 10, "10001": 29, "10010": 14, "10011": 81, "10100": 3, "10101": 28, "10110": 15,
    "10111": 80, "11000": 16, "11001": 56, "11010": 21, "11011": 173, "11100": 11, "11101": 61,
    "11110": 28, "11111": 298,
}  # fmt: skip
LSAT = [[int(mark) for mark in pattern] for pattern, n in LSAT_PATTERNS.items() for _ in range(n)]

LSAT_FACILITY = [0.924, 0.709, 0.553, 0.763, 0.870]
# Point-biserial correlation with the total, the question itself excluded.
LSAT_DISCRIMINATION = [0.1128, 0.1532, 0.1728, 0.1444, 0.1216]
LSAT_ALPHA = 0.2950
LSAT_ALPHA_WITHOUT = [0.2754, 0.2376, 0.2168, 0.2459, 0.2663]

# Fourteen markers, ten cases, five categories; Wikipedia, "Fleiss' kappa", worked example.
FLEISS = [
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
]  # fmt: skip
FLEISS_KAPPA = 0.210

# Two markers, yes or no: (both yes, yes-no, no-yes, both no) → κ; Wikipedia, "Cohen's kappa".
COHEN = {(20, 5, 10, 15): 0.40, (45, 15, 25, 15): 0.1304, (25, 35, 5, 35): 0.2593}
