/** Which kind of server it is stands in tables: few files name one. What the count finds is in a table of its own here. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../suites.ts';
import { filesNamingAKind, MOST_FILES_NAMING_A_KIND } from '../support/kinds.ts';

const sources = ['shared', 'electron', 'renderer'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => /\.tsx?$/.test(path) && !path.includes('node_modules')),
);

describe('a kind of server', () => {
  it('is named in few files outside of its own rooms', () => {
    const found = filesNamingAKind(sources.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })));
    expect(found.length, found.join('\n')).toBeLessThanOrEqual(MOST_FILES_NAMING_A_KIND);
    // The tables: where they are no longer found, the count has gone blind.
    expect(found).toContain('shared/kinds/kinds.ts');
    expect(found).toContain('electron/core/servers/kinds.ts');
  });

  it.each([
    ['renderer/queue/a.ts', "if (server.kind === 'swarm') stop();"],
    ['renderer/queue/a.tsx', "const a = <Where kinds={['comfy']} />;"],
    ['shared/a.ts', "type A = Extract<JobPayload, { kind: 'comfy' }>;"],
    ['electron/core/a.ts', 'const ports = { comfy: 8188 };'],
    ['electron/core/a.ts', 'const table = { swarm };'],
    ['electron/core/a.ts', 'const ports = table.swarm;'],
    ['electron/core/a.ts', "if (label === 'SwarmUI') stop();"],
    ['electron/core/db/migrations/a.ts', "export const sql = `CHECK (kind IN ('comfy','swarm'))`;"],
    ['electron/core/a.ts', "import { ComfyAdapter } from './servers/comfy/adapter.ts';"],
    ['electron/core/servers/a.ts', "import { SwarmAdapter } from './swarm/adapter.ts';"],
    ['electron/cli/a.ts', "import { asSwarm } from '../../shared/workflow/swarm-raw.ts';"],
    ['renderer/submit/a.tsx', "const Form = await import('./swarm/form.tsx');"],
  ])('is found in %s: %s', (path, text) => {
    expect(filesNamingAKind([{ path, text }])).toEqual([path]);
  });

  it.each([
    ['electron/core/servers/comfy/adapter.ts', "readonly kind = 'comfy';"],
    ['shared/kinds/swarm-schema.ts', "const kind = z.literal('swarm');"],
    ['shared/workflow/swarm-raw.ts', "if (payload.kind !== 'comfy') stop();"],
    ['renderer/submit/swarm/form.tsx', "const a = <Where kinds={['swarm']} />;"],
    ['electron/demo/swarm/engine.ts', "import { a } from '../comfy/engine.ts'; const kind = 'swarm';"],
    ['test/unit/a.test.ts', "const kind = 'comfy';"],
    ['electron/core/a.ts', "// 'swarm' in a comment\nconst text = 'Add the ComfyUI or SwarmUI server you work with.';"],
    ['electron/core/a.ts', "import { kinds } from '../../shared/kinds/kinds.ts'; if (kinds[kind].users) stop();"],
    ['electron/core/a.ts', "import type { ComfyGraph } from '../../shared/workflow/graph.ts';"],
  ])('is no finding in %s: %s', (path, text) => {
    expect(filesNamingAKind([{ path, text }])).toEqual([]);
  });
});
