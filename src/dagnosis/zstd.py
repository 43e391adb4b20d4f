"""zstandard as Python 3.14 has it (`compression.zstd`), and its backport for older ones.

A decompressor gives no more than it is asked for, as those of bz2 and lzma do, and takes 1 MB on disk.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError, compress, decompress
else:
    from backports.zstd import ZstdDecompressor, ZstdError, compress, decompress

__all__ = ["ZstdDecompressor", "ZstdError", "compress", "decompress"]
