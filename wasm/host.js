// Emscripten's linker takes this file (--js-library): each function turns C++ arguments into JavaScript
// values and calls the method of the same meaning on Module.host, made by web/main.js.

const library = {
  $hostText: (at, size) => new TextDecoder().decode(HEAPU8.subarray(at, at + size)),
  $hostBytes: (at, size) => HEAPU8.slice(at, at + size),
  // A view into the memory: read it before returning.
  $hostView: (at, size) => HEAPU8.subarray(at, at + size),

  host_socket_open: (attempt, url, size) => Module.host.socket.open(attempt >>> 0, hostText(url, size)),
  host_socket_send: (attempt, bytes, size) => Module.host.socket.send(attempt >>> 0, hostBytes(bytes, size)),
  host_socket_close: (attempt) => Module.host.socket.close(attempt >>> 0),

  host_store_write: (batch, packet, size) => Module.host.store.write(batch, hostBytes(packet, size)),
  host_store_read: (prefix, size) => Module.host.store.read(hostText(prefix, size)),
  host_store_clear: () => Module.host.store.clear(),

  host_schedule: (frame, delay) => Module.host.loop.schedule(Boolean(frame), delay),
  // One call may ask for 65 536 bytes at most (Web Crypto, getRandomValues).
  host_random: (out, size) => {
    for (let done = 0; done < size; done += 65536) {
      crypto.getRandomValues(HEAPU8.subarray(out + done, out + Math.min(size, done + 65536)));
    }
  },

  host_screen: (packet, size) => Module.host.page.showScreen(hostView(packet, size)),
  host_colors: (background, dark) => Module.host.page.setColors(background >>> 0, Boolean(dark)),
  host_title: (title, size, unread) => Module.host.page.setTitle(hostText(title, size), unread >>> 0),
  host_push_url: (path, size) => Module.host.page.pushUrl(hostText(path, size)),
  host_open_link: (url, size) => Module.host.page.openLink(hostText(url, size)),
  host_announce: (text, size) => Module.host.page.announce(hostText(text, size)),
  host_notify: (packet, size) => Module.host.page.notify(hostView(packet, size)),
  host_ask_notification_permission: () => Module.host.page.askNotificationPermission(),
  host_clipboard_write: (text, size) => Module.host.clipboard.write(hostText(text, size)),
  host_clipboard_read: () => Module.host.clipboard.read(),
  host_cursor: (shape) => Module.host.input.setCursor(shape),

  host_preference: (which) => Module.host.preferences.value(which),
  host_forced_colors: (out) => {
    const colors = Module.host.preferences.forcedColors();
    if (colors) HEAPU32.set(colors, out >> 2);
    return Boolean(colors);
  },
  host_utc_offset_s: (ms) => -60 * new Date(ms).getTimezoneOffset(),

  host_text_input: (packet, size) => Module.host.textAgent.apply(hostView(packet, size)),
  host_rasterize: (text, size, px, flags, out) => Module.host.glyphs.rasterize(hostText(text, size), px, flags, out),
  host_mirror: (packet, size) => Module.host.mirror.apply(hostView(packet, size)),
};

for (const name of Object.keys(library)) {
  if (name.startsWith('host_')) library[`${name}__deps`] = ['$hostText', '$hostBytes', '$hostView'];
}
addToLibrary(library);
