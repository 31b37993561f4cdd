// The core's key-value store in IndexedDB: one database, one batch in one transaction, in order.
//
// The core seals the values; its key is kept here, wrapped by one that the browser does not give out.
import { PacketReader, packBlobs } from './packet.js';

const databaseName = 'parley';
const storeName = 'entries';
const keysName = 'keys';
const wrapName = 'AES-GCM';

export class Store {
  constructor(bridge) {
    this.bridge = bridge;
    this.database = null;
    this.opening = null;
    this.pending = new Set();
    this.askedToPersist = false;
  }

  // Early, beside the download of the module: the first read then finds it open.
  open() {
    this.opening ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(databaseName, 2);
      request.onupgradeneeded = ({ oldVersion }) => {
        if (oldVersion < 1) request.result.createObjectStore(storeName);
        const keys = request.result.createObjectStore(keysName);
        if (oldVersion === 1) keys.put(true, 'plain'); // written before values were sealed
      };
      request.onsuccess = () => {
        this.database = request.result;
        // The browser closes it when the person clears the site's data; the next use opens it anew.
        this.database.onclose = () => this.forget();
        this.database.onversionchange = () => {
          this.database?.close();
          this.forget();
        };
        resolve(this.database);
      };
      request.onerror = () => reject(request.error);
    });
    this.opening.catch(() => {
      this.opening = null;
    });
    return this.opening;
  }

  forget() {
    this.database = null;
    this.opening = null;
  }

  // 32 bytes, made at the first call. A browser that keeps nothing gets one for this visit.
  async key() {
    try {
      const found = {};
      await this.transact('readonly', (_, keys) => {
        keys.get('store').onsuccess = ({ target }) => Object.assign(found, target.result);
      });
      if (found.raw) return found.raw;
      if (found.wrapped) {
        return new Uint8Array(await crypto.subtle.decrypt({ name: wrapName, iv: found.iv }, found.wrap, found.wrapped));
      }
      const raw = crypto.getRandomValues(new Uint8Array(32));
      const kept = await wrapped(raw);
      await this.transact('readwrite', (_, keys) => keys.put(kept, 'store'));
      return raw;
    } catch (error) {
      if (this.database) throw error; // what is there must not be written over with another key
      return crypto.getRandomValues(new Uint8Array(32));
    }
  }

  // Runs `work(entries, keys)` in a transaction and resolves when it is complete.
  async transact(mode, work) {
    const database = await this.open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction([storeName, keysName], mode);
      const result = work(transaction.objectStore(storeName), transaction.objectStore(keysName));
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error ?? new Error('The data could not be saved.'));
    });
  }

  track(promise) {
    this.pending.add(promise);
    promise.finally(() => this.pending.delete(promise)).catch(() => {});
    return promise;
  }

  write(batch, packet) {
    const reader = new PacketReader(packet);
    const entries = [];
    while (!reader.atEnd) entries.push([reader.text(), reader.blob().slice()]);
    const done = this.transact('readwrite', (store, keys) => {
      if (batch === 0) keys.delete('plain');
      for (const [key, value] of entries) {
        if (value.length === 0) store.delete(key);
        else store.put(value, key);
      }
    });
    this.track(done).then(
      () => this.bridge.call('parley_stored', batch, true, ''),
      (error) => this.bridge.call('parley_stored', batch, false, describe(error)),
    );
    this.askToPersist();
  }

  read(prefix) {
    const range = prefix === '' ? undefined : IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    const found = { keys: null, values: null, plain: false };
    this.track(
      this.transact('readonly', (store, keys) => {
        keys.get('plain').onsuccess = ({ target }) => (found.plain = target.result === true);
        store.getAllKeys(range).onsuccess = ({ target }) => (found.keys = target.result);
        store.getAll(range).onsuccess = ({ target }) => (found.values = target.result);
        return found;
      }),
    ).then(
      ({ keys, values, plain }) => {
        const packet = packBlobs(keys.flatMap((key, index) => [key, values[index]]));
        this.bridge.call('parley_loaded', prefix, packet, plain);
      },
      // Without a readable store the client starts as on a new device; writes then say what is wrong.
      () => this.bridge.call('parley_loaded', prefix, new Uint8Array(), false),
    );
  }

  clear() {
    this.track(this.transact('readwrite', (store) => store.clear())).catch(() => {});
  }

  // Everything handed over so far is on disk.
  async settled() {
    await Promise.allSettled([...this.pending]);
  }

  // Once something is kept: ask that the browser does not evict it when space is short.
  askToPersist() {
    if (this.askedToPersist) return;
    this.askedToPersist = true;
    navigator.storage?.persist?.().catch(() => {});
  }
}

// As it is kept. Pages without TLS have no crypto.subtle.
async function wrapped(raw) {
  if (!crypto.subtle) return { raw };
  const wrap = await crypto.subtle.generateKey({ name: wrapName, length: 256 }, false, ['encrypt', 'decrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { wrap, iv, wrapped: await crypto.subtle.encrypt({ name: wrapName, iv }, wrap, raw) };
}

function describe(error) {
  if (error?.name === 'QuotaExceededError') return 'The browser has no space left for this site.';
  return 'The browser refuses to keep data for this site. Private windows often do.';
}
