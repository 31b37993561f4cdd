// Draws text that the bundled fonts lack with the system's fonts: one cluster or word into pixels.

const flagMedium = 1;
const flagBold = 2;
const flagItalic = 4;
const flagMonospace = 8;
const flagRightToLeft = 16;

const emoji = '"Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji"';
const proportional = `system-ui, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", sans-serif, ${emoji}`;
const monospaced = 'ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace';

// Text fonts have some of these as well, in black and white. U+FE0E asks for just that.
const isEmoji = (text) => /[\p{Emoji_Presentation}\ufe0f]/u.test(text) && !text.includes('\ufe0e');

const maxSidePx = 1024;

export class Glyphs {
  constructor(bridge) {
    this.bridge = bridge;
    this.canvas = null;
    this.context = null;
  }

  prepare(width, height) {
    if (!this.context) {
      this.canvas = typeof OffscreenCanvas === 'function' ? new OffscreenCanvas(128, 128) : document.createElement('canvas');
      this.context = this.canvas.getContext('2d', { willReadFrequently: true });
    }
    if (this.canvas.width < width) this.canvas.width = width;
    if (this.canvas.height < height) this.canvas.height = height;
  }

  // `out` is the address of a HostGlyph (wasm/host.hpp). False: there is nothing to draw.
  rasterize(text, sizePx, flags, out) {
    this.prepare(1, 1);
    const family = isEmoji(text) ? `${emoji}, sans-serif` : flags & flagMonospace ? monospaced : proportional;
    this.setFont(sizePx, flags, family);
    const metrics = this.context.measureText(text);
    // A pixel on each side for smoothing, and one more because the figures are rounded by some browsers.
    const left = Math.floor(-metrics.actualBoundingBoxLeft) - 2;
    const right = Math.ceil(metrics.actualBoundingBoxRight) + 2;
    const top = Math.ceil(metrics.actualBoundingBoxAscent) + 2;
    const bottom = Math.ceil(metrics.actualBoundingBoxDescent) + 2;
    const width = Math.min(right - left, maxSidePx);
    const height = Math.min(top + bottom, maxSidePx);
    if (!(width > 4 && height > 4)) {
      this.report(out, { width: 0, height: 0, left: 0, top: 0, advance: metrics.width, colour: 0, pixels: 0 });
      return metrics.width > 0;
    }
    this.prepare(width, height);
    this.setFont(sizePx, flags, family); // a resized canvas forgets it
    const { context } = this;
    context.clearRect(0, 0, width, height);
    context.fillText(text, -left, top);
    const { data } = context.getImageData(0, 0, width, height);
    const at = this.bridge.alloc(data.length);
    this.bridge.memory.set(data, at);
    this.report(out, { width, height, left, top, advance: metrics.width, colour: hasColour(data) ? 1 : 0, pixels: at });
    return true;
  }

  setFont(sizePx, flags, family) {
    const { context } = this;
    const weight = flags & flagBold ? 700 : flags & flagMedium ? 500 : 400;
    const style = flags & flagItalic ? 'italic ' : '';
    context.font = `${style}${weight} ${sizePx}px ${family}`;
    context.textBaseline = 'alphabetic';
    context.textAlign = 'left';
    context.direction = flags & flagRightToLeft ? 'rtl' : 'ltr';
    context.fillStyle = '#000';
  }

  report(out, glyph) {
    const view = new DataView(this.bridge.memory.buffer, out, 28);
    view.setInt32(0, glyph.width, true);
    view.setInt32(4, glyph.height, true);
    view.setInt32(8, glyph.left, true);
    view.setInt32(12, glyph.top, true);
    view.setFloat32(16, glyph.advance, true);
    view.setUint32(20, glyph.colour, true);
    view.setUint32(24, glyph.pixels, true);
  }
}

// Black text has no red, green or blue anywhere; an emoji has.
function hasColour(data) {
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 32 && data[i] + data[i + 1] + data[i + 2] > 24) return true;
  }
  return false;
}
