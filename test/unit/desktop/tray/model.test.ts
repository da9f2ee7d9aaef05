import { describe, expect, it } from 'vitest';
import { trayModel } from '../../../../electron/desktop/tray/model.ts';
import type { TrayAction, TrayFacts, TrayItem } from '../../../../electron/desktop/tray/model.ts';
import { cancelOpen, jobId, jobView, serverId, serverView, summary } from '../samples.ts';
import { fc, test } from '../property.ts';

const facts = (change: Partial<TrayFacts> = {}): TrayFacts => ({
  summary: summary(),
  running: [],
  servers: [],
  askForOne: true,
  hotkey: null,
  ...change,
});
const flat = (items: readonly TrayItem[]): TrayItem[] =>
  items.flatMap((item) => (item.type === 'menu' ? [item, ...flat(item.items)] : [item]));
const entry = (given: TrayFacts, id: string): Extract<TrayItem, { type: 'entry' }> => {
  const found = flat(trayModel(given).items).find((item) => item.type === 'entry' && item.id === id);
  if (found?.type !== 'entry') throw new Error(`no entry ${id}`);
  return found;
};

describe('the status line', () => {
  it.each([
    [{}, 'Nothing is running or waiting'],
    [{ running: 2, waiting: 14, servers: 3 }, '2 running, 14 waiting on 3 servers'],
    [{ running: 1, servers: 1 }, '1 running on 1 server'],
    [{ waiting: 5, paused: true }, '5 waiting, paused'],
    [{ paused: true }, 'Nothing is running or waiting, paused'],
    [{ running: 1, cancelling: 1, servers: 1 }, '1 running, 1 cancelling on 1 server'],
    [{ collecting: 1, servers: 1 }, '1 fetching files on 1 server'],
    [{ held: 3 }, '3 held'],
  ])('%j is %s', (change, text) => {
    expect(trayModel(facts({ summary: summary(change) })).status).toBe(text);
  });
  it('says that it starts while nothing is known', () => {
    expect(trayModel(facts({ summary: null })).status).toBe('Starting…');
  });
});

describe('the glyph', () => {
  const offline = [serverView(1, 'offline')];
  it.each([
    ['idle', facts()],
    ['idle', facts({ summary: null })],
    // A server that is switched off is no trouble while nothing waits for it.
    ['idle', facts({ servers: offline })],
    ['running', facts({ summary: summary({ running: 1 }) })],
    ['running', facts({ summary: summary({ collecting: 1 }) })],
    ['paused', facts({ summary: summary({ paused: true, running: 1 }) })],
    ['cancelling', facts({ summary: summary({ cancelling: 1, running: 1, paused: true }) })],
    ['trouble', facts({ summary: summary({ waiting: 1 }), servers: offline })],
    ['idle', facts({ summary: summary({ waiting: 1 }), servers: [serverView(1, 'offline', { enabled: false })] })],
    ['trouble', facts({ servers: [serverView(1, 'needs-auth')] })],
    ['trouble', facts({ summary: summary({ cancelling: 2, trouble: { code: 'storage', message: 'disk full' } }) })],
  ] as const)('is %s', (glyph, given) => {
    expect(trayModel(given).glyph).toBe(glyph);
  });
});

