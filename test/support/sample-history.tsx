/**
 * History, New job, Servers, first start, Settings and Log over a sample api in memory: a page to look at them with many
 * rows and every kind of ending, without a host. `?view=history&theme=dark&rows=100000&servers=0`. For eyes, no test.
 */
import { createRoot } from 'react-dom/client';
import { createElement } from 'react';
import type { ComponentType } from 'react';
import type { Api } from '../../shared/contract.ts';
import type { HistoryRow } from '../../shared/history.ts';
import type { CancelOutcome } from '../../shared/cancel.ts';
import type { JobId, OutputId, RequestId } from '../../shared/ids.ts';
import type { JobDetail, JobView } from '../../shared/job.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { ToastRegion } from '../../renderer/components/toast.tsx';
import { ApiContext } from '../../renderer/hooks/use-api.ts';
import { ActionsContext, createActions } from '../../renderer/state/actions.ts';
import { replaceServers } from '../../renderer/state/servers-store.ts';
import { createStores, StoresContext } from '../../renderer/state/stores.ts';
import { FirstStart } from '../../renderer/servers/first-start.tsx';
import { HistoryView } from '../../renderer/history/view.tsx';
import { LogView } from '../../renderer/log/view.tsx';
import { ServersView } from '../../renderer/servers/view.tsx';
import { SettingsView } from '../../renderer/settings/view.tsx';
import { SubmitView } from '../../renderer/submit/view.tsx';
import '../../renderer/styles/tokens.css';
import '../../renderer/styles/base.css';
import { LAPTOP, STUDIO, servers } from './sample-servers.ts';
import { jobView, SamplePages } from '../unit/renderer/sample-pages.ts';

const asked = new URLSearchParams(location.search);
const NOW = Date.now();
const PROMPTS = [
  'rooftop garden, isometric, clay render',
  'paper boats on a night river, lanterns',
  'poster, four panels, riso print',
  'moss on basalt, macro',
  'paper sculpture of a heron, studio light',
  'harbour at dusk, long exposure',
  'red kiosk in snow, 35 mm, flash',
];

const cancel = (outcome: CancelOutcome, by: 'window' | 'tray' | 'cli', note: string | null): Partial<JobView> => ({
  cancel: {
    requestId: 'r' as RequestId,
    mode: 'stop',
    requestedAt: NOW,
    by,
    note,
    outcome,
    settledAt: NOW,
    tookMs: 412,
    lastStep: null,
  },
});
const ENDINGS: readonly Partial<JobView>[] = [
  {},
  {
    state: 'cancelled',
    ...cancel({ outcome: 'cancelled', reach: 'running', evidence: 'proven', partialOutputs: 2 }, 'tray', 'wrong lens'),
  },
  {
    state: 'cancelled',
    ...cancel({ outcome: 'cancelled', reach: 'local', evidence: 'proven', partialOutputs: 0 }, 'window', null),
    outputs: { expected: 0, stored: 0, missing: 0, partial: false, thumb: null },
  },
  {},
  {
    state: 'failed',
    error: {
      code: 'execution_failed',
      message: 'Allocation on device 0 would exceed allowed memory: 6.2 GB asked, 1.1 GB free',
      details: {
        nodeId: '8',
        nodeType: 'VAEDecode',
        outOfMemory: true,
        traceback:
          'Traceback (most recent call last):\n  File "execution.py", line 361, in execute\n    output_data = get_output_data(obj)\n  File "nodes.py", line 284, in decode\ntorch.OutOfMemoryError: Allocation on device 0 would exceed allowed memory.',
      },
    },
  },
  { state: 'failed', error: { code: 'stopped_elsewhere', message: '', details: { by: 'another-client' } } },
  cancel({ outcome: 'too-late', state: 'done' }, 'window', null),
  {
    state: 'failed',
    error: {
      code: 'server_rejected',
      message: 'Prompt outputs failed validation',
      details: {
        node_errors: {
          '3': {
            class_type: 'KSampler',
            errors: [
              {
                type: 'value_not_in_list',
                message: 'Value not in list',
                details: "sampler_name: 'eulr' not in (list of length 39)",
              },
            ],
          },
        },
      },
    },
  },
  { outputs: { expected: 4, stored: 2, missing: 2, partial: false, thumb: 'o3' as OutputId } },
  { state: 'failed', error: { code: 'lost', message: '', details: { cause: 'server-restarted' } } },
];

