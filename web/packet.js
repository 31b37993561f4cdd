// The other side of wasm/packet.hpp: little endian, strings as length and UTF-8.

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class PacketReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }
  get atEnd() {
    return this.at >= this.bytes.length;
  }
  u8() {
    return this.bytes[this.at++];
  }
  flag() {
    return this.u8() !== 0;
  }
  u32() {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }
  i32() {
    this.at += 4;
    return this.view.getInt32(this.at - 4, true);
  }
  f32() {
    this.at += 4;
    return this.view.getFloat32(this.at - 4, true);
  }
  rect() {
    return { x: this.f32(), y: this.f32(), w: this.f32(), h: this.f32() };
  }
  // A view: copy it to keep it.
  blob() {
    const size = this.u32();
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }
  text() {
    const bytes = this.blob();
    return bytes.length === 0 ? '' : decoder.decode(bytes);
  }
}

// Strings and byte arrays, each with its length in front.
export function packBlobs(blobs) {
  const parts = blobs.map((blob) => (typeof blob === 'string' ? encoder.encode(blob) : blob));
  const packet = new Uint8Array(parts.reduce((size, part) => size + 4 + part.length, 0));
  const view = new DataView(packet.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length, true);
    packet.set(part, at + 4);
    at += 4 + part.length;
  }
  return packet;
}