describe('the entries', () => {
  const given = facts({
    summary: summary({ running: 2, waiting: 3, servers: 2, runningIds: [jobId(1), jobId(2)] }),
    running: [jobView(1, { title: 'harbour at dawn' }), jobView(2, { onServerId: serverId(2), cancel: cancelOpen() })],
    servers: [serverView(1), serverView(2)],
  });

  it('cancel by id what runs, never "whatever runs now"', () => {
    expect(entry(given, `cancel:${jobId(1)}`)).toMatchObject({
      label: 'Cancel “harbour at dawn” on Server 1…',
      enabled: true,
      action: { do: 'cancel', scope: { jobs: [jobId(1)] }, mode: 'stop' },
    });
    expect(entry(given, `cancel:${jobId(2)}`)).toMatchObject({ label: 'Cancelling “Job 2”…', enabled: false });
  });
  it('have an ellipsis only where a question follows', () => {
    expect(entry({ ...given, askForOne: false }, `cancel:${jobId(1)}`).label).toBe(
      'Cancel “harbour at dawn” on Server 1',
    );
    expect(entry({ ...given, askForOne: false }, 'cancel-all').label).toBe('Cancel all…');
  });
  it('cancel waiting leaves what runs, cancel all leaves what is foreign', () => {
    expect(entry(given, 'cancel-waiting').action).toEqual({
      do: 'cancel',
      scope: { server: 'all', which: 'waiting' },
      mode: 'if-waiting',
    });
    expect(entry(given, 'cancel-all').action).toEqual({
      do: 'cancel',
      scope: { server: 'all', which: 'mine' },
      mode: 'stop',
    });
    expect(entry(facts(), 'cancel-waiting').enabled).toBe(false);
    expect(entry(facts(), 'cancel-all').enabled).toBe(false);
    expect(entry(facts({ summary: summary({ held: 1 }) }), 'cancel-all').enabled).toBe(true);
  });
  it('pause or resume, as it is now', () => {
    expect(entry(given, 'pause').action).toEqual({ do: 'pause' });
    expect(entry(facts({ summary: summary({ paused: true }) }), 'resume').action).toEqual({ do: 'resume' });
  });
  it('free memory on each server that answers', () => {
    expect(entry(given, `free:${serverId(2)}`).action).toEqual({ do: 'free-memory', serverId: serverId(2) });
    expect(entry(facts({ servers: [serverView(1)] }), `free:${serverId(1)}`).label).toBe('Free memory on Server 1');
    expect(flat(trayModel(facts({ servers: [serverView(1, 'offline')] })).items)).toContainEqual({
      type: 'menu',
      id: 'free',
      label: 'Free memory',
      enabled: false,
      items: [],
    });
  });
  it('show the hotkey only where it is bound, and say where it is not', () => {
    expect(entry({ ...given, hotkey: { accelerator: 'Control+Alt+X', bound: true } }, 'cancel-all').accelerator).toBe(
      'Control+Alt+X',
    );
    const refused = { ...given, hotkey: { accelerator: 'Control+Alt+X', bound: false } };
    expect(entry(refused, 'cancel-all').accelerator).toBeUndefined();
    expect(trayModel(refused).items).toContainEqual({ type: 'line', label: 'The hotkey Control+Alt+X is not bound' });
  });
  it('stay few, and lead to the rest', () => {
    const many = facts({
      summary: summary({ running: 12 }),
      running: Array.from({ length: 12 }, (_, n) => jobView(n)),
    });
    const labels = flat(trayModel(many).items).flatMap((item) => (item.type === 'entry' ? [item.label] : []));
    expect(labels.filter((label) => label.startsWith('Cancel “'))).toHaveLength(8);
    expect(labels).toContain('4 more running…');
  });
  it('keep long and odd titles in one short line', () => {
    const title = `🦩${'very '.repeat(30)}\nlong`;
    const { label } = entry(facts({ running: [jobView(1, { title })] }), `cancel:${jobId(1)}`);
    expect([...label].length).toBeLessThan(70);
    expect(label).not.toMatch(/[\n\ufffd]/);
  });
});

test.prop([
  fc.record({
    running: fc.nat(30),
    waiting: fc.nat(1000),
    held: fc.nat(5),
    cancelling: fc.nat(5),
    collecting: fc.nat(5),
    servers: fc.nat(4),
    paused: fc.boolean(),
  }),
  fc.array(fc.record({ n: fc.nat(99), title: fc.string(), cancelling: fc.boolean() }), { maxLength: 20 }),
  fc.array(fc.constantFrom('online', 'offline', 'needs-auth', 'connecting', 'disabled', 'unsupported'), {
    maxLength: 5,
  }),
  fc.boolean(),
])(
  'any state makes a menu whose every cancel names ids or a fixed scope, each id once',
  (counts, jobs, contacts, askForOne) => {
    const unique = [...new Map(jobs.map((job) => [job.n, job])).values()];
    const model = trayModel(
      facts({
        summary: summary(counts),
        askForOne,
        running: unique.map(({ n, title, cancelling }) =>
          jobView(n, { title, cancel: cancelling ? cancelOpen() : null }),
        ),
        servers: contacts.map((contact, n) => serverView(n, contact as never)),
      }),
    );
    const entries = flat(model.items).flatMap((item) => (item.type === 'entry' ? [item] : []));
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    const scopes = entries
      .map(({ action }) => action)
      .filter((action): action is Extract<TrayAction, { do: 'cancel' }> => action.do === 'cancel');
    const allowed = new Set([
      ...unique.map(({ n }) => JSON.stringify({ jobs: [jobId(n)] })),
      '{"server":"all","which":"waiting"}',
      '{"server":"all","which":"mine"}',
    ]);
    for (const { scope } of scopes) expect(allowed).toContain(JSON.stringify(scope));
  },
);
