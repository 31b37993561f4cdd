// Packs what the server serves: names with a hash of their contents, precompressed copies, one size limit.
//
//   node package.mjs --glue parley.mjs --wasm parley.wasm --fonts FOLDER --out FOLDER --cache FOLDER --version 0.1.0
//
// Files whose name says their contents are cached by browsers for ever; index.html, sw.js, the manifest and
// the icons keep their names. Compression is slow and its results are kept in the cache folder by content.
import { createHash } from 'node:crypto';
import { mkdirSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { iconPng } from './icon_png.mjs';

const maxDownloadBytes = 2_621_440; // 2.5 MB, as promised in the requirements

const { values: options } = parseArgs({
  options: Object.fromEntries(['glue', 'wasm', 'fonts', 'out', 'cache', 'version'].map((name) => [name, { type: 'string' }])),
});
const source = dirname(fileURLToPath(import.meta.url));
const fontFiles = {
  regular: 'Inter-Regular.otf',
  medium: 'Inter-Medium.otf',
  bold: 'Inter-Bold.otf',
  italic: 'Inter-Italic.otf',
  mono: 'Mono-Regular.ttf',
};

const hash = (contents) => createHash('sha256').update(contents).digest('hex').slice(0, 12);
const read = (name) => readFileSync(join(source, name));
const packed = new Map(); // name in the folder -> contents

function addHashed(name, contents) {
  const extension = extname(name);
  const hashed = `${basename(name, extension)}.${hash(contents)}${extension}`;
  packed.set(hashed, Buffer.from(contents));
  return { url: `/${hashed}`, size: contents.length };
}

// A script and all that it imports as one file, each in a scope of its own: one request instead of a chain.
function bundle(entry) {
  const scopes = new Map(); // file -> the object of its exports
  const parts = [];
  function add(name) {
    const exported = [];
    const text = withoutComments(read(name).toString())
      .replace(/^import (\{ .+ \}) from '\.\/(.+)';$/gm, (_, names, imported) => {
        if (!scopes.has(imported)) add(imported);
        return `const ${names} = ${scopes.get(imported)};`;
      })
      .replace(/^export ((?:async )?(?:class|function|const) (\w+))/gm, (_, declaration, exportedName) => {
        exported.push(exportedName);
        return declaration;
      });
    if (/^(import|export)\b[^(]/m.test(text)) throw new Error(`${name}: packing does not know this import or export`);
    scopes.set(name, `exports${scopes.size}`);
    if (name === entry) parts.push(text);
    else parts.push(`const ${scopes.get(name)} = (() => {\n${text}\nreturn { ${exported.join(', ')} };\n})();`);
  }
  add(entry);
  return parts.join('\n');
}

// Whole-line comments and indentation only: nothing that could change what the script does.
function withoutComments(text) {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .join('\n');
}

// The page's own text is set in the fonts that the client downloads anyway.
function styleWithFonts(text) {
  return text.replace(/url\('\.\/(.+?)'\)/g, (_, name) => {
    const role = Object.keys(fontFiles).find((key) => fontFiles[key] === name);
    return `url('${files[role].url}')`;
  });
}

const files = {
  wasm: addHashed('parley.wasm', readFileSync(options.wasm)),
  glue: addHashed('parley.js', readFileSync(options.glue)),
};
for (const [role, name] of Object.entries(fontFiles)) {
  files[role] = addHashed(name, readFileSync(join(options.fonts, name)));
}
const main = addHashed('main.js', bundle('main.js'));
const boot = addHashed('boot.js', withoutComments(read('boot.js').toString()));
const style = addHashed('style.css', styleWithFonts(read('style.css').toString()));

const preload = [
  `<link rel="modulepreload" href="${files.glue.url}">`,
  `<link rel="preload" href="${files.wasm.url}" as="fetch" type="application/wasm" crossorigin>`,
].join('\n');
const index = read('index.html')
  .toString()
  .replace('./boot.js', boot.url)
  .replace('./style.css', style.url)
  .replace('./main.js', main.url)
  .replace('<!-- preload -->', preload)
  .replace('{}</script>', `${JSON.stringify({ version: options.version, files })}</script>`);
for (const left of ['./', '<!-- preload -->', '{}</script>']) {
  if (index.includes(left)) throw new Error(`index.html still holds ${left}`);
}

packed.set('icon.svg', read('icon.svg'));
packed.set('icon-192.png', iconPng(192));
packed.set('icon-512.png', iconPng(512));
packed.set('manifest.webmanifest', read('manifest.webmanifest'));
packed.set('index.html', Buffer.from(index));
const unneeded = ['index.html', 'icon-512.png']; // '/' is the first; the second is for installing
const shell = ['/', ...[...packed.keys()].filter((name) => !unneeded.includes(name)).map((name) => `/${name}`)];
const shellVersion = hash([...packed].map(([name, contents]) => name + hash(contents)).join());
packed.set(
  'sw.js',
  Buffer.from(read('sw.js').toString().replace('@VERSION@', shellVersion).replace("['@SHELL@']", JSON.stringify(shell))),
);

// ---- write ----

mkdirSync(options.out, { recursive: true });
mkdirSync(options.cache, { recursive: true });
const fresh = new Set();
function write(name, contents) {
  fresh.add(name);
  const path = join(options.out, name);
  if (!existsSync(path) || !readFileSync(path).equals(contents)) writeFileSync(path, contents);
}

function compressed(contents, extension, compress) {
  const path = join(options.cache, createHash('sha256').update(contents).digest('hex') + extension);
  if (!existsSync(path)) {
    writeFileSync(`${path}.part`, compress(contents));
    renameSync(`${path}.part`, path);
  }
  return readFileSync(path);
}
const brotli = (contents) =>
  brotliCompressSync(contents, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: contents.length,
    },
  });
const gzip = (contents) => gzipSync(contents, { level: 9 });

const sizes = [];
for (const [name, contents] of packed) {
  write(name, contents);
  let transferred = contents.length;
  if (!name.endsWith('.png')) {
    const small = compressed(contents, '.br', brotli);
    write(`${name}.br`, small);
    write(`${name}.gz`, compressed(contents, '.gz', gzip));
    transferred = small.length;
  }
  sizes.push([name, contents.length, transferred]);
}
for (const name of readdirSync(options.out)) {
  if (!fresh.has(name)) rmSync(join(options.out, name), { recursive: true });
}

// ---- the limit ----

const total = sizes.reduce((sum, [, , transferred]) => sum + transferred, 0);
for (const [name, size, transferred] of sizes.sort((a, b) => b[2] - a[2]).slice(0, 8)) {
  console.log(`${String(transferred).padStart(9)} of ${String(size).padStart(9)}  ${name}`);
}
console.log(`${String(total).padStart(9)} bytes in all, compressed (limit ${maxDownloadBytes})`);
if (total > maxDownloadBytes) {
  console.error('The download is larger than promised.');
  process.exit(1);
}