function rowAt(index: number): HistoryRow {
  const endedAt = NOW - 180_000 - index * 1_340_000 - (index % 13) * 61_000;
  if (index % 9 === 5) {
    return {
      type: 'foreign',
      foreign: {
        serverId: STUDIO,
        remoteKey: '77c0a1b2-5b1e-4a11',
        state: 'ended',
        how: index % 2 === 0 ? 'done' : 'gone',
        place: null,
        cancelling: false,
        firstSeen: endedAt - 70_000,
        startedAt: endedAt - 58_000,
        endedAt,
      },
    };
  }
  const job = jobView(`job-${String(index)}`, endedAt, {
    title: PROMPTS[index % PROMPTS.length] ?? '',
    onServerId: index % 4 === 3 ? LAPTOP : STUDIO,
    info: {
      source: index % 3 === 0 ? 'isometric.json' : 'flux-portrait.json',
      width: 1344,
      height: 768,
      seed: String(40_800 + index),
      images: index % 3 === 0 ? 4 : 1,
      model: 'sd_xl_base_1.0.safetensors',
      nodes: 9,
    },
    outputs: { expected: 4, stored: 4, missing: 0, partial: false, thumb: `o${String(index % 5)}` as OutputId },
    ranMs: 41_000 + (index % 11) * 9_300,
    ...ENDINGS[index % ENDINGS.length],
  });
  return { type: 'job', job };
}

const pages = new SamplePages(Array.from({ length: Number(asked.get('rows') ?? '420') }, (_, index) => rowAt(index)));
const endOf = (row: HistoryRow): number => (row.type === 'job' ? row.job.endedAt : row.foreign.endedAt) ?? 0;
const sorted = pages.rows.toSorted((a, b) => endOf(b) - endOf(a));

/** Pages of the unfiltered list by binary search: with 100,000 rows, what is to be looked at is the window, not the sample. */
const pageOf: Api['history']['page'] = async (args) => {
  const { filter, cursor, limit = 100 } = args;
  if (filter?.states !== undefined || filter?.foreign !== 'with') return pages.api.history.page(args);
  const before = cursor === undefined ? (filter.to ?? Infinity) : Number(cursor);
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = sorted[middle];
    if (row !== undefined && endOf(row) >= before) low = middle + 1;
    else high = middle;
  }
  const rows = sorted.slice(low, low + limit);
  const last = rows.at(-1);
  return { rows, cursor: last === undefined ? null : String(endOf(last)) };
};

function detailOf(id: string): JobDetail {
  const row = pages.rows.find((candidate) => candidate.type === 'job' && candidate.job.id === id);
  if (row?.type !== 'job') throw new Error(`no such sample job: ${id}`);
  const { job } = row;
  const start = job.createdAt;
  const files = Math.max(0, job.outputs.stored);
  return {
    job,
    payload: {
      kind: 'comfy',
      graph: {
        '3': {
          class_type: 'KSampler',
          inputs: {
            seed: 40817,
            steps: 30,
            cfg: 7,
            sampler_name: 'euler',
            scheduler: 'normal',
            positive: ['6', 0],
            negative: ['7', 0],
            latent_image: ['5', 0],
          },
          _meta: { title: 'KSampler' },
        },
        '6': { class_type: 'CLIPTextEncode', inputs: { text: job.title, clip: ['4', 1] } },
        '7': { class_type: 'CLIPTextEncode', inputs: { text: 'people, text' } },
        '8': { class_type: 'VAEDecode', inputs: {}, _meta: { title: 'VAE Decode' } },
        '5': { class_type: 'EmptyLatentImage', inputs: { width: 1344, height: 768, batch_size: 4 } },
      },
    },
    attempts: [
      {
        id: 'a' as never,
        number: 1,
        serverId: STUDIO,
        remoteKey: '5b1e77c0-7d4e-4c5f-9a11-3f8e77c0a1b2',
        intentAt: start,
        acceptedAt: start + 12,
        startedAt: start + 31,
        closedAt: job.endedAt,
        closeReason: job.state === 'done' ? 'finished' : job.state === 'failed' ? 'failed' : 'stopped',
      },
    ],
    outputs: Array.from({ length: files + job.outputs.missing }, (_, index) => ({
      id: `o${String(index)}` as OutputId,
      ordinal: index,
      nodeId: '9',
      name: `harbour_0000${String(index + 1)}_.png`,
      state: index < files ? ('stored' as const) : ('missing' as const),
      media: 'image' as const,
      text: null,
      bytes: 2_310_000,
      mime: 'image/png',
      width: 1344,
      height: 768,
      partial: job.state === 'cancelled',
    })),
    trail:
      job.cancel === null
        ? []
        : [
            {
              by: job.cancel.by,
              note: job.cancel.note,
              steps: [
                { step: 'requested', at: start + 41_000, sinceMs: 0, route: null, detail: null },
                { step: 'sent', at: start + 41_002, sinceMs: 2, route: 'POST /interrupt', detail: null },
                { step: 'heard', at: start + 41_008, sinceMs: 8, route: null, detail: null },
                { step: 'waiting', at: start + 41_010, sinceMs: 10, route: null, detail: 'KSampler' },
                { step: 'seen-stopped', at: start + 41_412, sinceMs: 412, route: null, detail: null },
              ],
            },
          ],
    journal: [
      { at: start + 12, fact: 'claim', from: 'queued', to: 'submitting', detail: null },
      { at: start + 31, fact: 'accepted', from: 'submitting', to: 'accepted', detail: null },
      { at: start + 2_400, fact: 'started', from: 'accepted', to: 'running', detail: null },
    ],
  };
}

