// The core's key-value store in IndexedDB: one database, one batch in one transaction, in order.
import { PacketReader, packBlobs } from './packet.js';

const databaseName = 'parley';
const storeName = 'entries';

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
      const request = indexedDB.open(databaseName, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(storeName);
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

  // Runs `work(objectStore)` in a transaction and resolves when it is complete.
  async transact(mode, work) {
    const database = await this.open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(storeName, mode);
      const result = work(transaction.objectStore(storeName));
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
    const done = this.transact('readwrite', (store) => {
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
    const found = { keys: null, values: null };
    this.track(
      this.transact('readonly', (store) => {
        store.getAllKeys(range).onsuccess = ({ target }) => (found.keys = target.result);
        store.getAll(range).onsuccess = ({ target }) => (found.values = target.result);
        return found;
      }),
    ).then(
      ({ keys, values }) => {
        const packet = packBlobs(keys.flatMap((key, index) => [key, values[index]]));
        this.bridge.call('parley_loaded', prefix, packet);
      },
      // Without a readable store the client starts as on a new device; writes then say what is wrong.
      () => this.bridge.call('parley_loaded', prefix, new Uint8Array()),
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

function describe(error) {
  if (error?.name === 'QuotaExceededError') return 'The browser has no space left for this site.';
  return 'The browser refuses to keep data for this site. Private windows often do.';
}
