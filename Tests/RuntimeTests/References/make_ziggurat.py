# Writes Sources/Runtime/Random/ZigguratTables.swift: the layers of NumPy's two ziggurats.
#
# Made with Python 3.11 and numpy 2.4.6:
#     python make_ziggurat.py && swift format -i ../../../Sources/Runtime/Random/ZigguratTables.swift
#
# The tables cannot be computed from the mathematics: NumPy's differ from the exact values in their
# last bits (most entries of the normal's, by up to 60 units), and a generator that is to give
# NumPy's numbers must differ with them. So they are read from NumPy's own static library, found
# there by their first two entries.
import struct
from pathlib import Path

import numpy as np

library = (Path(np.__file__).parent / "random/lib/libnpyrandom.a").read_bytes()


def table(first, second):
    """The 256 words that begin with these two."""
    start = library.index(struct.pack("<QQ", first, second))
    return struct.unpack_from("<256Q", library, start)


def double(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


TABLES = [
    ("normalLimits", "UInt64", "`ki_double`", table(0x000EF33D8025EF6A, 0)),
    ("normalScales", "Double", "`wi_double`",
     table(double(8.68362706080130616677e-16), double(4.77933017572773682428e-17))),
    ("normalHeights", "Double", "`fi_double`", table(double(1.0), double(9.77101701267671596263e-01))),
    ("exponentialLimits", "UInt64", "`ke_double`", table(0x001C5214272497C6, 0)),
    ("exponentialScales", "Double", "`we_double`",
     table(double(9.655740063209182975e-16), double(7.089014243955414331e-18))),
    ("exponentialHeights", "Double", "`fe_double`",
     table(double(1.0), double(9.381436808621747003e-01))),
]


def literal(kind, word):
    return f"0x{word:x}" if kind == "UInt64" else struct.unpack("<d", struct.pack("<Q", word))[0].hex()


def main():
    lines = ["// Written by Tests/RuntimeTests/References/make_ziggurat.py; the values are NumPy's, bit for bit.",
             "", "/// The layers of the ziggurats: a draw below a layer's limit times its scale is the sample.",
             "package enum Ziggurat {"]
    for name, kind, source, words in TABLES:
        literals = [literal(kind, word) for word in words]
        lines += [f"  /// NumPy's {source}.", f"  package static let {name}: InlineArray<256, {kind}> = ["]
        row = "   "
        for text in literals:
            if len(row) + len(text) + 2 > 100:
                lines.append(row)
                row = "   "
            row += f" {text},"
        lines += [row, "  ]", ""]
    lines[-1] = "}"
    path = Path(__file__).parents[3] / "Sources/Runtime/Random/ZigguratTables.swift"
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
