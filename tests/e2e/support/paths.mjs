// Where the programs under test are and where artefacts go. toolchains/test sets PARLEY_BUILD (native build)
// and PARLEY_WEB (web build); without them the presets' folders are used.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const nativeBuild = resolve(process.env.PARLEY_BUILD ?? join(checkout, 'build/dev'));
const webBuild = resolve(process.env.PARLEY_WEB ?? join(checkout, 'build/web'));

function first(candidates) {
  const found = candidates.find((path) => existsSync(path));
  if (!found) throw new Error(`not built: ${candidates[0]}`);
  return found;
}

export const serverProgram = () => first([join(nativeBuild, 'server/parley'), join(nativeBuild, 'parley')]);
export const cliProgram = () => first([join(nativeBuild, 'client/cli/parley-cli'), join(nativeBuild, 'parley-cli')]);
export const nativeProgram = () =>
  first([join(nativeBuild, 'client/native/parley-native'), join(nativeBuild, 'parley-native')]);
export const webFolder = () => first([join(webBuild, 'web')]);

const artefacts = join(checkout, 'build/artefacts/e2e');
export function artefact(name) {
  mkdirSync(artefacts, { recursive: true });
  return join(artefacts, name);
}
