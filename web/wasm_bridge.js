// Calls into the WebAssembly module. Everything the page tells the client goes through here.

const encoder = new TextEncoder();

export class WasmBridge {
  // `onFailure(error)` is called when the module broke; it is never called into again.
  constructor(onFailure) {
    this.module = null;
    this.depth = 0;
    this.stopped = false;
    this.onFailure = onFailure;
  }

  attach(module) {
    this.module = module;
    this.stopped = false;
  }

  stop() {
    this.stopped = true;
  }

  // Numbers pass as they are; a string or Uint8Array becomes address and size. While the module itself is
  // running (a DOM change it asked for raised an event) the call waits for its end and answers undefined.
  call(name, ...args) {
    if (this.stopped || !this.module) return undefined;
    if (this.depth > 0) {
      queueMicrotask(() => this.call(name, ...args));
      return undefined;
    }
    const owned = [];
    const flat = [];
    this.depth++;
    try {
      for (const arg of args) {
        if (typeof arg === 'string' || arg instanceof Uint8Array) {
          const bytes = typeof arg === 'string' ? encoder.encode(arg) : arg;
          const at = this.alloc(bytes.length);
          this.module.HEAPU8.set(bytes, at);
          owned.push(at);
          flat.push(at, bytes.length);
        } else {
          flat.push(typeof arg === 'boolean' ? Number(arg) : arg);
        }
      }
      const result = this.module[`_${name}`](...flat);
      for (const at of owned) this.module._parley_free(at);
      return result;
    } catch (error) {
      this.stopped = true;
      this.onFailure(error);
      return undefined;
    } finally {
      this.depth--;
    }
  }

  // Memory of the module; may be used while the module runs.
  alloc(size) {
    const at = this.module._parley_alloc(Math.max(1, size));
    if (at === 0) throw new Error('out of memory');
    return at;
  }

  get memory() {
    return this.module.HEAPU8;
  }

  // The text at an address that a call returned.
  callForText(name) {
    const at = this.call(name);
    return at ? this.module.UTF8ToString(at) : '';
  }

  statistics() {
    if (!this.module || this.stopped) return null;
    const at = this.alloc(7 * 8);
    this.call('parley_statistics', at);
    const [frames, rowsDrawn, glyphs, evictions, frameMs, mirrorMs, mirrorUpdates] =
      this.module.HEAPF64.slice(at / 8, at / 8 + 7);
    this.module._parley_free(at);
    return { frames, rowsDrawn, glyphs, evictions, frameMs, mirrorMs, mirrorUpdates };
  }
}
