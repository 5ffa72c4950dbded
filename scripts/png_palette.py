"""Makes a picture of a screen small: 256 colours at most, well packed.

The browser that took the picture reads and counts it, for nothing else here reads PNG files.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode, b64encode
from typing import Final

from playwright.async_api import Page

COLOURS_MAX: Final = 256
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
BITS, BY_PALETTE = 8, 3

READ: Final = """
async ([png, coloursMax]) => {
  const bytes = Uint8Array.from(atob(png), (char) => char.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const { width, height } = image;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const rgba = new Uint32Array(canvas.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const colour of rgba) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const all = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const nearest = (palette, [red, green, blue]) => {
    let place = -1, least = Infinity;
    palette.forEach(([r, g, b], n) => {
      const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
      if (distance < least) [place, least] = [n, distance];
    });
    return { place, distance: Math.sqrt(least) };
  };
  // The most frequent first, and none that is so near to another: rare colours keep their hue.
  const choose = (apart) => {
    const palette = [];
    for (const colour of all) {
      const of = parts(colour);
      if (nearest(palette, of).distance > apart) palette.push(of);
      if (palette.length > coloursMax) return null;
    }
    return palette;
  };
  let palette = null;
  for (let apart = 0; palette === null; apart += 4) palette = choose(apart);
  const places = new Map(all.map((colour) => [colour, nearest(palette, parts(colour)).place]));
  const pixels = Uint8Array.from(rgba, (colour) => places.get(colour));
  let text = "";
  for (let at = 0; at < pixels.length; at += 8192)
    text += String.fromCharCode(...pixels.subarray(at, at + 8192));
  return [width, height, btoa(text), palette.flat()];
}
"""


async def shrink(page: Page, png: bytes) -> bytes:
    """The same picture with a palette; ``page`` is any page that may run scripts."""
    answer = await page.evaluate(READ, [b64encode(png).decode(), COLOURS_MAX])
    width, height, pixels, palette = answer
    return write_png(width, height, b64decode(pixels), bytes(palette))


def write_png(width: int, height: int, pixels: bytes, palette: bytes) -> bytes:
    """A PNG file of places in a palette (three bytes each), row by row."""
    rows = b"".join(b"\0" + pixels[row * width : (row + 1) * width] for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, BITS, BY_PALETTE, 0, 0, 0)
    chunks = (
        (b"IHDR", head),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
