/**
 * Keeps the plan of the house: who may import whom (architecture §4), read from every import in the sources, and what
 * no tracked file may hold. The rules are a pure function in layer-rules.ts, which has its own table of examples here,
 * so that a rule which stopped biting is noticed too.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join, posix, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../suites.ts';
import { circlesOf } from '../support/circles.ts';
import { importsOf } from '../support/imports.ts';
import { whyForbidden } from '../support/layer-rules.ts';

/** Every file that .gitignore leaves, relative to the root, with `/`. Without git, so that it works in an unpacked archive. */
function projectFiles(): string[] {
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n');
  const walk = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.name === '.git' || ignored.includes(entry.name)) return [];
      if (entry.isDirectory()) return ignored.includes(`${entry.name}/`) ? [] : walk(path);
      return ignored.includes(`*${extname(entry.name)}`) || !entry.isFile() ? [] : [path];
    });
  return walk('');
}

const files = projectFiles();
const sources = files.filter((file) => ['.ts', '.tsx'].includes(extname(file)) && !file.endsWith('.d.ts'));

describe('imports', () => {
  it('finds the sources', () => {
    expect(sources).toContain(relative(root, import.meta.filename).replaceAll('\\', '/'));
    expect(sources.some((file) => file.startsWith('shared/'))).toBe(true);
  });

  it('follow the layers', () => {
    const offending = sources.flatMap((file) =>
      importsOf(readFileSync(join(root, file), 'utf8'), file).flatMap((specifier) => {
        const reason = whyForbidden(file, specifier);
        return reason === undefined ? [] : [`${file} → ${specifier}: ${reason}`];
      }),
    );
    expect(offending).toEqual([]);
  });

  it('go round in no circle', () => {
    expect(circlesOf(sources.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })))).toEqual([]);
  });

  it.each([
    ['shared/job.ts', './ids.ts'],
    ['shared/job.ts', 'zod'],
    ['shared/rpc/client.ts', '../util/async.ts'],
    ['electron/core/api.ts', './queue/queue.ts'],
    ['electron/core/queue/runner.ts', '../servers/adapter.ts'],
    ['electron/core/queue/runner.ts', '../db/job-store.ts'],
    ['electron/core/db/database.ts', 'better-sqlite3'],
    ['electron/core/db/job-store.ts', '../../../shared/job.ts'],
    ['electron/core/net/http-client.ts', 'undici'],
    ['electron/core/net/reconnecting-socket.ts', 'ws'],
    ['electron/core/servers/comfy/http.ts', '../../net/http-client.ts'],
    ['electron/host/host.ts', '../core/core.ts'],
    ['electron/host/host.ts', '../demo/comfy/server.ts'],
    ['electron/cli/cli.ts', '../host/endpoint.ts'],
    ['electron/desktop/main.ts', 'electron'],
    ['electron/desktop/preload.ts', 'electron'],
    ['renderer/app.tsx', './styles/base.css'],
    ['renderer/app.tsx', '../shared/job.ts'],
    ['renderer/main.tsx', 'react-dom/client'],
    ['renderer/submit/samples.tsx', '../../resources/workflows/two-passes.json?raw'],
    ['test/integration/a.test.ts', '../../electron/core/queue/queue.ts'],
    ['electron/host/http-server.ts', '../listen/guards.ts'],
    ['electron/gateway/port.ts', '../listen/guards.ts'],
    ['electron/gateway/port.ts', '../core/core.ts'],
    ['electron/host/run.ts', '../gateway/port.ts'],
    ['electron/desktop/desktop.ts', './tray/tray.ts'],
    ['electron/desktop/tray/tray.ts', '../text.ts'],
    ['electron/core/queue/collector.ts', '../pictures/thumbs.ts'],
    ['electron/core/managed/install.ts', '../servers/servers.ts'],
    ['electron/demo/swarm/demo.ts', '../comfy/demo.ts'],
    ['shared/words/outcomes.ts', '../kinds/kinds.ts'],
    ['renderer/shell/sidebar.tsx', '../queue/rows.ts'],
    ['renderer/queue/job-row.tsx', '../cancel/button.tsx'],
    ['renderer/cancel/dialog.tsx', '../job/station.tsx'],
    ['renderer/job/use-job.ts', '../state/stores.ts'],
    ['renderer/history/detail.tsx', '../servers/tone.ts'],
    ['renderer/history/detail.tsx', '../viewer/viewer.tsx'],
    ['renderer/submit/view.tsx', './swarm/form.tsx'],
    ['renderer/gallery/view.tsx', '../viewer/viewer.tsx'],
    ['renderer/servers/managed.tsx', '../components/dialog.tsx'],
  ])('lets %s import %s', (file, specifier) => {
    expect(whyForbidden(file, specifier)).toBeUndefined();
  });

  it.each([
    ['shared/job.ts', 'node:fs'],
    ['shared/job.ts', '../electron/core/log.ts'],
    ['shared/job.ts', 'react'],
    ['electron/core/core.ts', 'electron'],
    ['electron/core/core.ts', '../host/host.ts'],
    ['electron/core/core.ts', '../demo/comfy/server.ts'],
    ['electron/core/core.ts', 'react'],
    ['electron/core/servers/servers.ts', '../queue/queue.ts'],
    ['electron/core/servers/comfy/adapter.ts', '../../db/job-store.ts'],
    ['electron/core/servers/comfy/http.ts', '../swarm/http.ts'],
    ['electron/core/servers/swarm/http.ts', '../comfy/http.ts'],
    ['electron/core/db/job-store.ts', '../queue/queue.ts'],
    ['electron/core/db/job-store.ts', '../servers/adapter.ts'],
    ['electron/core/net/trace.ts', '../log.ts'],
    ['electron/core/queue/queue.ts', '../core.ts'],
    ['electron/host/host.ts', '../core/queue/queue.ts'],
    ['electron/host/host.ts', '../desktop/window.ts'],
    ['electron/cli/cli.ts', 'electron'],
    ['electron/cli/commands.ts', '../core/core.ts'],
    ['electron/demo/comfy/server.ts', '../../core/core.ts'],
    ['electron/desktop/main.ts', '../core/db/database.ts'],
    ['electron/desktop/preload.ts', '../../shared/contract.ts'],
    ['electron/desktop/preload.ts', 'node:fs'],
    ['renderer/app.tsx', '../electron/core/log.ts'],
    ['renderer/app.tsx', '../resources/icons/icon.ts'],
    ['renderer/app.tsx', 'node:path'],
    ['renderer/app.tsx', 'electron'],
    ['electron/host/host.ts', '../../test/fakes/replay.ts'],
    ['electron/listen/guards.ts', '../host/auth.ts'],
    ['electron/listen/guards.ts', '../core/core.ts'],
    ['electron/gateway/port.ts', '../host/auth.ts'],
    ['electron/gateway/port.ts', '../core/gateway/rules.ts'],
    ['electron/start/main.ts', '../core/core.ts'],
    ['electron/core/db/job-store.ts', '../api.ts'],
    ['electron/core/attic/chest.ts', '../db/database.ts'],
    ['electron/desktop/window/page.ts', '../tray/tray.ts'],
    ['electron/desktop/tray/tray.ts', '../notices/notices.ts'],
    ['electron/demo/comfy/server.ts', '../swarm/server.ts'],
    ['shared/workflow/inputs.ts', '../words/outcomes.ts'],
    ['renderer/cancel/button.tsx', '../queue/rows.ts'],
    ['renderer/queue/job-row.tsx', '../shell/sidebar.tsx'],
    ['renderer/queue/job-row.tsx', '../history/row.tsx'],
    ['renderer/servers/view.tsx', '../history/view.tsx'],
    ['renderer/job/outputs.tsx', '../history/row.tsx'],
    ['renderer/state/actions.ts', '../components/toast.tsx'],
    ['renderer/text/queue.ts', '../state/stores.ts'],
    ['renderer/queue/view.tsx', '../app.tsx'],
    ['renderer/attic/view.tsx', '../state/stores.ts'],
  ])('does not let %s import %s', (file, specifier) => {
    expect(whyForbidden(file, specifier)).toBeTypeOf('string');
  });

  it('are found in every form', () => {
    const text = `
      import a from 'a'; import type { B } from "b"; import 'c'; export * from 'd'; export { e } from 'e';
      const f = await import('f'); type G = import('g').G; const h = require('h');
      // import 'not-in-a-comment';
      const text = "import 'not-in-a-string'";`;
    expect(importsOf(text, 'sample.ts')).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  });
});

