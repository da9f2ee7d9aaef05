/** Import circles among sources: groups of files each of which reaches every other by imports. Does not look at the disk. */
import { posix } from 'node:path';
import { importsOf } from './imports.ts';

export interface Source {
  /** From the root, with `/`. */
  path: string;
  text: string;
}

/** Each circle as its sorted files; type-only imports count, because a reader follows them too. */
export function circlesOf(sources: readonly Source[]): string[][] {
  const known = new Set(sources.map(({ path }) => path));
  const reaches = new Map(
    sources.map(({ path, text }) => [
      path,
      importsOf(text, path)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.join(posix.dirname(path), specifier.replace(/\?.*$/, '')))
        .filter((target) => known.has(target)),
    ]),
  );
  return strongComponents(reaches).filter(
    (group) => group.length > 1 || reaches.get(group[0] ?? '')?.includes(group[0] ?? '') === true,
  );
}

/** Tarjan's strongly connected components. */
function strongComponents(reaches: ReadonlyMap<string, readonly string[]>): string[][] {
  const seen = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const groups: string[][] = [];

  const visit = (node: string): number => {
    const at = seen.size;
    seen.set(node, at);
    open.push(node);
    let low = at;
    for (const next of reaches.get(node) ?? []) {
      if (!seen.has(next)) low = Math.min(low, visit(next));
      else if (open.includes(next)) low = Math.min(low, lowest.get(next) ?? at, seen.get(next) ?? at);
    }
    lowest.set(node, low);
    if (low === at) groups.push(open.splice(open.indexOf(node)).sort());
    return low;
  };
  for (const node of reaches.keys()) if (!seen.has(node)) visit(node);
  return groups;
}
