/**
 * Writes dist/licences.txt: the licence of every package that is bundled or packed, from package.json's dependencies down, and
 * of those that only the demo's bundle has.
 * Run before packing. One without a licence text is named with what its package.json says, and missing both fails.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));

const PackageSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
});
type Package = z.infer<typeof PackageSchema> & { folder: string };

/** The product runs without it, so it is a dev dependency. */
const DEMO_ONLY = ['jpeg-js'];

/** Every package reached from the root's dependencies, each version once, sorted by name. */
export function bundledPackages(): Package[] {
  const found = new Map<string, Package>();
  const walk = (names: readonly string[], from: string): void => {
    for (const name of names) {
      const folder = resolveFrom(name, from);
      // An optional package of another system is not installed, and not packed either.
      if (folder === null || found.has(folder)) continue;
      const manifest = PackageSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
      found.set(folder, { ...manifest, folder });
      walk(Object.keys(manifest.dependencies ?? {}), folder);
    }
  };
  const { dependencies = {} } = PackageSchema.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  walk([...Object.keys(dependencies), ...DEMO_ONLY], root);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function resolveFrom(name: string, from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder)) return null;
  }
}

/** @throws for a package that names no licence at all */
export function licencesText(): string {
  const parts = bundledPackages().map(({ name, version, license, folder }) => {
    const file = readdirSync(folder).find((each) => /^licen[cs]e(\.|-|$)/i.test(each));
    if (file === undefined && license === undefined) throw new Error(`${name} ${version} names no licence`);
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} ${version} (${license ?? 'see below'})\n\n${text}`.trim();
  });
  const rule = `\n\n${'-'.repeat(79)}\n\n`;
  return `Switchyard is made with these packages. Electron and Chromium: see their own files beside the program.${rule}${parts.join(rule)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'dist', 'licences.txt'), licencesText());
}
