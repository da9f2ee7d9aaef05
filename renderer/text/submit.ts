/** Every sentence of New job: reading a workflow, its inputs, how many, where, and what will be made. */
import type { InputRole } from '../../shared/workflow/inputs.ts';
import type { Refused, WorkflowOrigin } from '../../shared/workflow/result.ts';
import { number, roughly } from './format.ts';
import { common, plural } from './common.ts';

export const submitText = {
  title: 'New job',
  drop: 'Drop a workflow, or an image that carries one',
  dropHint: 'ComfyUI’s API format (JSON), or a PNG, WebP or JPEG made by ComfyUI. Pasting works too.',
  dropNow: 'Drop it here',
  choose: 'Choose a file…',
  change: 'Change…',
  again: 'Drop or paste another, or an image that carries one',
  reading: (name: string) => `Reading ${name}…`,
  about: (nodes: number, saves: boolean) => `${plural(nodes, 'node', 'nodes')}${saves ? '' : ', saves nothing'}`,
  savesNothing: 'No node seems to save or show a result. The server may refuse it.',
  from: (origin: WorkflowOrigin) => (origin === 'json' ? null : 'from the image'),
  pasted: 'pasted workflow',
  inputs: 'What this workflow lets you set',
  prompt: 'Prompt',
  promptHint: '{fog|rain} makes one job for each',
  promptOf: (node: string, input: string) =>
    input === 'text' || input === 'value' ? node : `${node}, ${input.replaceAll('_', ' ')}`,
  negative: 'Negative',
  nothingToSet: 'All its inputs come from other nodes: nothing to set.',
  size: 'Size',
  width: 'width',
  height: 'height',
  steps: 'steps',
  sampler: 'Sampler',
  scheduler: 'scheduler',
  cfg: 'cfg',
  model: 'Model',
  images: 'Images',
  imagesUnit: 'per job',
  more: 'More',
  furtherInputs: (inputs: number, nodes: number) =>
    `${plural(inputs, 'further input', 'further inputs')} in ${plural(nodes, 'node', 'nodes')}`,
  reset: 'Reset all inputs',
  howMany: 'How many',
  seeds: 'Seeds',
  seedModes: { fixed: 'Fixed', random: 'Random', range: 'Range' },
  noSeeds: 'This workflow has no seed to vary: one job for each prompt.',
  perPrompt: 'per prompt',
  seedsPerPrompt: 'Seeds per prompt',
  seedOf: (node: string) => `Seed of ${node}`,
  seedRange: (from: number, to: number) => `Seeds ${String(from)} to ${String(to)}`,
  seedFrom: 'from',
  seedsShared: (inputs: number) => `The same seed goes to ${plural(inputs, 'node', 'nodes')}`,
  where: 'Where',
  server: 'Server',
  anyServerHint: 'the first that is free',
  load: (busy: number, freeInMs: number | null) =>
    busy === 0
      ? 'nothing running or waiting'
      : `${number(busy)} running or waiting${freeInMs === null ? '' : `, free in ≈ ${roughly(freeInMs)}`}`,
  notOnline: 'not answering now; the jobs wait for it',
  pausedServer: 'paused; the jobs wait until it is resumed',
  noServer: 'No ComfyUI server is set up yet. The jobs wait until there is one.',
  note: 'Note',
  notePlaceholder: 'Kept with the jobs',
  makes: 'What it will make',
  notYet: 'Not yet',
  fillIn: 'A number is missing or invalid: see the marked fields.',
  tooManyShort: 'Too many',
  emptyChoice: 'without',
  product: (prompts: number, seeds: number) => {
    if (prompts === 1 && seeds === 1) return 'one prompt, one seed';
    if (seeds === 1) return `${plural(prompts, 'prompt', 'prompts')}, one batch`;
    if (prompts === 1) return `one prompt, ${plural(seeds, 'seed', 'seeds')}, one batch`;
    return `${plural(prompts, 'prompt', 'prompts')} × ${plural(seeds, 'seed', 'seeds')}, one batch`;
  },
  tooMany: (most: number) => `More than ${number(most)} jobs. Use fewer alternatives or seeds.`,
  variant: (label: string, seeds: number) => (seeds === 1 ? label : `${label}, ${plural(seeds, 'seed', 'seeds')}`),
  moreVariants: (rest: number) => `and ${number(rest)} more`,
  estimate: (ms: number, server: string, doneAt: string) => `About ${roughly(ms)} on ${server}, done near ${doneAt}`,
  estimateWork: (ms: number, server: string) => `About ${roughly(ms)} on ${server}, after what is there`,
  estimateUnknown: 'No estimate: nothing like it has run there yet.',
  estimateOpen: 'When it will be done depends on which server takes it.',
  queue: (total: number) => `Queue ${common.jobs(total)}`,
  queueFront: 'Queue at the front',
  queueing: 'Queueing…',
  queued: (total: number) => `${common.jobs(total)} queued`,
  show: 'Show in the queue',
  failed: 'Not queued',
  aServer: 'The server',
  refused: (server: string) => `${server} refused it`,
  refusedNode: (node: string, what: string) => `${node}: ${what}`,
  inexact: (where: string) =>
    `${where} is too large to keep exactly; the nearest value is sent. Type a smaller one to be exact.`,
  needsNumber: 'a number',
  uiTitle: (name: string) => `${name} is in the editor’s own format`,
  uiText: 'It holds the drawing of the graph, not the values a server can run. Export it from ComfyUI in API format:',
  uiSteps: [
    'Open it in ComfyUI.',
    'In the menu choose Workflow, then Export (API). In older versions: switch on “Enable dev mode options” in the settings, then press Save (API format).',
    'Drop the file that was saved here.',
  ],
  uiAlso: 'Or drop an image that this workflow made: ComfyUI writes the right format into it.',
} as const;

