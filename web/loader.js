// Downloads the module and the fonts side by side and reports how far it is.
//
// The page carries the list of files, written when the folder was packed: hashed addresses and sizes.

export async function loadFiles(onProgress) {
  const { files, version } = JSON.parse(document.getElementById('files').textContent);
  const { glue, ...counted } = files; // an import cannot be watched
  const total = Object.values(counted).reduce((sum, { size }) => sum + size, 0);
  let loaded = 0;
  const advance = (bytes) => {
    loaded += bytes;
    onProgress(Math.min(1, loaded / total));
  };

  // Compiled while it arrives; instantiated when the glue code asks with its imports.
  const response = fetchCounted(files.wasm.url, advance);
  const compiled = response.then((body) => WebAssembly.compileStreaming(body));
  const names = ['regular', 'medium', 'bold', 'italic', 'mono'];
  const [{ default: module }, ready, ...fonts] = await Promise.all([
    import(glue.url),
    compiled,
    ...names.map(async (name) => {
      const body = await fetchCounted(files[name].url, advance);
      return new Uint8Array(await body.arrayBuffer());
    }),
  ]);
  const wasm = async (imports) => ({ instance: await WebAssembly.instantiate(ready, imports), module: ready });
  return { module, wasm, fonts, version };
}

// The same response, counted as it is read.
async function fetchCounted(url, advance) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const counter = new TransformStream({
    transform(chunk, controller) {
      advance(chunk.byteLength);
      controller.enqueue(chunk);
    },
  });
  const type = url.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream';
  return new Response(response.body.pipeThrough(counter), { headers: { 'Content-Type': type } });
}