describe('files', () => {
  it('do not begin with the name of their folder', () => {
    const repeating = files.filter((file) => {
      const [name = '', folder = ''] = file.split('/').reverse();
      return /^(?:shared|electron|renderer)\//.test(file) && name.startsWith(`${folder.replace(/s$/, '')}-`);
    });
    expect(repeating).toEqual([]);
  });

  const texts = files
    .filter((file) => !/\.(png|ico|icns|webp|jpe?g|gif|svg|woff2?|db|sqlite|gz|zip|mp4|webm)$/.test(file))
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

  it('name no place of the machine they were written on', () => {
    const machinePath = new RegExp(`(?<![\\w.~$}*-])/(?:${['work', 'root'].join('|')})/`);
    const offending = texts.flatMap(({ file, text }) =>
      text.split('\n').flatMap((line, index) => (machinePath.test(line) ? [`${file}:${index + 1}`] : [])),
    );
    expect(offending).toEqual([]);
  });

  it('leave no test running alone', () => {
    const alone = /\b(?:describe|suite|it|test)(?:\.\w+)*\.only\b/;
    const offending = texts.filter(({ file, text }) => file.startsWith('test/') && alone.test(text));
    expect(offending.map(({ file }) => file)).toEqual([]);
  });

  it('name no registry in the lockfile', () => {
    const lockfile = readFileSync(join(root, 'package-lock.json'), 'utf8');
    expect(lockfile).not.toMatch(/"resolved": "https?:/);
  });
});