/** Why a file is not taken, and what would be. */
export function refusalText(refused: Refused): { title: string; text: string } {
  const { name, reason, detail } = refused;
  switch (reason) {
    case 'empty':
      return { title: `${name} is empty`, text: 'Export the workflow again and drop the new file.' };
    case 'too-large':
      return {
        title: `${name} is too large`,
        text: 'Workflows are small texts, and images that carry one rarely pass 100 MB.',
      };
    case 'unknown-file':
      return {
        title: `${name} is not a workflow or image`,
        text: 'What works: JSON in API format, or a PNG, WebP or JPEG made by ComfyUI.',
      };
    case 'unreadable':
      return { title: `${name} could not be read`, text: 'It was moved, or can’t be opened. Choose it again.' };
    case 'broken-image':
      return {
        title: `${name} can’t be read`,
        text: 'The image is damaged. Another one from the same workflow will do.',
      };
    case 'image-without-workflow':
      return {
        title: `${name} carries no workflow`,
        text: 'Image editors and messengers remove it. Use the file as ComfyUI saved it, or the workflow in API format.',
      };
    case 'image-with-other-parameters':
      return {
        title: `${name} was made by ${detail ?? 'another program'}`,
        text: 'It carries that program’s parameters, but no ComfyUI workflow.',
      };
    case 'not-json':
      return {
        title: `${name} is not JSON`,
        text:
          detail === null ? 'Export the workflow again in API format.' : `The text is cut off or not JSON: ${detail}`,
      };
    case 'not-a-workflow':
      return {
        title: `${name} is JSON, not a workflow`,
        text: 'A workflow in API format lists nodes, each with a class and its inputs.',
      };
    case 'broken-node':
      return {
        title: `${name} has a broken node`,
        text: `Node ${detail ?? ''} has no class or no inputs. Export the workflow again in API format.`,
      };
    case 'too-many-nodes':
      return { title: `${name} has too many nodes`, text: `${detail ?? ''} nodes; at most 5,000 are taken.` };
  }
}

export function roleLabel(role: InputRole, input: string): string {
  switch (role) {
    case 'prompt':
      return submitText.prompt;
    case 'negative':
      return submitText.negative;
    default:
      return input.replaceAll('_', ' ');
  }
}
