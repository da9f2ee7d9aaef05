/**
 * The parameters the engine knows, as `ListT2IParams` shows them (swarmui §5). Data only; checking is in params.ts.
 * A small honest subset of the real 254: the ones this engine acts on, plus a few a submit page will want to show.
 */
export type ParamType = 'text' | 'integer' | 'decimal' | 'boolean' | 'dropdown' | 'model' | 'list' | 'image';

export interface ParamSpec {
  readonly id: string;
  readonly name: string;
  readonly type: ParamType;
  readonly default: string;
  readonly description: string;
  readonly min?: number;
  readonly max?: number;
  readonly viewMax?: number;
  readonly step?: number;
  readonly values?: readonly string[];
  readonly group?: string;
  readonly advanced?: boolean;
  readonly permission?: string;
  readonly priority?: number;
  readonly subtype?: string;
  readonly toggleable?: boolean;
}

export const SAMPLERS = ['euler', 'euler_ancestral', 'heun', 'dpmpp_2m', 'dpmpp_sde', 'ddim', 'uni_pc'] as const;
export const SCHEDULERS = ['normal', 'karras', 'exponential', 'simple', 'sgm_uniform'] as const;

const toggle = (id: string, name: string, description: string): ParamSpec => ({
  id,
  name,
  type: 'boolean',
  default: 'false',
  description,
  group: 'swarminternal',
  advanced: true,
});

export const PARAMS: readonly ParamSpec[] = [
  { id: 'prompt', name: 'Prompt', type: 'text', default: '', description: 'What you want to see.', priority: -100 },
  {
    id: 'negativeprompt',
    name: 'Negative Prompt',
    type: 'text',
    default: '',
    description: 'What you do not want to see.',
    priority: -90,
  },
  {
    id: 'model',
    name: 'Model',
    type: 'model',
    subtype: 'Stable-Diffusion',
    default: '',
    description: 'The model to generate with.',
    priority: -80,
  },
  {
    id: 'images',
    name: 'Images',
    type: 'integer',
    default: '1',
    min: 1,
    max: 10_000,
    viewMax: 100,
    step: 1,
    description: 'How many images to generate at once.',
    group: 'coreparameters',
    priority: -50,
  },
  {
    id: 'seed',
    name: 'Seed',
    type: 'integer',
    default: '-1',
    min: -1,
    max: 4_294_967_295,
    step: 1,
    description: 'Image seed; -1 is random.',
    group: 'coreparameters',
    priority: -30,
  },
  {
    id: 'steps',
    name: 'Steps',
    type: 'integer',
    default: '20',
    min: 0,
    max: 500,
    viewMax: 100,
    step: 1,
    description: 'Diffusion steps.',
    group: 'coreparameters',
    priority: -20,
  },
  {
    id: 'cfgscale',
    name: 'CFG Scale',
    type: 'decimal',
    default: '7',
    min: 0,
    max: 100,
    viewMax: 20,
    step: 0.5,
    description: 'How strongly to follow the prompt.',
    group: 'coreparameters',
    priority: -18,
  },
  {
    id: 'sampler',
    name: 'Sampler',
    type: 'dropdown',
    default: 'euler',
    values: SAMPLERS,
    description: 'Sampler type.',
    group: 'sampling',
    toggleable: true,
  },
  {
    id: 'scheduler',
    name: 'Scheduler',
    type: 'dropdown',
    default: 'normal',
    values: SCHEDULERS,
    description: 'Scheduler type.',
    group: 'sampling',
    toggleable: true,
  },
  {
    id: 'aspectratio',
    name: 'Aspect Ratio',
    type: 'dropdown',
    default: '1:1',
    values: ['1:1', '4:3', '3:2', '16:9', '2:3', '3:4', '9:16', 'Custom'],
    description: 'Image aspect ratio.',
    group: 'resolution',
  },
  {
    id: 'width',
    name: 'Width',
    type: 'integer',
    default: '512',
    min: 64,
    max: 16_384,
    viewMax: 2048,
    step: 32,
    description: 'Image width in pixels.',
    group: 'resolution',
    priority: -11,
  },
  {
    id: 'height',
    name: 'Height',
    type: 'integer',
    default: '512',
    min: 64,
    max: 16_384,
    viewMax: 2048,
    step: 32,
    description: 'Image height in pixels.',
    group: 'resolution',
    priority: -10,
  },
  {
    id: 'batchsize',
    name: 'Batch Size',
    type: 'integer',
    default: '1',
    min: 1,
    max: 100,
    viewMax: 10,
    step: 1,
    description: 'Images per backend call.',
    group: 'swarminternal',
    advanced: true,
  },
  toggle('donotsave', 'Do Not Save', 'Images come back as data, nothing is kept.'),
  toggle('nopreviews', 'No Previews', 'No previews while generating.'),
  toggle('noseedincrement', 'No Seed Increment', 'All images of a request use one seed.'),
  toggle('continueaftererrors', 'Continue After Errors', 'Go on when an image fails.'),
  toggle('forwardrawbackenddata', 'Forward Raw Backend Data', 'Frames of the backend are passed on.'),
  toggle('forwardswarmdata', 'Forward Swarm Data', 'Data about the request is passed on.'),
  {
    id: 'exactbackendid',
    name: 'Exact Backend ID',
    type: 'text',
    default: '',
    description: 'Only this backend.',
    group: 'swarminternal',
    advanced: true,
    permission: 'param_backend_id',
    toggleable: true,
  },
  {
    id: 'internalbackendtype',
    name: 'Internal Backend Type',
    type: 'dropdown',
    default: 'Any',
    values: ['Any', 'comfyui_api', 'comfyui_selfstart', 'swarmswarmbackend'],
    description: 'Only backends of this type.',
    group: 'swarminternal',
    advanced: true,
    permission: 'param_backend_type',
    toggleable: true,
  },
  {
    id: 'comfyworkflowraw',
    name: 'Comfy Workflow Raw',
    type: 'text',
    default: '',
    description: 'A ComfyUI graph in API format.',
    group: 'comfyui',
    advanced: true,
    permission: 'comfy_dynamic_custom_workflows',
    toggleable: true,
  },
  {
    id: 'presets',
    name: 'Presets',
    type: 'list',
    default: '',
    description: 'Presets to apply.',
    group: 'swarminternal',
    advanced: true,
    toggleable: true,
  },
];
