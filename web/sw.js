// Starts the app without a network. The names in `shell` carry a hash of their contents and never change;
// packing fills in the list and a version.
//
// The page itself comes from the network when that answers soon, so that updates arrive; otherwise from the
// cache, with exactly the files it was packed with. A new version is cached whole before it counts.

const version = '@VERSION@';
const shell = ['@SHELL@'];
const cacheName = `parley-${version}`;
const patienceMs = 800;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(cacheName)
      .then((cache) => cache.addAll(shell))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== cacheName).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    // Other pages of the server (health, metrics) are not ours.
    if (/^\/($|r\/|i\/|settings$)/.test(url.pathname)) event.respondWith(page(request));
  } else if (shell.includes(url.pathname)) {
    event.respondWith(caches.match(request, { cacheName }).then((cached) => cached ?? fetch(request)));
  }
});

async function page(request) {
  const cached = await caches.match('/', { cacheName });
  const fresh = fetch(request);
  if (!cached) return fresh;
  fresh.catch(() => {}); // it may fail after nobody waits for it
  const late = new Promise((resolve) => setTimeout(resolve, patienceMs, cached));
  try {
    const response = await Promise.race([fresh, late]);
    // A proxy's error page is worth less than the app.
    return response.status >= 500 ? cached : response;
  } catch {
    return cached;
  }
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { path } = event.notification.data;
  event.waitUntil(
    self.clients.matchAll({ type: 'window' }).then(async (windows) => {
      if (windows.length === 0) return self.clients.openWindow(path);
      await windows[0].focus();
      return windows[0].postMessage({ open: path });
    }),
  );
});