const none = async (): Promise<never> => new Promise(() => {});
const known: Record<string, Record<string, unknown>> = {
  history: { ...pages.api.history, page: pageOf },
  jobs: { get: async ({ id }: { id: JobId }) => detailOf(id) },
  servers: {
    discover: async () => ({
      found: [
        {
          url: 'http://127.0.0.1:8188',
          kind: 'comfy',
          version: '0.8.0',
          capabilities: null,
          answeredInMs: 3,
          queueLength: 2,
          error: null,
        },
        {
          url: 'http://127.0.0.1:7801',
          kind: 'swarm',
          version: '0.9.8',
          capabilities: null,
          answeredInMs: 9,
          queueLength: 0,
          error: null,
        },
      ],
    }),
    probe: async ({ url }: { url: string }) => ({
      probe: { url, kind: 'comfy', version: '0.8.0', capabilities: null, answeredInMs: 4, queueLength: 2, error: null },
    }),
  },
  settings: {
    set: async ({ settings }: { settings: object }) => {
      stores.app.setState((state) => ({ settings: { ...(state.settings ?? DEFAULT_SETTINGS), ...settings } }));
      return { settings };
    },
  },
  log: {
    tail: async () => ({
      entries: Array.from({ length: 300 }, (_, index) => ({
        at: NOW - (300 - index) * 3_100,
        level: index % 17 === 0 ? 'warn' : index % 61 === 0 ? 'error' : 'info',
        message: ['job started', 'prompt accepted', 'server answers again', 'output stored'][index % 4],
        fields: { job: `019a-${String(index)}`, server: 'Studio-4090', ms: index * 3 },
      })),
    }),
  },
};
const api = new Proxy(
  {},
  { get: (_, group: string) => new Proxy({}, { get: (__, verb: string) => known[group]?.[verb] ?? none }) },
) as Api;

const stores = createStores();
stores.app.setState({
  link: 'online',
  settings: { ...DEFAULT_SETTINGS, density: asked.get('density') === 'tight' ? 'tight' : 'normal' },
  info: {
    version: '0.1.0',
    host: 'node',
    node: 'v24.21.0',
    platform: 'linux',
    secrets: 'file',
    dataDir: '~/.local/share/switchyard',
    movedAside: null,
    demo: false,
  },
});
stores.servers.setState(
  replaceServers(asked.get('servers') === '0' ? [] : servers.map((each, position) => ({ ...each, position }))),
  true,
);

const views: Record<string, ComponentType> = {
  history: HistoryView,
  new: SubmitView,
  servers: ServersView,
  start: FirstStart,
  settings: SettingsView,
  log: LogView,
};
document.documentElement.dataset['theme'] = asked.get('theme') === 'light' ? 'light' : 'dark';
const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StoresContext value={stores}>
      <ApiContext value={api}>
        <ActionsContext value={createActions(api, stores.toasts)}>
          <main style={{ height: '100dvh' }}>
            {createElement(views[asked.get('view') ?? 'history'] ?? HistoryView)}
          </main>
          <ToastRegion />
        </ActionsContext>
      </ApiContext>
    </StoresContext>,
  );
}
