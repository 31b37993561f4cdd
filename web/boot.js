// Before the first paint: theme, what to show while loading, and whether this browser can run Parley at all.
(() => {
  const root = document.documentElement;
  const stored = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage is switched off
    }
  };
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = stored('parley.theme') || (dark ? 'dark' : 'light');
  root.dataset.screen = stored('parley.signedIn') ? 'loading' : 'login';

  const missing = () => {
    if (typeof WebAssembly !== 'object' || typeof WebAssembly.compileStreaming !== 'function') return 'wasm';
    // An empty function that uses a 128-bit vector: refused where those are unknown.
    const simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
    if (!WebAssembly.validate(new Uint8Array(simd))) return 'wasm';
    if (!document.createElement('canvas').getContext('webgl2')) return 'webgl';
    return '';
  };
  const lacks = missing();
  if (lacks === '') {
    root.dataset.capable = 'yes';
  } else {
    root.dataset.screen = 'incapable';
    root.dataset.lacks = lacks;
  }
})();
