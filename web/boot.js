// Before the first paint: theme, what to show while loading, whether this browser can run Parley at all, and
// patience for people who sign in before the other scripts are here.
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

  addEventListener('submit', (event) => {
    event.preventDefault();
    root.dataset.submitted = event.target.id; // page.js goes on from here
  });

  const missing = () => {
    if (typeof WebAssembly !== 'object' || typeof WebAssembly.compileStreaming !== 'function') return 'wasm';
    // One function with an exception block and a 128-bit vector: refused where either is unknown.
    const probe = [
      0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0,
      10, 12, 1, 10, 0, 6, 64, 25, 11, 65, 0, 253, 15, 11,
    ];
    if (!WebAssembly.validate(new Uint8Array(probe))) return 'wasm';
    // Whether it is switched on shows when the client asks for it; a context here would delay the first paint.
    if (typeof WebGL2RenderingContext !== 'function') return 'webgl';
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
