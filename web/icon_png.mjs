// The icon of icon.svg as PNG, for systems that take no SVG. The shapes are the same ones, in its units.
import { deflateSync } from 'node:zlib';

const accent = [0x57, 0x53, 0xc6];
const soft = [0xbd, 0xbb, 0xf5];
const white = [0xff, 0xff, 0xff];

const shapes = [
  [roundedBox(0, 0, 64, 64, 15), accent],
  [roundedBox(24, 25, 30, 22, 6), soft],
  [triangle([50, 42], [50, 54], [40, 46]), soft],
  [roundedBox(9, 12, 37, 26, 7), accent],
  [roundedBox(11, 14, 33, 22, 6), white],
  [triangle([15, 32], [15, 44], [26, 35]), white],
];

function roundedBox(x, y, width, height, radius) {
  return (px, py) => {
    const dx = Math.max(x + radius - px, px - (x + width - radius), 0);
    const dy = Math.max(y + radius - py, py - (y + height - radius), 0);
    return dx * dx + dy * dy <= radius * radius;
  };
}

function triangle(a, b, c) {
  const side = ([ax, ay], [bx, by], px, py) => (bx - ax) * (py - ay) - (by - ay) * (px - ax);
  return (px, py) => {
    const sides = [side(a, b, px, py), side(b, c, px, py), side(c, a, px, py)];
    return sides.every((value) => value >= 0) || sides.every((value) => value <= 0);
  };
}

// Each pixel is the mean of 4 x 4 samples.
const samples = 4;

export function iconPng(size) {
  const rows = Buffer.alloc(size * (1 + size * 4));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let covered = 0;
      const sum = [0, 0, 0];
      for (let sample = 0; sample < samples * samples; sample++) {
        const px = ((x + ((sample % samples) + 0.5) / samples) * 64) / size;
        const py = ((y + (Math.floor(sample / samples) + 0.5) / samples) * 64) / size;
        const color = shapes.findLast(([contains]) => contains(px, py))?.[1];
        if (!color) continue;
        covered++;
        color.forEach((value, channel) => (sum[channel] += value));
      }
      const at = y * (1 + size * 4) + 1 + x * 4;
      for (let channel = 0; channel < 3; channel++) rows[at + channel] = covered ? Math.round(sum[channel] / covered) : 0;
      rows[at + 3] = Math.round((255 * covered) / (samples * samples));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6], 8); // 8 bits, RGBA
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

// PNG's checksum (ISO 3309), bit by bit: the icons are small.
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
